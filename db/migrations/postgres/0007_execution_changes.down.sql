DELETE FROM engine_state WHERE name IN ('execution_changes', 'execution_changes_dropped');
DROP INDEX idx_execution_logs_change;
ALTER TABLE execution_logs DROP COLUMN change_no;
