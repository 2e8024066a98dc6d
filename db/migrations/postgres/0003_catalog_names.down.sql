DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_db_role_setting
               WHERE setdatabase = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()) AND
                     setrole = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = session_user) AND
                     array_to_string(setconfig, chr(10)) ~ 'search_path=[^\n]*rowhook_catalog') THEN
        EXECUTE format('ALTER ROLE %I IN DATABASE %I RESET search_path', session_user, current_database());
    END IF;
END $$;
DROP SCHEMA rowhook_catalog CASCADE;
