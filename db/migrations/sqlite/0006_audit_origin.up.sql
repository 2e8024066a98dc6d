-- Who, what and when were there; from where, and with which token (names may be given twice).
ALTER TABLE audit_log ADD COLUMN token_id TEXT NOT NULL DEFAULT '';
ALTER TABLE audit_log ADD COLUMN address TEXT NOT NULL DEFAULT '';
CREATE INDEX idx_audit_log_at ON audit_log(at);
