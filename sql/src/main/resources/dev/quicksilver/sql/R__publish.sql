-- Publishing tables that exist.

-- With the rights of its owner, unlike publish itself: that runs what belongs to the table (expressions of its indexes and
-- constraints), which must not get rights that the table's owner has not.
CREATE OR REPLACE FUNCTION quicksilver.register(
    "table" regclass, database name, key_type text, value_type text, projection jsonb)
RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    made uuid;
BEGIN
    PERFORM quicksilver.require_owner(register."table");
    INSERT INTO quicksilver.catalog (name, key_type, value_type, table_schema, table_name, relation, owns_table, projection)
    SELECT register.database, register.key_type, register.value_type, n.nspname, c.relname, c.oid, false, register.projection
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = register."table"
    RETURNING id INTO made;
    PERFORM quicksilver.guard_partitions(register."table", true);
    -- One from a dump may be in the publication, without a database.
    IF EXISTS (SELECT FROM quicksilver.published_table p WHERE p.relation = register."table") THEN
        EXECUTE format('ALTER PUBLICATION quicksilver DROP TABLE %s', register."table");
    END IF;
    EXECUTE format('ALTER PUBLICATION quicksilver ADD TABLE %s', register."table");
    RETURN made;
END
$function$;
COMMENT ON FUNCTION quicksilver.register(regclass, name, text, text, jsonb) IS
    'Part of publish: the row of the catalog and the table''s place in the publication.';
REVOKE ALL ON FUNCTION quicksilver.register(regclass, name, text, text, jsonb) FROM PUBLIC;

CREATE OR REPLACE FUNCTION quicksilver.require_owner("table" regclass)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_class c
                   WHERE c.oid = require_owner."table" AND pg_has_role(quicksilver.caller(), c.relowner, 'USAGE')) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = format('%I does not own table %s', quicksilver.caller(), require_owner."table"),
            HINT = 'Only a table''s owner gives its rows to all edges, or takes them away.';
    END IF;
END
$function$;
COMMENT ON FUNCTION quicksilver.require_owner(regclass) IS 'Refuses a table that the caller does not own.';

CREATE OR REPLACE FUNCTION quicksilver.drop_length_constraints("table" regclass)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    made name;
BEGIN
    FOR made IN SELECT k.conname FROM pg_constraint k
                WHERE k.conrelid = drop_length_constraints."table" AND k.contype = 'c'
                  AND k.conname IN ('quicksilver_key_must_have_1_to_511_bytes', 'quicksilver_value_must_not_be_too_large') LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', drop_length_constraints."table", made);
    END LOOP;
END
$function$;
COMMENT ON FUNCTION quicksilver.drop_length_constraints(regclass) IS 'Takes off what publish puts on a table.';

CREATE OR REPLACE FUNCTION quicksilver.publish(
    "table"       regclass,
    database      name,
    key_columns   text[] DEFAULT NULL,
    value_columns text[] DEFAULT NULL)
RETURNS uuid
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
-- A policy must not hide rows from the copy: it is an error instead.
SET row_security = off
AS $function$
DECLARE
    relation     pg_class;
    primary_key  text[];
    keys         jsonb;
    vals         jsonb;
    is_object    boolean;
    key_type     text;
    value_type   text;
    bad          text;
    key_length   text;
    value_length text;
    made         uuid;
    rewrite      text;
    enabled      text[];
    switch       record;
    statement    text;
BEGIN
    PERFORM quicksilver.require_database_name(publish.database::text);
    IF publish."table" IS NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed', MESSAGE = 'the table must not be NULL',
            HINT = 'Give its name, as in quicksilver.publish(''public.accounts'', ''accounts'').';
    END IF;

    -- One at a time, and no write between the look at the table and the copy of its rows.
    PERFORM quicksilver.require_read_committed('quicksilver.publish');
    PERFORM quicksilver.lock_catalog();
    SELECT c.* INTO relation FROM pg_class c WHERE c.oid = publish."table";
    IF relation.relkind IS NULL OR relation.relkind NOT IN ('r', 'p') OR relation.relpersistence <> 'p'
       OR relation.relhasrules OR relation.relispartition
       OR relation.relnamespace IN ('pg_catalog'::regnamespace, 'quicksilver'::regnamespace)
       OR EXISTS (SELECT FROM pg_inherits WHERE inhparent = relation.oid AND relation.relkind = 'r') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'wrong_object_type',
            MESSAGE = format('%s cannot be published', publish."table"),
            HINT = 'Publish a permanent table without rules and without tables that inherit from it, or a whole partitioned table.';
    END IF;
    PERFORM quicksilver.require_owner(publish."table");
    EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', publish."table");
    IF EXISTS (SELECT FROM quicksilver.catalog c WHERE c.name = publish.database) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'duplicate_database',
            MESSAGE = format('database %L exists already', publish.database),
            HINT = 'Drop it with quicksilver.drop_database or unpublish, or choose another name.';
    END IF;
    IF EXISTS (SELECT FROM quicksilver.catalog_table c WHERE publish."table"::oid IN (c.named, c.relation)
               OR c.state = 'renamed' AND c.recorded = publish."table"::oid) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'duplicate_object',
            MESSAGE = format('table %s belongs to a database already', publish."table"),
            HINT = 'SELECT * FROM quicksilver.databases shows which one; unpublish it first.';
    END IF;
    -- In a restored database it may stand for a table of another database, which is not to be told from here.
    IF EXISTS (SELECT FROM quicksilver.catalog c WHERE c.relation = publish."table"::oid) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('table %s cannot be published before the catalog is put right: this PostgreSQL database was restored or copied',
                publish."table"),
            HINT = 'SELECT quicksilver.begin_anew() takes the tables as they are now by their names.';
    END IF;

    SELECT array_agg(a.attname::text ORDER BY k.ordinality) INTO primary_key
    FROM pg_index i
    CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, ordinality)
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
    WHERE i.indrelid = relation.oid AND i.indisprimary AND i.indimmediate AND i.indisvalid
      AND k.ordinality <= i.indnkeyatts;
    key_columns := coalesce(publish.key_columns, primary_key);
    IF primary_key IS NULL OR cardinality(key_columns) <> cardinality(primary_key)
       OR NOT key_columns @> primary_key THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_table_definition',
            MESSAGE = format('the key columns of %s are not its primary key', publish."table"),
            HINT = 'Give the table a primary key that is not deferrable and name its columns, in the order that the keys shall have.';
    END IF;
    value_columns := coalesce(publish.value_columns, ARRAY(
        SELECT a.attname::text FROM pg_attribute a
        WHERE a.attrelid = relation.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attname::text <> ALL (key_columns)
        ORDER BY a.attnum));
    SELECT string_agg(quote_ident(coalesce(v.name, 'NULL')), ', ') INTO bad
    FROM unnest(value_columns) AS v(name)
    LEFT JOIN pg_attribute a ON a.attrelid = relation.oid AND a.attname = v.name AND a.attnum > 0 AND NOT a.attisdropped
    WHERE a.attnum IS NULL;
    IF bad IS NOT NULL OR cardinality(value_columns) = 0
       OR cardinality(value_columns) <> (SELECT count(DISTINCT v) FROM unnest(value_columns) v) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_column',
            MESSAGE = format('table %s cannot be published with value columns {%s}%s', publish."table",
                array_to_string(value_columns, ', '), coalesce(': it has no ' || bad, '')),
            HINT = 'Name one or more columns of the table, each once.';
    END IF;

    SELECT jsonb_agg(jsonb_build_object('name', a.attname, 'type', t.typname) ORDER BY k.ordinality),
           string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ')
               FILTER (WHERE a.atttypid NOT IN ('text'::regtype, 'varchar'::regtype, 'bytea'::regtype, 'int2'::regtype,
                                                'int4'::regtype, 'int8'::regtype, 'uuid'::regtype, 'date'::regtype,
                                                'timestamp'::regtype, 'timestamptz'::regtype)
                       OR a.attgenerated <> ''),
           string_agg(CASE t.typname
               WHEN 'text' THEN format('octet_length(%I) + 2', a.attname)
               WHEN 'varchar' THEN format('octet_length(%I) + 2', a.attname)
               WHEN 'bytea' THEN format('quicksilver.encoded_length(%I)', a.attname)
               ELSE t.typlen::text END, ' + ')
    INTO keys, bad, key_length
    FROM unnest(key_columns) WITH ORDINALITY AS k(name, ordinality)
    JOIN pg_attribute a ON a.attrelid = relation.oid AND a.attname = k.name
    JOIN pg_type t ON t.oid = a.atttypid;
    IF bad IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'datatype_mismatch',
            MESSAGE = format('key column %s cannot be in a key', bad),
            HINT = 'Keys are made of text, varchar, bytea, smallint, integer, bigint, uuid, date, timestamp and timestamptz columns that are not generated.';
    END IF;
    SELECT jsonb_agg(jsonb_build_object('name', a.attname, 'type', t.typname) ORDER BY v.ordinality),
           string_agg(format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ')
               FILTER (WHERE a.atttypid NOT IN ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype, 'bytea'::regtype,
                                                'json'::regtype, 'jsonb'::regtype, 'bool'::regtype, 'int2'::regtype,
                                                'int4'::regtype, 'int8'::regtype, 'float4'::regtype, 'float8'::regtype,
                                                'numeric'::regtype, 'uuid'::regtype, 'date'::regtype, 'time'::regtype,
                                                'timestamp'::regtype, 'timestamptz'::regtype)
                       OR a.attgenerated <> ''),
           string_agg(format('coalesce(octet_length(%I::text), 0)', a.attname), ' + ') FILTER (WHERE a.attlen = -1),
           count(*) > 1 OR bool_or(t.typname NOT IN ('text', 'bytea', 'json', 'jsonb'))
    INTO vals, bad, value_length, is_object
    FROM unnest(value_columns) WITH ORDINALITY AS v(name, ordinality)
    JOIN pg_attribute a ON a.attrelid = relation.oid AND a.attname = v.name
    JOIN pg_type t ON t.oid = a.atttypid;
    IF bad IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'datatype_mismatch',
            MESSAGE = format('column %s cannot be in a value', bad),
            HINT = 'Values are made of text, varchar, char, bytea, json, jsonb, boolean, smallint, integer, bigint, real, double precision, numeric, uuid, date, time, timestamp and timestamptz columns that are not generated; name such columns in value_columns.';
    END IF;

    SELECT string_agg(unfit::text, ', '), string_agg(format('ALTER TABLE %s REPLICA IDENTITY FULL', unfit), '; ')
    INTO bad, statement
    FROM quicksilver.unfit_identities(relation.oid, is_object AND value_length IS NOT NULL) AS unfit;
    IF bad IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('the replica identity of %s does not suffice', bad),
            HINT = format('%s: large columns that an update does not change are not in the WAL without it.', statement);
    END IF;
    SELECT string_agg(format('%I of %s', g.name, g.of), ', ') INTO bad
    FROM quicksilver.generated_in_identity(relation.oid) AS g;
    IF bad IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('PostgreSQL would let nobody update %s: it has REPLICA IDENTITY FULL and a generated column (%s)',
                publish."table", bad),
            HINT = 'Drop the generated column, or make its value where it is read.';
    END IF;
    IF is_object THEN
        value_type := 'json';
    ELSE
        value_type := vals -> 0 ->> 'type';
        IF NOT (SELECT a.attnotnull FROM pg_attribute a
                WHERE a.attrelid = relation.oid AND a.attname = value_columns[1]) THEN
            RAISE EXCEPTION USING
                ERRCODE = 'not_null_violation',
                MESSAGE = format('value column %I of %s may be null', value_columns[1], publish."table"),
                HINT = format('ALTER TABLE %s ALTER %I SET NOT NULL.', publish."table", value_columns[1]);
        END IF;
    END IF;
    key_type := CASE WHEN cardinality(key_columns) = 1 AND keys -> 0 ->> 'type' IN ('text', 'varchar')
        THEN 'text' ELSE 'bytea' END;

    -- What an edge could not hold is refused at the statement. JSON escapes a byte as six at most.
    IF cardinality(key_columns) = 1 AND keys -> 0 ->> 'type' IN ('text', 'varchar', 'bytea') THEN
        key_length := format('octet_length(%I)', key_columns[1]);
    END IF;
    -- A table from a dump may have those of another time.
    PERFORM quicksilver.drop_length_constraints(publish."table");
    EXECUTE format('ALTER TABLE %s ADD CONSTRAINT quicksilver_key_must_have_1_to_511_bytes CHECK (%s BETWEEN 1 AND 511)',
        publish."table", key_length);
    IF value_length IS NOT NULL THEN
        EXECUTE format('ALTER TABLE %s ADD CONSTRAINT quicksilver_value_must_not_be_too_large CHECK (%s <= %s)',
            publish."table",
            CASE WHEN value_type = 'bytea' THEN format('octet_length(%I)', value_columns[1]) ELSE value_length END,
            CASE WHEN is_object THEN 8388608 ELSE 67108864 END);
    END IF;

    made := quicksilver.register(publish."table", publish.database, key_type, value_type,
        jsonb_build_object('key', keys, 'value', vals, 'object', is_object));

    -- Rows that are there go through the WAL too, as updates that change nothing; a value of its own
    -- column is computed anew, since the WAL does not repeat a large one that is the same.
    rewrite := CASE WHEN is_object THEN (
            SELECT format('%1$I = %1$I', a.attname)
            FROM unnest(key_columns || value_columns) WITH ORDINALITY AS c(name, ordinality)
            JOIN pg_attribute a ON a.attrelid = relation.oid AND a.attname = c.name
            WHERE a.attidentity <> 'a' -- which PostgreSQL lets nobody set; a table has one at most
            ORDER BY c.ordinality LIMIT 1)
        WHEN value_type = 'text' THEN format('%1$I = %1$I || ''''', value_columns[1])
        WHEN value_type = 'bytea' THEN format('%1$I = %1$I || ''''::bytea', value_columns[1])
        ELSE format('%1$I = %1$I::text::%2$s', value_columns[1], value_type) END;
    enabled := '{}';
    FOR switch IN SELECT t.tgrelid::regclass AS owner, t.tgname AS name, t.tgenabled AS mode FROM pg_trigger t
        WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgparentid = 0 AND t.tgtype & 16 <> 0 -- of UPDATE
          AND (t.tgrelid = relation.oid OR t.tgrelid IN (SELECT relid FROM quicksilver.partition_tree(relation.oid))) LOOP
        EXECUTE format('ALTER TABLE %s DISABLE TRIGGER %I', switch.owner, switch.name);
        enabled := enabled || format('ALTER TABLE %s ENABLE %s TRIGGER %I', switch.owner,
            CASE switch.mode WHEN 'R' THEN 'REPLICA' WHEN 'A' THEN 'ALWAYS' ELSE '' END, switch.name);
    END LOOP;
    EXECUTE format('UPDATE %s SET %s', publish."table", rewrite);
    FOREACH statement IN ARRAY enabled LOOP
        EXECUTE statement;
    END LOOP;
    RETURN made;
END
$function$;
REVOKE ALL ON FUNCTION quicksilver.publish(regclass, name, text[], text[]) FROM PUBLIC;
COMMENT ON FUNCTION quicksilver.publish(regclass, name, text[], text[]) IS
    'Makes a table that exists a database, with the rows that it has, in this transaction.';

CREATE OR REPLACE FUNCTION quicksilver.unpublish(database name)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    found_table regclass;
BEGIN
    PERFORM quicksilver.lock_catalog();
    SELECT c.relation::regclass INTO found_table
    FROM quicksilver.catalog_table c WHERE c.name = unpublish.database AND NOT c.owns_table;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_catalog_name',
            MESSAGE = format('database %s is not one that publish made',
                coalesce(quote_literal(unpublish.database), 'NULL')),
            HINT = 'SELECT name FROM quicksilver.databases lists them; quicksilver.drop_database drops one of create_database.';
    END IF;
    IF found_table IS NOT NULL THEN
        PERFORM quicksilver.require_owner(found_table);
    END IF;
    PERFORM quicksilver.drop_database(unpublish.database::text);
    IF found_table IS NOT NULL THEN
        PERFORM quicksilver.drop_length_constraints(found_table);
    END IF;
END
$function$;
REVOKE ALL ON FUNCTION quicksilver.unpublish(name) FROM PUBLIC;
COMMENT ON FUNCTION quicksilver.unpublish(name) IS
    'Drops a database that publish made everywhere; its table stays, in this transaction.';
