DROP INDEX idx_audit_log_at;
ALTER TABLE audit_log DROP COLUMN address;
ALTER TABLE audit_log DROP COLUMN token_id;
