ALTER TABLE script_versions DROP COLUMN restored_from;
ALTER TABLE script_versions DROP COLUMN until_seq;
ALTER TABLE script_versions DROP COLUMN from_seq;
