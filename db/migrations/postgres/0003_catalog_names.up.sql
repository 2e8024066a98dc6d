-- The reference document's index statistics and index health queries use names that PostgreSQL's catalogue does not have:
-- pg_stat_user_indexes calls its columns relname and indexrelname, and a join with pg_indexes would make tablename
-- ambiguous. These views have the names those queries use. They are found before pg_catalog by the store's own role in the
-- store's own database, and by nobody else: the search path is set only where that role has none of its own, and only where
-- not everybody may create functions in the schemas before pg_catalog.
CREATE SCHEMA rowhook_catalog;

CREATE VIEW rowhook_catalog.pg_stat_user_indexes AS
SELECT s.*, s.relname AS tablename, s.indexrelname AS indexname FROM pg_catalog.pg_stat_user_indexes s;

CREATE VIEW rowhook_catalog.pg_indexes AS
SELECT schemaname, indexname, tablespace, indexdef FROM pg_catalog.pg_indexes;

DO $$
DECLARE
    origin text := (SELECT source FROM pg_catalog.pg_settings WHERE name = 'search_path');
BEGIN
    IF origin IN ('default', 'configuration file') AND
       current_setting('search_path') !~ 'pg_catalog' AND
       NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'public' AND
                   has_schema_privilege('public', oid, 'CREATE')) THEN
        EXECUTE format('ALTER ROLE %I IN DATABASE %I SET search_path = %s, rowhook_catalog, pg_catalog',
                       session_user, current_database(), current_setting('search_path'));
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    NULL;  -- the store works without it
END $$;
