-- Rows are numbered in the order in which they are written, so that a listener can go on where it was: the number of a row's
-- last change, 0 for rows that are not told of (they wait for their turn). A row that is written again gets a new number.
ALTER TABLE execution_logs ADD COLUMN change_no INTEGER NOT NULL DEFAULT 0;
CREATE INDEX idx_execution_logs_change ON execution_logs(change_no) WHERE change_no > 0;
-- The last number that was given, and the highest whose row retention has dropped.
INSERT INTO engine_state (name, value) VALUES ('execution_changes', 0), ('execution_changes_dropped', 0);
