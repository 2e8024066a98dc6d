-- The journal: every captured event, with the position of its source written in the same transaction.
-- docs/journal.md describes the form of `body` and what may be done to these tables by hand (reading).

-- Partitions of journal_events, in order: [first_seq, end_seq). Retention drops whole ones.
CREATE TABLE journal_partitions (
    first_seq BIGINT PRIMARY KEY,
    end_seq BIGINT NOT NULL,
    sealed BOOLEAN NOT NULL DEFAULT false,   -- full, and indexed for look-ups
    newest BIGINT NOT NULL DEFAULT 0,        -- latest captured_at, microseconds; of sealed ones
    CONSTRAINT chk_journal_partition_range CHECK (first_seq > 0 AND end_seq > first_seq)
);

CREATE TABLE journal_events (
    seq BIGINT NOT NULL,
    shape_id BIGINT NOT NULL,
    event_type TEXT NOT NULL,
    event_time BIGINT NOT NULL,              -- `timestamp`, microseconds since 1970
    captured_at BIGINT NOT NULL,             -- likewise
    id_hash BIGINT NOT NULL,                 -- of event_id
    key_hash BIGINT NOT NULL,                -- of record_id, 0 = none
    posted BOOLEAN NOT NULL,                 -- came by POST /events, not by capture
    body BYTEA NOT NULL,
    PRIMARY KEY (seq)
) PARTITION BY RANGE (seq);
-- Captured rows cost nothing here; the other look-ups are indexed when a partition is sealed.
CREATE INDEX idx_journal_events_posted ON journal_events (id_hash) WHERE posted;

-- Table versions that events refer to; kept as long as the partition that needs them.
CREATE TABLE journal_shapes (
    id BIGINT NOT NULL,
    partition_seq BIGINT NOT NULL REFERENCES journal_partitions (first_seq) ON DELETE CASCADE,
    packed TEXT NOT NULL,
    PRIMARY KEY (id, partition_seq)
);
CREATE INDEX idx_journal_shapes_partition ON journal_shapes (partition_seq);

CREATE TABLE journal_positions (
    source TEXT PRIMARY KEY,
    position BYTEA NOT NULL,                 -- up to here everything is journaled; empty: never started
    last_order BYTEA NOT NULL,               -- of the last journaled event: a redelivery up to here is ignored
    last_ordinal BIGINT NOT NULL,
    state BYTEA NOT NULL                     -- what the capture method needs to recognise its database
);

CREATE TABLE journal_gaps (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source TEXT NOT NULL,
    from_position TEXT NOT NULL,
    to_position TEXT NOT NULL,
    reason TEXT NOT NULL,
    remedy TEXT NOT NULL,
    at BIGINT NOT NULL                       -- microseconds since 1970
);
