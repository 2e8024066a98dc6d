DROP VIEW node_targeting_stats;
DROP VIEW trigger_metrics;
DROP VIEW execution_steps;
DROP TABLE audit_log, engine_state, idempotency_keys, tokens, execution_logs, script_versions, scripts,
    workflow_trigger_revisions, workflow_triggers, workflows, store_changes;
DROP FUNCTION rowhook_note_change();
