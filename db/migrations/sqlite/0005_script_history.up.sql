-- Which text of a script was in force for which journal seqs, and what a version restored: so that the verdict of an old
-- event is computed with the scripts of its time. Of versions saved before, only the one in force has a range.
ALTER TABLE script_versions ADD COLUMN from_seq INTEGER NOT NULL DEFAULT 0;
ALTER TABLE script_versions ADD COLUMN until_seq INTEGER;  -- exclusive; NULL: in force
ALTER TABLE script_versions ADD COLUMN restored_from INTEGER;  -- the revision whose text a roll-back brought back

UPDATE script_versions SET until_seq = 0 WHERE NOT EXISTS
    (SELECT 1 FROM scripts s WHERE s.name = script_versions.name AND s.revision = script_versions.revision);
