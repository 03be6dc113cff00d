-- Foreign tables of edges. Runs on the central PostgreSQL as a Flyway migration, and by hand with psql on any other
-- PostgreSQL 15 to 18; there it makes the schema quicksilver itself.

CREATE SCHEMA IF NOT EXISTS quicksilver;

-- The edge declares values with these domains. postgres_fdw ships no condition on a column whose type is a domain, so
-- what is asked of values is always evaluated here, by PostgreSQL itself.
DO $$
BEGIN
    IF to_regtype('quicksilver.value_text') IS NULL THEN
        CREATE DOMAIN quicksilver.value_text AS text;
    END IF;
    IF to_regtype('quicksilver.value_bytea') IS NULL THEN
        CREATE DOMAIN quicksilver.value_bytea AS bytea;
    END IF;
    IF to_regtype('quicksilver.value_jsonb') IS NULL THEN
        CREATE DOMAIN quicksilver.value_jsonb AS jsonb;
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION quicksilver.detach_edge(name text)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    note text := obj_description(to_regnamespace(quote_ident(detach_edge.name)), 'pg_namespace');
BEGIN
    IF to_regnamespace(quote_ident(detach_edge.name)) IS NOT NULL
            AND (note IS NULL OR note NOT LIKE 'Quicksilver edge %') THEN
        RAISE EXCEPTION 'schema "%" does not belong to an edge', detach_edge.name
            USING ERRCODE = 'duplicate_schema',
                  HINT = 'Choose another name for the edge: its foreign tables get a schema of that name.';
    END IF;
    EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', detach_edge.name);
    EXECUTE format('DROP SERVER IF EXISTS %I CASCADE', detach_edge.name);
END
$$;

COMMENT ON FUNCTION quicksilver.detach_edge(text) IS
    'Drops an edge''s schema, its foreign tables and what depends on them, its server and user mappings.';

CREATE OR REPLACE FUNCTION quicksilver.attach_edge(
    name text,
    host text,
    port integer,
    "user" text DEFAULT 'quicksilver',
    password text DEFAULT NULL,
    fetch_size integer DEFAULT 1000,
    use_remote_estimate boolean DEFAULT true)
RETURNS TABLE (foreign_table text)
LANGUAGE plpgsql
AS $$
BEGIN
    IF attach_edge.name !~ '^[a-z][a-z0-9_]{0,47}$' OR attach_edge.name IN ('public', 'quicksilver') THEN
        RAISE EXCEPTION '"%" cannot be the name of an edge', attach_edge.name
            USING ERRCODE = 'invalid_name',
                  HINT = 'Use 1 to 48 of a-z, 0-9 and _, beginning with a letter, and neither public nor quicksilver.';
    END IF;
    CREATE EXTENSION IF NOT EXISTS postgres_fdw;
    SET LOCAL client_min_messages = warning;
    PERFORM quicksilver.detach_edge(attach_edge.name);
    EXECUTE format(
        'CREATE SERVER %I FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host %L, port %L, dbname %L, fetch_size %L,'
            ' use_remote_estimate %L, async_capable %L, updatable %L, truncatable %L)',
        attach_edge.name, attach_edge.host, attach_edge.port::text, 'quicksilver', attach_edge.fetch_size::text,
        attach_edge.use_remote_estimate::text, 'true', 'false', 'false');
    IF attach_edge.password IS NULL THEN
        EXECUTE format('CREATE USER MAPPING FOR PUBLIC SERVER %I OPTIONS (user %L)',
            attach_edge.name, attach_edge."user");
    ELSE
        EXECUTE format('CREATE USER MAPPING FOR PUBLIC SERVER %I OPTIONS (user %L, password %L)',
            attach_edge.name, attach_edge."user", attach_edge.password);
    END IF;
    EXECUTE format('CREATE SCHEMA %I', attach_edge.name);
    EXECUTE format('COMMENT ON SCHEMA %I IS %L', attach_edge.name,
        format('Quicksilver edge at %s:%s', attach_edge.host, attach_edge.port));
    EXECUTE format('IMPORT FOREIGN SCHEMA public FROM SERVER %I INTO %I', attach_edge.name, attach_edge.name);
    RETURN QUERY
        SELECT format('%I.%I', t.foreign_table_schema, t.foreign_table_name)
        FROM information_schema.foreign_tables t
        WHERE t.foreign_table_schema = attach_edge.name
        ORDER BY 1;
END
$$;

COMMENT ON FUNCTION quicksilver.attach_edge(text, text, integer, text, text, integer, boolean) IS
    'Makes the databases of an edge''s bridge foreign tables in a schema of the edge''s name; attaching again imports anew.';
