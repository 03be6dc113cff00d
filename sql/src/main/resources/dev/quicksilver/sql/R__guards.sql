-- Changes of a published table's definition that would make its database silently wrong are refused at the statement.

-- The old row must tell what an update left alone, and which key it had. A table without a TOAST table (its rows are
-- short by their types) has every value in the WAL.
CREATE OR REPLACE FUNCTION quicksilver.unfit_identities(relation oid, object_can_be_large boolean)
RETURNS SETOF regclass
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT c.oid::regclass FROM pg_class c
    WHERE (c.oid = unfit_identities.relation OR c.oid IN (SELECT relid FROM pg_partition_tree(unfit_identities.relation)))
      AND c.relreplident <> 'f'
      AND (c.relreplident <> 'd' OR unfit_identities.object_can_be_large AND (c.reltoastrelid <> 0 OR c.relkind = 'p'))
$function$;
COMMENT ON FUNCTION quicksilver.unfit_identities(oid, boolean) IS
    'Of a table and its partitions, those whose replica identity does not suffice for a database.';

CREATE OR REPLACE FUNCTION quicksilver.problems()
RETURNS TABLE (database text, problem text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    WITH published AS (
        SELECT c.name, c.relation,
               coalesce((c.projection ->> 'object')::boolean, false) AS is_object,
               coalesce(c.projection -> 'key',
                   jsonb_build_array(jsonb_build_object('name', 'key', 'type', c.key_type))) AS keys,
               coalesce(c.projection -> 'value',
                   jsonb_build_array(jsonb_build_object('name', 'value', 'type', c.value_type))) AS vals
        FROM quicksilver.catalog c
    )
    SELECT 'quicksilver', 'the publication no longer has the catalog'
    WHERE NOT EXISTS (
        SELECT FROM pg_publication_rel pr JOIN pg_publication pub ON pub.oid = pr.prpubid
        WHERE pub.pubname = 'quicksilver' AND pr.prrelid = 'quicksilver.catalog'::regclass)
    UNION ALL
    SELECT t.name, p.problem
    FROM published t
    LEFT JOIN pg_class r ON r.oid = t.relation
    LEFT JOIN pg_publication pub ON pub.pubname = 'quicksilver'
    LEFT JOIN pg_publication_rel pr ON pr.prpubid = pub.oid AND pr.prrelid = t.relation
    CROSS JOIN LATERAL (
        SELECT string_agg(f.name, ', ') FILTER (WHERE a.attnum IS NULL OR y.typname <> f.type) AS changed,
               bool_or(y.typlen = -1) FILTER (WHERE f.of_value) AS can_be_large,
               bool_or(f.of_value AND NOT coalesce(a.attnotnull, true)) AS can_be_null
        FROM (SELECT k.name, k.type, false AS of_value FROM jsonb_to_recordset(t.keys) AS k(name text, type text)
              UNION ALL
              SELECT v.name, v.type, true FROM jsonb_to_recordset(t.vals) AS v(name text, type text)) AS f
        LEFT JOIN pg_attribute a ON a.attrelid = t.relation AND a.attname = f.name AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_type y ON y.oid = a.atttypid
    ) AS columns
    CROSS JOIN LATERAL (VALUES
        (r.oid IS NULL, 'its table is gone'),
        (r.relpersistence <> 'p', 'its table is not logged'),
        (pub.oid IS NULL OR NOT (pub.pubinsert AND pub.pubupdate AND pub.pubdelete AND pub.pubtruncate AND pub.pubviaroot),
            'the publication is gone or leaves out changes'),
        (r.oid IS NOT NULL AND pub.oid IS NOT NULL AND pr.oid IS NULL, 'its table is not in the publication'),
        (pr.prattrs IS NOT NULL OR pr.prqual IS NOT NULL, 'the publication leaves out columns or rows of its table'),
        (r.oid IS NOT NULL AND columns.changed IS NOT NULL,
            format('column %s is gone, renamed or of another type', columns.changed)),
        (r.oid IS NOT NULL AND NOT t.is_object AND columns.can_be_null, 'its value may be null'),
        (r.oid IS NOT NULL AND NOT EXISTS (
             SELECT FROM pg_index i WHERE i.indrelid = t.relation AND i.indisprimary AND i.indimmediate AND i.indisvalid
               AND i.indnkeyatts = jsonb_array_length(t.keys)
               AND NOT EXISTS (SELECT FROM jsonb_to_recordset(t.keys) AS k(name text)
                    WHERE NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = t.relation AND a.attname = k.name
                                        AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])))),
            'its key columns are no longer the primary key'),
        (EXISTS (SELECT FROM quicksilver.unfit_identities(r.oid, t.is_object AND columns.can_be_large)),
            'the replica identity of its table does not suffice'),
        (r.oid IS NOT NULL AND NOT EXISTS (SELECT FROM pg_constraint k
             WHERE k.conrelid = t.relation AND k.contype = 'c' AND k.convalidated
               AND k.conname IN ('key_must_have_1_to_511_bytes', 'quicksilver_key_must_have_1_to_511_bytes')),
            'the constraint on the length of its keys is gone'),
        (r.oid IS NOT NULL AND columns.can_be_large AND NOT EXISTS (SELECT FROM pg_constraint k
             WHERE k.conrelid = t.relation AND k.contype = 'c' AND k.convalidated
               AND k.conname IN ('value_must_not_exceed_64_mib', 'quicksilver_value_must_not_be_too_large')),
            'the constraint on the length of its values is gone'),
        (r.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits h WHERE h.inhparent = t.relation),
            'another table inherits from its table')
    ) AS p(found, problem)
    WHERE p.found
    UNION ALL
    SELECT t.name, format('partition %s of its table is gone or detached', coalesce(x.relname, p.leaf::text))
    FROM published t
    JOIN quicksilver.partition p ON p.root = t.relation
    LEFT JOIN pg_class x ON x.oid = p.leaf
    WHERE EXISTS (SELECT FROM pg_class WHERE oid = t.relation)
      AND p.leaf NOT IN (SELECT relid FROM pg_partition_tree(t.relation))
$function$;
COMMENT ON FUNCTION quicksilver.problems() IS
    'What has been done to published tables so that their databases can no longer follow them; empty if all is well.';

-- Partitions. A TRUNCATE of one of them is not in the publication's stream, only one of the whole table.

CREATE OR REPLACE FUNCTION quicksilver.note_truncate() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM set_config('quicksilver.truncating', CASE TG_WHEN WHEN 'BEFORE' THEN TG_RELID::text ELSE '' END, true);
    RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION quicksilver.refuse_truncate_of_partition() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF current_setting('quicksilver.truncating', true) IS DISTINCT FROM pg_partition_root(TG_RELID)::oid::text THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('%s is a partition of a published table and cannot be truncated alone', TG_RELID::regclass),
            HINT = format('DELETE FROM %s instead, or TRUNCATE %s.', TG_RELID::regclass, pg_partition_root(TG_RELID));
    END IF;
    RETURN NULL;
END
$function$;

CREATE OR REPLACE FUNCTION quicksilver.guard_partitions(root oid, may_have_rows boolean)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    part   record;
    filled boolean;
BEGIN
    IF (SELECT c.relkind FROM pg_class c WHERE c.oid = guard_partitions.root) IS DISTINCT FROM 'p' THEN
        RETURN;
    END IF;
    -- One that was empty when it was detached has taken nothing with it.
    FOR part IN SELECT p.leaf FROM quicksilver.partition p JOIN pg_class c ON c.oid = p.leaf
                WHERE p.root = guard_partitions.root
                  AND p.leaf NOT IN (SELECT relid FROM pg_partition_tree(guard_partitions.root)) LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %s)', part.leaf::regclass) INTO filled;
        IF NOT filled THEN
            DELETE FROM quicksilver.partition p WHERE p.leaf = part.leaf;
            EXECUTE format('DROP TRIGGER IF EXISTS quicksilver_truncate_whole ON %s', part.leaf::regclass);
        END IF;
    END LOOP;
    FOR part IN SELECT c.oid AS leaf, c.relkind, c.relpersistence
                FROM pg_partition_tree(guard_partitions.root) t JOIN pg_class c ON c.oid = t.relid
                WHERE t.isleaf AND c.oid <> guard_partitions.root AND c.oid NOT IN (SELECT p.leaf FROM quicksilver.partition p) LOOP
        IF part.relkind <> 'r' AND part.relkind <> 'p' OR part.relpersistence <> 'p' THEN
            RAISE EXCEPTION USING
                ERRCODE = 'wrong_object_type',
                MESSAGE = format('partition %s of a published table is foreign or not logged', part.leaf::regclass),
                HINT = 'Changes of such a partition are not in the WAL; make it an ordinary table.';
        END IF;
        CONTINUE WHEN part.relkind = 'p'; -- partitioned itself, and no partition yet
        IF NOT may_have_rows THEN
            EXECUTE format('SELECT EXISTS (SELECT FROM %s)', part.leaf::regclass) INTO filled;
            IF filled THEN
                RAISE EXCEPTION USING
                    ERRCODE = 'object_not_in_prerequisite_state',
                    MESSAGE = format('%s has rows and cannot become a partition of the published table %s',
                        part.leaf::regclass, guard_partitions.root::regclass),
                    HINT = 'Attach it empty and INSERT its rows into the published table, or unpublish, attach and publish again.';
            END IF;
        END IF;
        INSERT INTO quicksilver.partition (leaf, root) VALUES (part.leaf, guard_partitions.root);
    END LOOP;
    -- Only now: each of these statements is looked at by the event triggers, which call this function.
    IF NOT EXISTS (SELECT FROM pg_trigger t
                   WHERE t.tgrelid = guard_partitions.root AND t.tgname = 'quicksilver_truncate_begins') THEN
        EXECUTE format('CREATE OR REPLACE TRIGGER quicksilver_truncate_begins BEFORE TRUNCATE ON %s'
            ' FOR EACH STATEMENT EXECUTE FUNCTION quicksilver.note_truncate()', guard_partitions.root::regclass);
        EXECUTE format('CREATE OR REPLACE TRIGGER quicksilver_truncate_ends AFTER TRUNCATE ON %s'
            ' FOR EACH STATEMENT EXECUTE FUNCTION quicksilver.note_truncate()', guard_partitions.root::regclass);
    END IF;
    FOR part IN SELECT p.leaf FROM quicksilver.partition p JOIN pg_class c ON c.oid = p.leaf
                WHERE p.root = guard_partitions.root AND NOT EXISTS (
                    SELECT FROM pg_trigger t WHERE t.tgrelid = p.leaf AND t.tgname = 'quicksilver_truncate_whole') LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER quicksilver_truncate_whole BEFORE TRUNCATE ON %s'
            ' FOR EACH STATEMENT EXECUTE FUNCTION quicksilver.refuse_truncate_of_partition()', part.leaf::regclass);
    END LOOP;
END
$function$;
COMMENT ON FUNCTION quicksilver.guard_partitions(oid, boolean) IS
    'Notes and guards the partitions of a published table that are new; called by publish and at each ALTER or CREATE TABLE.';

CREATE OR REPLACE FUNCTION quicksilver.unguard_partitions(root oid)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    part record;
BEGIN
    FOR part IN DELETE FROM quicksilver.partition p WHERE p.root = unguard_partitions.root RETURNING p.leaf LOOP
        IF EXISTS (SELECT FROM pg_class WHERE oid = part.leaf) THEN
            EXECUTE format('DROP TRIGGER IF EXISTS quicksilver_truncate_whole ON %s', part.leaf::regclass);
        END IF;
    END LOOP;
    IF EXISTS (SELECT FROM pg_class WHERE oid = unguard_partitions.root) THEN
        EXECUTE format('DROP TRIGGER IF EXISTS quicksilver_truncate_begins ON %s', unguard_partitions.root::regclass);
        EXECUTE format('DROP TRIGGER IF EXISTS quicksilver_truncate_ends ON %s', unguard_partitions.root::regclass);
    END IF;
END
$function$;

-- The event triggers. A statement may not add a problem; one that is there already (a restored dump, a time without
-- event triggers) must not be in the way of curing it.

CREATE OR REPLACE FUNCTION quicksilver.refuse_ddl(tag text, reason text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'object_not_in_prerequisite_state',
        MESSAGE = format('%s refused: %s', tag, reason),
        HINT = 'quicksilver.unpublish (or drop_database) first, and publish again afterwards.';
END
$function$;

CREATE OR REPLACE FUNCTION quicksilver.before_ddl() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM set_config('quicksilver.problems_before',
        (SELECT coalesce(jsonb_agg(p.database || ': ' || p.problem), '[]')::text FROM quicksilver.problems() p), true);
END
$function$;

CREATE OR REPLACE FUNCTION quicksilver.after_ddl() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    -- What this function does is DDL too and sets it anew.
    before jsonb := coalesce(nullif(current_setting('quicksilver.problems_before', true), ''), '[]')::jsonb;
    bad    record;
BEGIN
    FOR bad IN SELECT c.relation FROM quicksilver.catalog c JOIN pg_class r ON r.oid = c.relation WHERE r.relkind = 'p' LOOP
        PERFORM quicksilver.guard_partitions(bad.relation, false);
    END LOOP;
    SELECT p.* INTO bad FROM quicksilver.problems() p WHERE NOT before ? (p.database || ': ' || p.problem) LIMIT 1;
    IF FOUND THEN
        PERFORM quicksilver.refuse_ddl(TG_TAG, format('database %s could not follow, %s', bad.database, bad.problem));
    END IF;
END
$function$;

CREATE OR REPLACE FUNCTION quicksilver.on_drop() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    bad record;
BEGIN
    -- A column that is dropped and added again in one statement has the same name and other values.
    SELECT c.name, d.object_identity INTO bad
    FROM pg_event_trigger_dropped_objects() d
    JOIN quicksilver.catalog c ON c.relation = d.objid
    WHERE d.object_type = 'table column'
      AND (c.projection IS NULL AND d.address_names[3] IN ('key', 'value')
           OR EXISTS (SELECT FROM jsonb_to_recordset((c.projection -> 'key') || (c.projection -> 'value')) AS f(name text)
                      WHERE f.name = d.address_names[3]))
    LIMIT 1;
    IF FOUND THEN
        PERFORM quicksilver.refuse_ddl(TG_TAG, format('database %s is made of column %s', bad.name, bad.object_identity));
    END IF;
END
$function$;

CREATE OR REPLACE FUNCTION quicksilver.on_rewrite() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    rewritten oid := pg_event_trigger_table_rewrite_oid();
    bad       record;
BEGIN
    -- 1: made unlogged or logged; 4: a column of another type. Neither leaves a trace of the rows in the stream.
    IF pg_event_trigger_table_rewrite_reason() & 5 = 0 THEN
        RETURN;
    END IF;
    SELECT c.name INTO bad FROM quicksilver.catalog c
    WHERE c.relation = rewritten OR c.relation = pg_partition_root(rewritten);
    IF FOUND THEN
        PERFORM quicksilver.refuse_ddl(TG_TAG,
            format('it would rewrite %s, and database %s would not see how', rewritten::regclass, bad.name));
    END IF;
END
$function$;

DO $$
BEGIN
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        RAISE WARNING 'no event triggers: only a superuser makes them, and % is none; DDL that breaks a published table is not refused', current_user
            USING HINT = 'Run the migration as a superuser, or watch SELECT * FROM quicksilver.problems().';
        RETURN;
    END IF;
    DROP EVENT TRIGGER IF EXISTS quicksilver_before_ddl;
    DROP EVENT TRIGGER IF EXISTS quicksilver_after_ddl;
    DROP EVENT TRIGGER IF EXISTS quicksilver_on_drop;
    DROP EVENT TRIGGER IF EXISTS quicksilver_on_rewrite;
    CREATE EVENT TRIGGER quicksilver_before_ddl ON ddl_command_start EXECUTE FUNCTION quicksilver.before_ddl();
    CREATE EVENT TRIGGER quicksilver_after_ddl ON ddl_command_end EXECUTE FUNCTION quicksilver.after_ddl();
    CREATE EVENT TRIGGER quicksilver_on_drop ON sql_drop EXECUTE FUNCTION quicksilver.on_drop();
    CREATE EVENT TRIGGER quicksilver_on_rewrite ON table_rewrite EXECUTE FUNCTION quicksilver.on_rewrite();
END
$$;
