-- The store: workflows, triggers, scripts, executions, access. The same as the PostgreSQL one, with its constraints under the
-- same names; times are microseconds since 1970-01-01 UTC.

CREATE TABLE workflows (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL DEFAULT '',
    description TEXT NOT NULL DEFAULT '',
    definition TEXT NOT NULL DEFAULT '{"nodes": [], "connections": []}',  -- as its author wrote it; the columns here win
    revision INTEGER NOT NULL DEFAULT 1,
    is_active BOOLEAN NOT NULL DEFAULT true,
    created_at INTEGER NOT NULL DEFAULT (CAST(ROUND((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    updated_at INTEGER NOT NULL DEFAULT (CAST(ROUND((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    CONSTRAINT chk_workflow_id_given CHECK (length(trim(id)) > 0),
    CONSTRAINT chk_workflow_id_length CHECK (typeof(id) = 'text' AND length(id) <= 255 AND instr(id, char(0)) = 0),
    CONSTRAINT chk_workflow_name_length CHECK (typeof(name) = 'text' AND length(name) <= 255),
    CONSTRAINT chk_workflow_revision CHECK (revision > 0),
    CONSTRAINT chk_workflow_is_active_boolean CHECK (is_active IN (0, 1)),
    CONSTRAINT chk_workflow_definition_is_object CHECK
        (CASE WHEN json_valid(definition) THEN json_type(definition) = 'object' ELSE 0 END)
);
CREATE INDEX idx_workflows_newest ON workflows(created_at, id);

CREATE TABLE workflow_triggers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    description TEXT,
    workflow_id TEXT NOT NULL,
    source TEXT NOT NULL,
    event_type TEXT NOT NULL,
    target_node_id TEXT,
    config TEXT DEFAULT '{}',
    is_active BOOLEAN DEFAULT true,
    created_at INTEGER DEFAULT (CAST(ROUND((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    updated_at INTEGER DEFAULT (CAST(ROUND((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    CONSTRAINT fk_workflow_triggers_workflow_id FOREIGN KEY (workflow_id) REFERENCES workflows(id) ON DELETE CASCADE,
    CONSTRAINT chk_trigger_name_not_empty CHECK (length(trim(name)) > 0),
    CONSTRAINT chk_workflow_id_not_empty CHECK (length(trim(workflow_id)) > 0),
    CONSTRAINT chk_source_not_empty CHECK (length(trim(source)) > 0),
    CONSTRAINT chk_event_type_not_empty CHECK (length(trim(event_type)) > 0),
    CONSTRAINT chk_trigger_name_valid CHECK (length(trim(name)) BETWEEN 3 AND 255),
    CONSTRAINT chk_config_is_object CHECK (CASE WHEN json_valid(config) THEN json_type(config) = 'object' ELSE config IS NULL END),
    -- ^[a-z][a-z0-9_]*$
    CONSTRAINT chk_event_type_format CHECK (event_type GLOB '[a-z]*' AND event_type NOT GLOB '*[^a-z0-9_]*'),
    -- ^[a-z][a-z0-9-]*[a-z0-9]$
    CONSTRAINT chk_source_format CHECK (source GLOB '[a-z]*[a-z0-9]' AND source NOT GLOB '*[^a-z0-9-]*'),
    -- VARCHAR(255) and what else a column's type says in PostgreSQL.
    CONSTRAINT chk_trigger_name_length CHECK (typeof(name) = 'text' AND length(name) <= 255 AND instr(name, char(0)) = 0),
    CONSTRAINT chk_workflow_id_length CHECK
        (typeof(workflow_id) = 'text' AND length(workflow_id) <= 255 AND instr(workflow_id, char(0)) = 0),
    CONSTRAINT chk_source_length CHECK (typeof(source) = 'text' AND length(source) <= 255 AND instr(source, char(0)) = 0),
    CONSTRAINT chk_event_type_length CHECK
        (typeof(event_type) = 'text' AND length(event_type) <= 255 AND instr(event_type, char(0)) = 0),
    CONSTRAINT chk_target_node_id_length CHECK (target_node_id IS NULL OR
        (typeof(target_node_id) = 'text' AND length(target_node_id) <= 255 AND instr(target_node_id, char(0)) = 0)),
    CONSTRAINT chk_trigger_is_active_boolean CHECK (is_active IN (0, 1))
);

CREATE INDEX idx_workflow_triggers_workflow_id ON workflow_triggers(workflow_id);
CREATE INDEX idx_workflow_triggers_source ON workflow_triggers(source);
CREATE INDEX idx_workflow_triggers_event_type ON workflow_triggers(event_type);
CREATE INDEX idx_workflow_triggers_target_node ON workflow_triggers(target_node_id);
CREATE INDEX idx_workflow_triggers_active ON workflow_triggers(is_active) WHERE is_active = true;
CREATE INDEX idx_workflow_triggers_composite ON workflow_triggers(workflow_id, target_node_id) WHERE is_active = true;
CREATE INDEX idx_workflow_triggers_event_lookup ON workflow_triggers(source, event_type) WHERE is_active = true;
CREATE INDEX idx_active_triggers_workflow ON workflow_triggers(workflow_id) WHERE is_active = true;
CREATE INDEX idx_active_triggers_event ON workflow_triggers(source, event_type) WHERE is_active = true;

-- Which version of a trigger was in force for which events: seq in [from_seq, until_seq). Outlives the trigger.
CREATE TABLE workflow_trigger_revisions (
    trigger_id INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    from_seq INTEGER NOT NULL,
    until_seq INTEGER,  -- NULL: in force
    definition TEXT NOT NULL,
    created_at INTEGER NOT NULL DEFAULT (CAST(ROUND((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    PRIMARY KEY (trigger_id, revision),
    CONSTRAINT chk_trigger_revision_range CHECK (revision > 0 AND from_seq >= 0 AND until_seq >= from_seq)
);
CREATE UNIQUE INDEX idx_trigger_revisions_in_force ON workflow_trigger_revisions(trigger_id) WHERE until_seq IS NULL;
CREATE INDEX idx_trigger_revisions_until ON workflow_trigger_revisions(until_seq);

CREATE TABLE scripts (
    name TEXT PRIMARY KEY NOT NULL,
    text TEXT NOT NULL,
    revision INTEGER NOT NULL DEFAULT 1,
    updated_by TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL DEFAULT (CAST(ROUND((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    updated_at INTEGER NOT NULL DEFAULT (CAST(ROUND((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    CONSTRAINT chk_script_name_given CHECK (length(trim(name)) > 0),
    CONSTRAINT chk_script_name_length CHECK (typeof(name) = 'text' AND length(name) <= 255 AND instr(name, char(0)) = 0),
    CONSTRAINT chk_script_revision CHECK (revision > 0)
);
CREATE INDEX idx_scripts_newest ON scripts(created_at, name);

-- Every text a script ever had. Outlives the script.
CREATE TABLE script_versions (
    name TEXT NOT NULL,
    revision INTEGER NOT NULL,
    text TEXT NOT NULL,
    updated_by TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL DEFAULT (CAST(ROUND((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    PRIMARY KEY (name, revision)
);

-- One row per execution, written when it ends or is parked; the state machine is drawn in the PostgreSQL migration.
-- Tens of thousands of rows a second arrive here: every further index costs.
CREATE TABLE execution_logs (
    id TEXT PRIMARY KEY NOT NULL,
    trigger_id INTEGER NOT NULL,
    trigger_revision INTEGER NOT NULL DEFAULT 1,
    workflow_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    source TEXT NOT NULL,
    event_type TEXT NOT NULL,
    table_name TEXT NOT NULL DEFAULT '',
    record_key TEXT NOT NULL DEFAULT '',
    target_node_id TEXT NOT NULL DEFAULT '',
    status TEXT NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 0,
    error_message TEXT NOT NULL DEFAULT '',
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    finished_at INTEGER,
    next_attempt_at INTEGER,
    execution_time_ms REAL NOT NULL DEFAULT 0,
    steps TEXT NOT NULL DEFAULT '[]',
    edited_input TEXT,
    CONSTRAINT chk_execution_status CHECK (status IN
        ('pending', 'running', 'retrying', 'completed', 'dead_letter', 'cancelled', 'discarded')),
    CONSTRAINT chk_execution_attempt CHECK (attempt >= 0),
    CONSTRAINT chk_execution_finished CHECK
        ((status IN ('completed', 'dead_letter', 'cancelled', 'discarded')) = (finished_at IS NOT NULL)),
    CONSTRAINT chk_execution_next_attempt CHECK ((status IN ('pending', 'retrying')) = (next_attempt_at IS NOT NULL)),
    -- Parsing it here, as PostgreSQL's type does, would take a tenth of the writer's time; the view below looks.
    CONSTRAINT chk_execution_steps_is_array CHECK (substr(steps, 1, 1) = '[')
);
CREATE INDEX idx_execution_logs_newest ON execution_logs(created_at, seq, id);
CREATE INDEX idx_execution_logs_trigger ON execution_logs(trigger_id, created_at);
CREATE INDEX idx_execution_logs_seq ON execution_logs(seq);
CREATE INDEX idx_execution_logs_due ON execution_logs(next_attempt_at, seq) WHERE status IN ('pending', 'retrying');
CREATE INDEX idx_execution_logs_parked ON execution_logs(seq) WHERE status IN ('pending', 'retrying');
CREATE INDEX idx_execution_logs_parked_trigger ON execution_logs(trigger_id, seq) WHERE status IN ('pending', 'retrying');
CREATE INDEX idx_execution_logs_parked_lane ON execution_logs(trigger_id, table_name, record_key, seq)
    WHERE status IN ('pending', 'retrying');
CREATE INDEX idx_execution_logs_dead ON execution_logs(created_at, seq, id) WHERE status = 'dead_letter';

-- One row per step.
CREATE VIEW execution_steps AS
SELECT e.id AS execution_id,
       s.key AS step,
       json_extract(s.value, '$.n') AS node_id,
       json_extract(s.value, '$.t') AS node_type,
       json_extract(s.value, '$.s') AS status,
       COALESCE(json_extract(s.value, '$.e'), '') AS error_message,
       json_extract(s.value, '$.ms') AS execution_time_ms,
       s.value -> '$.o' AS outputs
FROM execution_logs e, json_each(CASE WHEN json_valid(e.steps) THEN e.steps ELSE '[]' END) s;

CREATE TABLE tokens (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL DEFAULT (CAST(ROUND((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    last_used_at INTEGER,
    revoked_at INTEGER,
    CONSTRAINT chk_token_role CHECK (role IN ('viewer', 'operator', 'author', 'admin')),
    CONSTRAINT chk_token_hash CHECK (length(hash) = 64 AND hash NOT GLOB '*[^0-9a-f]*')
);

CREATE TABLE idempotency_keys (
    key TEXT NOT NULL,
    who TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    status INTEGER NOT NULL,
    content_type TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (key, who)
);
CREATE INDEX idx_idempotency_keys_age ON idempotency_keys(created_at);

CREATE TABLE audit_log (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL DEFAULT (CAST(ROUND((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000),
    who TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL DEFAULT '',
    detail TEXT NOT NULL DEFAULT ''
);

CREATE TABLE engine_state (
    name TEXT PRIMARY KEY NOT NULL,
    value INTEGER NOT NULL
);
INSERT INTO engine_state (name, value) VALUES ('low_water', 0);

-- A row per change of what routing depends on, whoever made it; only the newest are kept.
CREATE TABLE store_changes (id INTEGER PRIMARY KEY AUTOINCREMENT);

CREATE TRIGGER rowhook_note_trigger_insert AFTER INSERT ON workflow_triggers BEGIN INSERT INTO store_changes (id) VALUES (NULL); END;
CREATE TRIGGER rowhook_note_trigger_update AFTER UPDATE ON workflow_triggers BEGIN INSERT INTO store_changes (id) VALUES (NULL); END;
CREATE TRIGGER rowhook_note_trigger_delete AFTER DELETE ON workflow_triggers BEGIN INSERT INTO store_changes (id) VALUES (NULL); END;
CREATE TRIGGER rowhook_note_workflow_insert AFTER INSERT ON workflows BEGIN INSERT INTO store_changes (id) VALUES (NULL); END;
CREATE TRIGGER rowhook_note_workflow_update AFTER UPDATE ON workflows BEGIN INSERT INTO store_changes (id) VALUES (NULL); END;
CREATE TRIGGER rowhook_note_workflow_delete AFTER DELETE ON workflows BEGIN INSERT INTO store_changes (id) VALUES (NULL); END;
CREATE TRIGGER rowhook_note_script_insert AFTER INSERT ON scripts BEGIN INSERT INTO store_changes (id) VALUES (NULL); END;
CREATE TRIGGER rowhook_note_script_update AFTER UPDATE ON scripts BEGIN INSERT INTO store_changes (id) VALUES (NULL); END;
CREATE TRIGGER rowhook_note_script_delete AFTER DELETE ON scripts BEGIN INSERT INTO store_changes (id) VALUES (NULL); END;

CREATE VIEW trigger_metrics AS
SELECT
    hour,
    source,
    event_type,
    COUNT(*) as trigger_count,
    COUNT(CASE WHEN is_active THEN 1 END) as active_count,
    AVG(CASE WHEN target_node_id IS NOT NULL THEN 1 ELSE 0 END) as node_targeting_ratio
FROM (SELECT *, (CASE typeof(created_at) WHEN 'text' THEN unixepoch(created_at) * 1000000 ELSE created_at END)
                / 3600000000 * 3600000000 AS hour
      FROM workflow_triggers)
GROUP BY hour, source, event_type;

CREATE VIEW node_targeting_stats AS
SELECT
    CASE
        WHEN target_node_id IS NOT NULL THEN 'targeted'
        ELSE 'auto_detected'
    END as routing_type,
    COUNT(*) as count,
    ROUND(COUNT(*) * 100.0 / SUM(COUNT(*)) OVER (), 2) as percentage
FROM workflow_triggers
WHERE is_active = true
GROUP BY (target_node_id IS NOT NULL);
