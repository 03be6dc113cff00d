-- Creating and dropping databases, and the view of them.

CREATE OR REPLACE FUNCTION quicksilver.require_database_name(name text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF require_database_name.name IS NULL OR require_database_name.name !~ '^[a-z][a-z0-9_]{0,47}$' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_name',
            MESSAGE = format('database name %s is not allowed', coalesce(quote_literal(require_database_name.name), 'NULL')),
            HINT = 'Use 1 to 48 of a-z, 0-9 and _, beginning with a letter.';
    END IF;
    IF require_database_name.name IN ('quicksilver', 'databases', 'replicas', 'replication') OR require_database_name.name ~ '_log$' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'reserved_name',
            MESSAGE = format('database name %L is reserved', require_database_name.name),
            HINT = 'quicksilver, databases, replicas and names that end in _log are used by Quicksilver itself.';
    END IF;
END
$function$;
COMMENT ON FUNCTION quicksilver.require_database_name(text) IS
    'Refuses names that no database can have; called by create_database and publish.';

CREATE OR REPLACE FUNCTION quicksilver.caller()
RETURNS name
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT CASE current_setting('role') WHEN 'none' THEN session_user ELSE current_setting('role')::name END;
$function$;
COMMENT ON FUNCTION quicksilver.caller() IS
    'Whose rights count in a function that runs with its owner''s: the role that was set, or logged in.';

CREATE OR REPLACE FUNCTION quicksilver.lock_catalog()
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    LOCK TABLE quicksilver.catalog IN SHARE ROW EXCLUSIVE MODE;
END
$function$;
COMMENT ON FUNCTION quicksilver.lock_catalog() IS
    'Lets one transaction at a time change the catalog: the publication is one object.';
REVOKE ALL ON FUNCTION quicksilver.lock_catalog() FROM PUBLIC;

CREATE OR REPLACE FUNCTION quicksilver.create_database(
    name         text,
    key_type     text DEFAULT 'text',
    value_type   text DEFAULT 'text',
    table_schema text DEFAULT 'public')
RETURNS regclass
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    key_column   text;
    value_length text;
    made         regclass;
BEGIN
    PERFORM quicksilver.require_database_name(create_database.name);
    IF create_database.table_schema IS NULL OR to_regnamespace(quote_ident(create_database.table_schema)) IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_schema_name',
            MESSAGE = format('schema %s does not exist', coalesce(quote_literal(create_database.table_schema), 'NULL')),
            HINT = 'Create it first, or give another table_schema.';
    END IF;
    IF create_database.table_schema <> 'public'
       AND NOT has_schema_privilege(quicksilver.caller(), create_database.table_schema, 'CREATE') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = format('%I may not make tables in schema %I', quicksilver.caller(), create_database.table_schema),
            HINT = format('GRANT CREATE ON SCHEMA %I, or leave table_schema out.', create_database.table_schema);
    END IF;
    key_column := CASE create_database.key_type
        WHEN 'text' THEN 'text COLLATE "C"'
        WHEN 'bytea' THEN 'bytea'
    END;
    IF key_column IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('key type %s is not supported', coalesce(quote_literal(create_database.key_type), 'NULL')),
            HINT = 'Use text or bytea.';
    END IF;
    value_length := CASE create_database.value_type
        WHEN 'text' THEN 'octet_length(value)'
        WHEN 'bytea' THEN 'octet_length(value)'
        WHEN 'json' THEN 'octet_length(value::text)'
        WHEN 'jsonb' THEN 'octet_length(value::text)'
    END;
    IF value_length IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('value type %s is not supported', coalesce(quote_literal(create_database.value_type), 'NULL')),
            HINT = 'Use text, bytea, json or jsonb.';
    END IF;

    -- One at a time: the publication is one object.
    PERFORM quicksilver.require_read_committed('quicksilver.create_database');
    LOCK TABLE quicksilver.catalog IN SHARE ROW EXCLUSIVE MODE;
    IF EXISTS (SELECT FROM quicksilver.catalog c WHERE c.name = create_database.name) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'duplicate_database',
            MESSAGE = format('database %L exists already', create_database.name),
            HINT = 'Drop it with quicksilver.drop_database, or choose another name.';
    END IF;
    IF to_regclass(format('%I.%I', create_database.table_schema, create_database.name)) IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'duplicate_table',
            MESSAGE = format('there is a table %I.%I already', create_database.table_schema, create_database.name),
            HINT = format('Make it a database with SELECT quicksilver.publish(%L, %L), or choose another name.',
                format('%I.%I', create_database.table_schema, create_database.name), create_database.name);
    END IF;
    IF NOT has_schema_privilege(current_user, create_database.table_schema, 'CREATE') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = format('%I, which owns Quicksilver''s functions, may not make tables in schema %I',
                current_user, create_database.table_schema),
            HINT = format('Let the owner of the schema run: GRANT USAGE, CREATE ON SCHEMA %I TO %I.',
                create_database.table_schema, current_user);
    END IF;

    EXECUTE format(
        'CREATE TABLE %1$I.%2$I (
             key %3$s
                 CONSTRAINT key_is_unique_%2$s PRIMARY KEY
                 CONSTRAINT key_must_have_1_to_511_bytes CHECK (octet_length(key) BETWEEN 1 AND 511),
             value %4$s
                 CONSTRAINT value_must_not_be_null NOT NULL
                 CONSTRAINT value_must_not_exceed_64_mib CHECK (%5$s <= 67108864)
         )',
        create_database.table_schema, create_database.name, key_column, create_database.value_type, value_length);
    made := to_regclass(format('%I.%I', create_database.table_schema, create_database.name));
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO quicksilver_writer', made);

    -- The row of the catalog comes first in the WAL: nodes know the database before its first entry.
    INSERT INTO quicksilver.catalog (name, key_type, value_type, table_schema, table_name, relation)
    VALUES (create_database.name, create_database.key_type, create_database.value_type,
            create_database.table_schema, create_database.name, made::oid);
    EXECUTE format('ALTER PUBLICATION quicksilver ADD TABLE %s', made);
    RETURN made;
END
$function$;
REVOKE ALL ON FUNCTION quicksilver.create_database(text, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION quicksilver.create_database(text, text, text, text) IS
    'Makes table table_schema.name (key, value) and publishes it as a database, in this transaction.';

CREATE OR REPLACE FUNCTION quicksilver.require_known_table(database text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    t quicksilver.catalog_table;
BEGIN
    SELECT * INTO t FROM quicksilver.catalog_table c WHERE c.name = require_known_table.database;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_catalog_name',
            MESSAGE = format('database %s does not exist', coalesce(quote_literal(require_known_table.database), 'NULL')),
            HINT = 'SELECT name FROM quicksilver.databases lists them.';
    END IF;
    IF t.state = 'renamed' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('the table of database %L was renamed to %s unnoticed', t.name, t.recorded::regclass),
            HINT = format('Give it its name %I.%I back first.', t.table_schema, t.table_name);
    END IF;
END
$function$;
COMMENT ON FUNCTION quicksilver.require_known_table(text) IS
    'Refuses a database whose table has another name now; one that is gone, or whose name another table has, has no table.';

CREATE OR REPLACE FUNCTION quicksilver.drop_database(name text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    dropped quicksilver.catalog_table;
BEGIN
    PERFORM quicksilver.require_read_committed('quicksilver.drop_database');
    LOCK TABLE quicksilver.catalog IN SHARE ROW EXCLUSIVE MODE;
    PERFORM quicksilver.require_known_table(drop_database.name);
    SELECT * INTO dropped FROM quicksilver.catalog_table t WHERE t.name = drop_database.name;
    IF NOT dropped.owns_table AND dropped.relation IS NOT NULL THEN
        PERFORM quicksilver.require_owner(dropped.relation::regclass);
    END IF;
    DELETE FROM quicksilver.catalog c WHERE c.name = drop_database.name;
    PERFORM quicksilver.forget_reads(drop_database.name);
    PERFORM quicksilver.unguard_partitions(dropped.recorded, dropped.relation);
    IF dropped.relation IS NULL THEN
        RAISE NOTICE 'table %.% of database % was gone already%', quote_ident(dropped.table_schema), quote_ident(dropped.table_name),
            dropped.name, CASE dropped.state WHEN 'another' THEN '; the table that has its name now stays as it is' ELSE '' END;
    ELSIF dropped.owns_table THEN
        EXECUTE format('DROP TABLE %s', dropped.relation::regclass);
    ELSIF EXISTS (SELECT FROM quicksilver.published_table p WHERE p.relation = dropped.relation) THEN
        EXECUTE format('ALTER PUBLICATION quicksilver DROP TABLE %s', dropped.relation::regclass);
    END IF;
END
$function$;
REVOKE ALL ON FUNCTION quicksilver.drop_database(text) FROM PUBLIC;
COMMENT ON FUNCTION quicksilver.drop_database(text) IS
    'Drops a database everywhere, and its table if create_database made it, in this transaction.';

CREATE OR REPLACE VIEW quicksilver.databases AS
SELECT c.name, c.id, c.key_type, c.value_type, c.relation::regclass AS "table", c.created_at,
       s.sequence, s.commit_time AS last_commit, s.heard_at AS last_heard, s.content_digest
FROM quicksilver.catalog_table c
LEFT JOIN quicksilver.sequenced s ON s.database = c.name AND s.id = c.id
ORDER BY c.name;
COMMENT ON VIEW quicksilver.databases IS 'The databases, their tables, and how far the root has sequenced them.';
