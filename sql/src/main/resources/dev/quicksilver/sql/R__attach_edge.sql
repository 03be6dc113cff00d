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

-- Options as CREATE SERVER wants them; those that are NULL are left out.
CREATE OR REPLACE FUNCTION quicksilver.foreign_options(options text[][])
RETURNS text
LANGUAGE sql
IMMUTABLE
AS $$
    SELECT string_agg(format('%I %L', options[i][1], options[i][2]), ', ' ORDER BY i)
    FROM generate_subscripts(options, 1) AS i
    WHERE options[i][2] IS NOT NULL
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

-- One with fewer arguments would make calls ambiguous.
DROP FUNCTION IF EXISTS quicksilver.attach_edge(text, text, integer, text, text, integer, boolean);

CREATE OR REPLACE FUNCTION quicksilver.attach_edge(
    name text,
    host text,
    port integer DEFAULT 7432,
    "user" text DEFAULT 'quicksilver',
    password text DEFAULT NULL,
    fetch_size integer DEFAULT 1000,
    use_remote_estimate boolean DEFAULT true,
    sslmode text DEFAULT NULL,
    sslrootcert text DEFAULT NULL,
    sslcert text DEFAULT NULL,
    sslkey text DEFAULT NULL,
    connect_timeout integer DEFAULT 10,
    max_lag text DEFAULT NULL)
RETURNS TABLE (foreign_table text)
LANGUAGE plpgsql
AS $$
DECLARE
    local boolean := attach_edge.host ~ '^(127(\.\d{1,3}){3}|::1|localhost|/[^,]*)$';
    given text[][] := ARRAY[
        ['host', attach_edge.host],
        ['port', attach_edge.port::text],
        ['dbname', 'quicksilver'],
        ['fetch_size', attach_edge.fetch_size::text],
        ['use_remote_estimate', attach_edge.use_remote_estimate::text],
        ['connect_timeout', attach_edge.connect_timeout::text],
        ['options', '-c quicksilver.max_lag=' || replace(attach_edge.max_lag, ' ', '')],
        ['async_capable', 'true'],
        ['updatable', 'false'],
        ['truncatable', 'false'],
        -- By itself libpq would go on in plain text with whoever says that it knows no TLS.
        ['sslmode', coalesce(attach_edge.sslmode,
            CASE WHEN attach_edge.sslrootcert IS NOT NULL THEN 'verify-full'
                 WHEN NOT local THEN 'require' END)],
        ['sslrootcert', attach_edge.sslrootcert]];
    mapped text[][] := ARRAY[
        ['user', attach_edge."user"],
        ['password', attach_edge.password],
        ['sslcert', attach_edge.sslcert],
        ['sslkey', attach_edge.sslkey],
        -- A certificate is enough; PostgreSQL lets superusers alone say so.
        ['password_required',
            CASE WHEN attach_edge.sslcert IS NOT NULL AND attach_edge.password IS NULL THEN 'false' END]];
BEGIN
    IF attach_edge.name !~ '^[a-z][a-z0-9_]{0,47}$' OR attach_edge.name IN ('public', 'quicksilver') THEN
        RAISE EXCEPTION '"%" cannot be the name of an edge', attach_edge.name
            USING ERRCODE = 'invalid_name',
                  HINT = 'Use 1 to 48 of a-z, 0-9 and _, beginning with a letter, and neither public nor quicksilver.';
    END IF;
    IF attach_edge.max_lag !~ '^\d{1,9} *(ms|s|min|h|d)?$' THEN
        RAISE EXCEPTION '"%" is no time for max_lag', attach_edge.max_lag
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Use a number with ms, s, min, h or d, as in 5s.';
    END IF;
    CREATE EXTENSION IF NOT EXISTS postgres_fdw;
    SET LOCAL client_min_messages = warning;
    PERFORM quicksilver.detach_edge(attach_edge.name);
    EXECUTE format('CREATE SERVER %I FOREIGN DATA WRAPPER postgres_fdw OPTIONS (%s)',
        attach_edge.name, quicksilver.foreign_options(given));
    EXECUTE format('CREATE USER MAPPING FOR PUBLIC SERVER %I OPTIONS (%s)',
        attach_edge.name, quicksilver.foreign_options(mapped));
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

COMMENT ON FUNCTION quicksilver.attach_edge(text, text, integer, text, text, integer, boolean, text, text, text, text, integer, text) IS
    'Makes the databases of an edge''s bridge foreign tables in a schema of the edge''s name; attaching again imports anew.';

CREATE OR REPLACE FUNCTION quicksilver.attach_edges(edges jsonb)
RETURNS TABLE (edge text, foreign_table text, problem text)
LANGUAGE plpgsql
AS $$
DECLARE
    one jsonb;
    unknown text;
BEGIN
    IF jsonb_typeof(edges) IS DISTINCT FROM 'array' THEN
        RAISE EXCEPTION 'the list of edges is no JSON array'
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'For example: [{"name": "edge_fra", "host": "10.0.0.7", "user": "analyst", "password": "…"}]';
    END IF;
    FOR one IN SELECT e FROM jsonb_array_elements(edges) AS e LOOP
        IF jsonb_typeof(one) <> 'object' OR NOT one ? 'name' OR NOT one ? 'host' THEN
            RAISE EXCEPTION 'an edge of the list has no name or no host: %',
                CASE WHEN jsonb_typeof(one) = 'object' THEN one - 'password' ELSE one END
                USING ERRCODE = 'invalid_parameter_value', HINT = 'Each edge is an object with name and host.';
        END IF;
        SELECT string_agg(k, ', ') INTO unknown FROM jsonb_object_keys(one) AS k
        WHERE k NOT IN ('name', 'host', 'port', 'user', 'password', 'fetch_size', 'use_remote_estimate',
            'sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'connect_timeout', 'max_lag');
        IF unknown IS NOT NULL THEN
            RAISE EXCEPTION 'edge "%" has members that attach_edge does not know: %', one ->> 'name', unknown
                USING ERRCODE = 'invalid_parameter_value', HINT = 'Members are named as the arguments of attach_edge.';
        END IF;
        BEGIN
            RETURN QUERY
                SELECT one ->> 'name', t.foreign_table, NULL::text
                FROM quicksilver.attach_edge(
                    name => one ->> 'name',
                    host => one ->> 'host',
                    port => coalesce((one ->> 'port')::integer, 7432),
                    "user" => coalesce(one ->> 'user', 'quicksilver'),
                    password => one ->> 'password',
                    fetch_size => coalesce((one ->> 'fetch_size')::integer, 1000),
                    use_remote_estimate => coalesce((one ->> 'use_remote_estimate')::boolean, true),
                    sslmode => one ->> 'sslmode',
                    sslrootcert => one ->> 'sslrootcert',
                    sslcert => one ->> 'sslcert',
                    sslkey => one ->> 'sslkey',
                    connect_timeout => coalesce((one ->> 'connect_timeout')::integer, 10),
                    max_lag => one ->> 'max_lag') AS t;
        EXCEPTION WHEN OTHERS THEN
            edge := one ->> 'name';
            foreign_table := NULL;
            problem := SQLERRM;
            RETURN NEXT;
        END;
    END LOOP;
END
$$;

COMMENT ON FUNCTION quicksilver.attach_edges(jsonb) IS
    'Attaches each edge of a list; one that cannot be attached stays as it was, and its problem is told.';

-- A procedure, for each look needs a transaction of its own: one transaction sees an edge at one moment.
CREATE OR REPLACE PROCEDURE quicksilver.wait_for_edge(
    edge text,
    database text,
    sequence bigint,
    timeout interval DEFAULT '10 s')
LANGUAGE plpgsql
AS $$
DECLARE
    ends timestamptz := clock_timestamp() + timeout;
    reached bigint;
BEGIN
    IF edge IS NULL OR database IS NULL OR sequence IS NULL OR timeout IS NULL THEN
        RAISE EXCEPTION 'edge, database, sequence and timeout must not be NULL' USING ERRCODE = 'null_value_not_allowed';
    END IF;
    LOOP
        EXECUTE format('SELECT last_sequence FROM %I.databases WHERE name = $1', edge) INTO reached USING database;
        COMMIT;
        IF reached IS NULL THEN
            RAISE EXCEPTION 'edge "%" has no database "%"', edge, database USING ERRCODE = 'undefined_table';
        ELSIF reached >= sequence THEN
            RETURN;
        ELSIF clock_timestamp() >= ends THEN
            RAISE EXCEPTION 'edge "%" has reached sequence % of "%", not %, within %', edge, reached, database, sequence, timeout
                USING ERRCODE = 'QS001', HINT = format('%I.replication says what the edge waits for.', edge);
        END IF;
        PERFORM pg_sleep(0.01);
    END LOOP;
END
$$;

COMMENT ON PROCEDURE quicksilver.wait_for_edge(text, text, bigint, interval) IS
    'Waits until an attached edge has a sequence of a database, as sequence_of returned it; not within a transaction block.';
