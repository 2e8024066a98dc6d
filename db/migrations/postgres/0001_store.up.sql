-- The store: workflows, triggers, scripts, executions, access.

CREATE TABLE workflows (
    id VARCHAR(255) PRIMARY KEY,
    name VARCHAR(255) NOT NULL DEFAULT '',
    description TEXT NOT NULL DEFAULT '',
    definition JSON NOT NULL DEFAULT '{"nodes": [], "connections": []}',  -- as its author wrote it; the columns here win
    revision BIGINT NOT NULL DEFAULT 1,
    is_active BOOLEAN NOT NULL DEFAULT true,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT chk_workflow_id_given CHECK (length(trim(id)) > 0),
    CONSTRAINT chk_workflow_revision CHECK (revision > 0),
    CONSTRAINT chk_workflow_definition_is_object CHECK (json_typeof(definition) = 'object')
);
CREATE INDEX idx_workflows_newest ON workflows(created_at, id);

CREATE TABLE workflow_triggers (
    id SERIAL PRIMARY KEY,
    name VARCHAR(255) NOT NULL,
    description TEXT,
    workflow_id VARCHAR(255) NOT NULL,
    source VARCHAR(255) NOT NULL,
    event_type VARCHAR(255) NOT NULL,
    target_node_id VARCHAR(255),
    config JSONB DEFAULT '{}',
    is_active BOOLEAN DEFAULT true,
    created_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP WITH TIME ZONE DEFAULT CURRENT_TIMESTAMP
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
CREATE INDEX idx_trigger_lookup_covering ON workflow_triggers(workflow_id, source, event_type)
    INCLUDE (target_node_id, config) WHERE is_active = true;
CREATE INDEX idx_trigger_config_gin ON workflow_triggers USING GIN (config);

ALTER TABLE workflow_triggers
    ADD CONSTRAINT fk_workflow_triggers_workflow_id FOREIGN KEY (workflow_id) REFERENCES workflows(id) ON DELETE CASCADE,
    ADD CONSTRAINT chk_trigger_name_not_empty CHECK (length(trim(name)) > 0),
    ADD CONSTRAINT chk_workflow_id_not_empty CHECK (length(trim(workflow_id)) > 0),
    ADD CONSTRAINT chk_source_not_empty CHECK (length(trim(source)) > 0),
    ADD CONSTRAINT chk_event_type_not_empty CHECK (length(trim(event_type)) > 0),
    ADD CONSTRAINT chk_trigger_name_valid CHECK (length(trim(name)) BETWEEN 3 AND 255),
    ADD CONSTRAINT chk_config_is_object CHECK (jsonb_typeof(config) = 'object'),
    ADD CONSTRAINT chk_event_type_format CHECK (event_type ~ '^[a-z][a-z0-9_]*$'),
    ADD CONSTRAINT chk_source_format CHECK (source ~ '^[a-z][a-z0-9-]*[a-z0-9]$');

-- Which version of a trigger was in force for which events: seq in [from_seq, until_seq). Outlives the trigger.
CREATE TABLE workflow_trigger_revisions (
    trigger_id INTEGER NOT NULL,
    revision BIGINT NOT NULL,
    from_seq BIGINT NOT NULL,
    until_seq BIGINT,  -- NULL: in force
    definition JSON NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (trigger_id, revision),
    CONSTRAINT chk_trigger_revision_range CHECK (revision > 0 AND from_seq >= 0 AND until_seq >= from_seq)
);
CREATE UNIQUE INDEX idx_trigger_revisions_in_force ON workflow_trigger_revisions(trigger_id) WHERE until_seq IS NULL;
CREATE INDEX idx_trigger_revisions_until ON workflow_trigger_revisions(until_seq);

CREATE TABLE scripts (
    name VARCHAR(255) PRIMARY KEY,
    text TEXT NOT NULL,
    revision BIGINT NOT NULL DEFAULT 1,
    updated_by TEXT NOT NULL DEFAULT '',
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT chk_script_name_given CHECK (length(trim(name)) > 0),
    CONSTRAINT chk_script_revision CHECK (revision > 0)
);
CREATE INDEX idx_scripts_newest ON scripts(created_at, name);

-- Every text a script ever had. Outlives the script.
CREATE TABLE script_versions (
    name VARCHAR(255) NOT NULL,
    revision BIGINT NOT NULL,
    text TEXT NOT NULL,
    updated_by TEXT NOT NULL DEFAULT '',
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (name, revision)
);

-- One row per execution, written when it ends or is parked:
--
--     running ---> completed
--        |    ---> dead_letter ---> discarded
--        |             |
--        |  <----------'  (retried by hand)
--        |    ---> retrying | pending (parked) ---> running, cancelled
--        '    ---> cancelled
--
-- Tens of thousands of rows a second arrive here: every further index costs.
CREATE TABLE execution_logs (
    id TEXT COLLATE "C" PRIMARY KEY,
    trigger_id BIGINT NOT NULL,
    trigger_revision BIGINT NOT NULL DEFAULT 1,
    workflow_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    source TEXT NOT NULL,
    event_type TEXT NOT NULL,
    table_name TEXT NOT NULL DEFAULT '',
    record_key TEXT NOT NULL DEFAULT '',
    target_node_id TEXT NOT NULL DEFAULT '',
    status TEXT NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 0,
    error_message TEXT NOT NULL DEFAULT '',
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE,
    finished_at TIMESTAMP WITH TIME ZONE,
    next_attempt_at TIMESTAMP WITH TIME ZONE,
    execution_time_ms DOUBLE PRECISION NOT NULL DEFAULT 0,
    steps JSON NOT NULL DEFAULT '[]',
    edited_input TEXT,
    CONSTRAINT chk_execution_status CHECK (status IN
        ('pending', 'running', 'retrying', 'completed', 'dead_letter', 'cancelled', 'discarded')),
    CONSTRAINT chk_execution_attempt CHECK (attempt >= 0),
    CONSTRAINT chk_execution_finished CHECK
        ((status IN ('completed', 'dead_letter', 'cancelled', 'discarded')) = (finished_at IS NOT NULL)),
    CONSTRAINT chk_execution_next_attempt CHECK ((status IN ('pending', 'retrying')) = (next_attempt_at IS NOT NULL)),
    CONSTRAINT chk_execution_steps_is_array CHECK (json_typeof(steps) = 'array')
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

-- One row per step. PostgreSQL cannot unescape \u0000, which rows of other databases may hold.
CREATE VIEW execution_steps AS
SELECT e.id AS execution_id,
       s.ordinality - 1 AS step,
       s.value->>'n' AS node_id,
       s.value->>'t' AS node_type,
       s.value->>'s' AS status,
       COALESCE(s.value->>'e', '') AS error_message,
       (s.value->>'ms')::double precision AS execution_time_ms,
       s.value->'o' AS outputs
FROM execution_logs e
CROSS JOIN LATERAL json_array_elements(replace(e.steps::text, '\u0000', '\ufffd')::json) WITH ORDINALITY s;

CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    last_used_at TIMESTAMP WITH TIME ZONE,
    revoked_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT chk_token_role CHECK (role IN ('viewer', 'operator', 'author', 'admin')),
    CONSTRAINT chk_token_hash CHECK (hash ~ '^[0-9a-f]{64}$')
);

CREATE TABLE idempotency_keys (
    key TEXT NOT NULL,
    who TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    status INTEGER NOT NULL,
    content_type TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL,
    PRIMARY KEY (key, who)
);
CREATE INDEX idx_idempotency_keys_age ON idempotency_keys(created_at);

CREATE TABLE audit_log (
    id BIGSERIAL PRIMARY KEY,
    at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT CURRENT_TIMESTAMP,
    who TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL DEFAULT '',
    detail TEXT NOT NULL DEFAULT ''
);

CREATE TABLE engine_state (
    name TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO engine_state (name, value) VALUES ('low_water', 0);

-- A row per statement that changed what routing depends on, whoever ran it; only the newest are kept. Rows instead of a
-- counter: writers do not wait for each other's transactions.
CREATE TABLE store_changes (id BIGSERIAL PRIMARY KEY);

CREATE FUNCTION rowhook_note_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    EXECUTE format('INSERT INTO %I.store_changes DEFAULT VALUES', TG_TABLE_SCHEMA);
    RETURN NULL;
END $$;

CREATE TRIGGER rowhook_note_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON workflow_triggers
    FOR EACH STATEMENT EXECUTE FUNCTION rowhook_note_change();
CREATE TRIGGER rowhook_note_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON workflows
    FOR EACH STATEMENT EXECUTE FUNCTION rowhook_note_change();
CREATE TRIGGER rowhook_note_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON scripts
    FOR EACH STATEMENT EXECUTE FUNCTION rowhook_note_change();

CREATE VIEW trigger_metrics AS
SELECT
    DATE_TRUNC('hour', created_at) as hour,
    source,
    event_type,
    COUNT(*) as trigger_count,
    COUNT(CASE WHEN is_active THEN 1 END) as active_count,
    AVG(CASE WHEN target_node_id IS NOT NULL THEN 1 ELSE 0 END) as node_targeting_ratio
FROM workflow_triggers
GROUP BY DATE_TRUNC('hour', created_at), source, event_type;

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
