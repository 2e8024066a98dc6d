-- What scripts keep with kv. Written in the transaction of the execution row it belongs to.
CREATE TABLE script_state (
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    CONSTRAINT chk_script_state_key_length CHECK (length(key) <= 200),
    CONSTRAINT chk_script_state_value_length CHECK (length(value) <= 8192),
    PRIMARY KEY (scope, key)
);

-- Executions without a row (their filter said no) whose scripts changed their state: not to be run again after a crash. Kept
-- until the low-water mark has passed them.
CREATE TABLE script_state_done (
    seq BIGINT NOT NULL,
    trigger_id BIGINT NOT NULL,
    PRIMARY KEY (seq, trigger_id)
);
