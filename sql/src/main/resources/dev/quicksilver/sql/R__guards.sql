-- Changes of a published table's definition that would make its database silently wrong are refused at the statement.

-- They must not look on while what they call is replaced; afterMigrate makes them again.
DROP EVENT TRIGGER IF EXISTS quicksilver_before_ddl;
DROP EVENT TRIGGER IF EXISTS quicksilver_after_ddl;
DROP EVENT TRIGGER IF EXISTS quicksilver_on_drop;
DROP EVENT TRIGGER IF EXISTS quicksilver_on_rewrite;

-- The old row must tell what an update left alone, and which key it had. A table without a TOAST table (its rows are
-- short by their types) has every value in the WAL.
CREATE OR REPLACE FUNCTION quicksilver.unfit_identities(relation oid, object_can_be_large boolean)
RETURNS SETOF regclass
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT c.oid::regclass FROM pg_class c
    WHERE c.oid IN (SELECT t.relid FROM quicksilver.partition_tree(unfit_identities.relation) t)
      AND c.relreplident <> 'f'
      AND (c.relreplident <> 'd' OR unfit_identities.object_can_be_large AND (c.reltoastrelid <> 0 OR c.relkind = 'p'))
$function$;
COMMENT ON FUNCTION quicksilver.unfit_identities(oid, boolean) IS
    'Of a table and its partitions, those whose replica identity does not suffice for a database.';

-- From version 18 on PostgreSQL refuses to update a published table whose replica identity has columns that are not published.
CREATE OR REPLACE FUNCTION quicksilver.generated_in_identity(relation oid)
RETURNS TABLE (of regclass, name name)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT c.oid::regclass, a.attname
    FROM quicksilver.partition_tree(generated_in_identity.relation) t
    JOIN pg_class c ON c.oid = t.relid AND c.relreplident = 'f'
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attgenerated <> '' AND NOT a.attisdropped
    WHERE current_setting('server_version_num')::integer >= 180000
$function$;
COMMENT ON FUNCTION quicksilver.generated_in_identity(oid) IS
    'Of a table and its partitions, the generated columns that keep PostgreSQL from updating them.';

CREATE OR REPLACE FUNCTION quicksilver.unguarded(leaf oid)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT format('partition %s of its table came unnoticed, so its rows may be missing', leaf::regclass)
$function$;
COMMENT ON FUNCTION quicksilver.unguarded(oid) IS 'The problem of a partition that quicksilver.partition does not have.';

CREATE OR REPLACE FUNCTION quicksilver.table_problems()
RETURNS TABLE (database text, problem text, cure text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $function$
    WITH restored AS MATERIALIZED (SELECT quicksilver.is_restored() AS yes),
    ours (what, relation, name, identity, triggers) AS (VALUES
        ('catalog', 'quicksilver.catalog'::regclass, 'quicksilver.catalog', 'd'::"char",
            '{catalog_rows_are_not_changed,catalog_is_not_emptied}'::name[]),
        ('table of readers', 'quicksilver.reader'::regclass, 'quicksilver.reader', 'f'::"char",
            '{reader_rows_are_not_changed,reader_is_not_emptied}'::name[])
    ),
    published AS (
        SELECT c.name, c.relation, c.state, c.recorded, format('%I.%I', c.table_schema, c.table_name) AS table_name,
               CASE WHEN c.owns_table THEN format('SELECT quicksilver.drop_database(%L), and create_database again', c.name)
                    ELSE format('SELECT quicksilver.unpublish(%L), and publish again', c.name) END AS anew,
               coalesce((c.projection ->> 'object')::boolean, false) AS is_object,
               coalesce(c.projection -> 'key',
                   jsonb_build_array(jsonb_build_object('name', 'key', 'type', c.key_type))) AS keys,
               coalesce(c.projection -> 'value',
                   jsonb_build_array(jsonb_build_object('name', 'value', 'type', c.value_type))) AS vals
        FROM quicksilver.catalog_table c
    )
    SELECT 'quicksilver', 'this database was restored from a dump, is a copy of another or got another publication: its cluster does not go on',
           'SELECT quicksilver.begin_anew(), and start a root with an empty data directory'
    FROM restored WHERE restored.yes
    UNION ALL
    SELECT 'quicksilver', format('the publication no longer has the whole %s', o.what),
           format('ALTER PUBLICATION quicksilver ADD TABLE %s, after DROP TABLE if it has a part of it', o.name)
    FROM ours o
    WHERE NOT EXISTS (
        SELECT FROM pg_publication_rel pr JOIN pg_publication pub ON pub.oid = pr.prpubid
        WHERE pub.pubname = 'quicksilver' AND pr.prrelid = o.relation AND pr.prattrs IS NULL AND pr.prqual IS NULL)
    UNION ALL
    SELECT 'quicksilver', format('the replica identity of the %s does not suffice', o.what),
           format('ALTER TABLE %s REPLICA IDENTITY %s', o.name, CASE o.identity WHEN 'd' THEN 'DEFAULT' ELSE 'FULL' END)
    FROM ours o JOIN pg_class c ON c.oid = o.relation AND c.relreplident <> o.identity
    UNION ALL
    SELECT 'quicksilver', format('trigger %s of the %s is gone or not enabled always', w.name, o.what),
           format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %s', o.name, w.name)
    FROM ours o CROSS JOIN LATERAL unnest(o.triggers) AS w(name)
    WHERE NOT EXISTS (SELECT FROM pg_trigger g WHERE g.tgrelid = o.relation AND g.tgname = w.name AND g.tgenabled = 'A')
    UNION ALL
    SELECT 'quicksilver', format('event trigger %s is not enabled always, so DDL can pass it by', e.evtname),
           format('ALTER EVENT TRIGGER %s ENABLE ALWAYS', e.evtname)
    FROM pg_event_trigger e WHERE e.evtname LIKE 'quicksilver\_%' AND e.evtenabled <> 'A'
    UNION ALL
    SELECT t.name, p.problem, coalesce(p.cure, t.anew)
    FROM published t
    LEFT JOIN pg_class r ON r.oid = t.relation
    LEFT JOIN pg_publication pub ON pub.pubname = 'quicksilver'
    LEFT JOIN pg_publication_rel pr ON pr.prpubid = pub.oid AND pr.prrelid = t.relation
    CROSS JOIN LATERAL (
        SELECT string_agg(f.name, ', ') FILTER (WHERE a.attnum IS NULL OR y.typname <> f.type) AS changed,
               bool_or(y.typlen = -1) FILTER (WHERE f.of_value) AS can_be_large,
               bool_or(f.of_value AND NOT coalesce(a.attnotnull, true)) AS can_be_null,
               min(f.name) FILTER (WHERE f.of_value) AS value_name
        FROM (SELECT k.name, k.type, false AS of_value FROM jsonb_to_recordset(t.keys) AS k(name text, type text)
              UNION ALL
              SELECT v.name, v.type, true FROM jsonb_to_recordset(t.vals) AS v(name text, type text)) AS f
        LEFT JOIN pg_attribute a ON a.attrelid = t.relation AND a.attname = f.name AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_type y ON y.oid = a.atttypid
    ) AS columns
    CROSS JOIN LATERAL (VALUES
        (t.state = 'gone', 'its table is gone', NULL),
        (t.state = 'renamed', 'its table was renamed unnoticed', format('give %s its name %s back', t.recorded::regclass, t.table_name)),
        (t.state = 'restored', format('table %s is another one than its database was made of, as after a restore', t.table_name),
            'SELECT quicksilver.begin_anew(), and start a root with an empty data directory'),
        (t.state = 'another', format('table %s is another one than its database was made of, and not in the publication', t.table_name),
            CASE WHEN (SELECT yes FROM restored) THEN 'SELECT quicksilver.begin_anew(), and start a root with an empty data directory' END),
        (r.relpersistence <> 'p', 'its table is not logged', NULL),
        (pub.oid IS NULL OR NOT (pub.pubinsert AND pub.pubupdate AND pub.pubdelete AND pub.pubtruncate AND pub.pubviaroot),
            'the publication is gone or leaves out changes', NULL),
        (r.oid IS NOT NULL AND pub.oid IS NOT NULL AND pr.oid IS NULL, 'its table is not in the publication', NULL),
        (pr.prattrs IS NOT NULL OR pr.prqual IS NOT NULL, 'the publication leaves out columns or rows of its table', NULL),
        (r.oid IS NOT NULL AND columns.changed IS NOT NULL,
            format('column %s is gone, renamed or of another type', columns.changed), NULL),
        (r.oid IS NOT NULL AND NOT t.is_object AND columns.can_be_null, 'its value may be null',
            format('ALTER TABLE %s ALTER %I SET NOT NULL', t.table_name, columns.value_name)),
        (r.oid IS NOT NULL AND NOT EXISTS (
             SELECT FROM pg_index i WHERE i.indrelid = t.relation AND i.indisprimary AND i.indimmediate AND i.indisvalid
               AND i.indnkeyatts = jsonb_array_length(t.keys)
               AND NOT EXISTS (SELECT FROM jsonb_to_recordset(t.keys) AS k(name text)
                    WHERE NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = t.relation AND a.attname = k.name
                                        AND a.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])))),
            'its key columns are no longer the primary key', NULL),
        (r.oid IS NOT NULL AND NOT EXISTS (SELECT FROM pg_constraint k
             WHERE k.conrelid = t.relation AND k.contype = 'c' AND k.convalidated
               AND k.conname IN ('key_must_have_1_to_511_bytes', 'quicksilver_key_must_have_1_to_511_bytes')),
            'the constraint on the length of its keys is gone', NULL),
        (r.oid IS NOT NULL AND columns.can_be_large AND NOT EXISTS (SELECT FROM pg_constraint k
             WHERE k.conrelid = t.relation AND k.contype = 'c' AND k.convalidated
               AND k.conname IN ('value_must_not_exceed_64_mib', 'quicksilver_value_must_not_be_too_large')),
            'the constraint on the length of its values is gone', NULL),
        (r.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits h WHERE h.inhparent = t.relation),
            'another table inherits from its table', format('ALTER TABLE … NO INHERIT %s', t.table_name)),
        -- Its changes are sent as the other's then, and its own database stands still.
        (r.relispartition AND EXISTS (
             SELECT FROM pg_partition_ancestors(t.relation) u
             WHERE u.relid <> t.relation AND u.relid IN (SELECT p.relation FROM quicksilver.published_table p)),
            'its table is a partition of another published table', NULL)
    ) AS p(found, problem, cure)
    WHERE p.found
    UNION ALL
    SELECT t.name, format('the replica identity of %s does not suffice', u),
           format('ALTER TABLE %s REPLICA IDENTITY %s', u, CASE WHEN t.is_object THEN 'FULL' ELSE 'DEFAULT' END)
    FROM published t
    CROSS JOIN LATERAL quicksilver.unfit_identities(t.relation, t.is_object AND EXISTS (
        SELECT FROM jsonb_to_recordset(t.vals) AS v(name text)
        JOIN pg_attribute a ON a.attrelid = t.relation AND a.attname = v.name AND a.attnum > 0 AND NOT a.attisdropped
        JOIN pg_type y ON y.oid = a.atttypid
        WHERE y.typlen = -1)) AS u
    UNION ALL
    SELECT t.name, format('PostgreSQL lets nobody update %s, which has REPLICA IDENTITY FULL and a generated column %I', g.of, g.name),
           format('ALTER TABLE %s DROP COLUMN %I', g.of, g.name)
    FROM published t CROSS JOIN LATERAL quicksilver.generated_in_identity(t.relation) AS g
    UNION ALL
    SELECT t.name, format('partition %s of its table is gone or detached', coalesce(x.relname, p.leaf::text)), t.anew
    FROM published t
    JOIN quicksilver.partition p ON p.root = t.relation
    LEFT JOIN pg_class x ON x.oid = p.leaf
    WHERE t.state = 'there' AND p.leaf NOT IN (SELECT l.relid FROM quicksilver.partition_tree(t.relation) l)
    UNION ALL
    SELECT t.name, quicksilver.unguarded(l.relid), t.anew
    FROM published t
    JOIN pg_class r ON r.oid = t.relation AND r.relkind = 'p'
    CROSS JOIN quicksilver.partition_tree(t.relation) l
    WHERE t.state = 'there' AND l.isleaf AND NOT EXISTS (SELECT FROM quicksilver.partition p WHERE p.leaf = l.relid)
    UNION ALL
    SELECT t.name, format('trigger %I of %s is gone or not enabled always, so a TRUNCATE can pass it by', w.name, w.of::regclass),
           t.anew
    FROM published t
    CROSS JOIN LATERAL (
        SELECT p.leaf, 'quicksilver_truncate_whole' FROM quicksilver.partition p
        WHERE p.root = t.relation AND p.leaf IN (SELECT l.relid FROM quicksilver.partition_tree(t.relation) l)
        UNION ALL
        SELECT r.oid, n.name FROM pg_class r, (VALUES ('quicksilver_truncate_begins'), ('quicksilver_truncate_ends')) AS n(name)
        WHERE r.oid = t.relation AND r.relkind = 'p'
    ) AS w(of, name)
    WHERE t.state = 'there' AND NOT EXISTS (
        SELECT FROM pg_trigger g WHERE g.tgrelid = w.of AND g.tgname = w.name AND g.tgenabled = 'A')
$function$;
REVOKE ALL ON FUNCTION quicksilver.table_problems() FROM PUBLIC;
COMMENT ON FUNCTION quicksilver.table_problems() IS
    'Part of problems(): what has been done to published tables so that their databases can no longer follow them. No DDL may add to it.';

DROP FUNCTION IF EXISTS quicksilver.problems();
CREATE FUNCTION quicksilver.problems()
RETURNS TABLE (database text, problem text, cure text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $function$
    SELECT t.database, t.problem, t.cure FROM quicksilver.table_problems() t
    UNION ALL
    SELECT r.database, r.problem, r.cure FROM quicksilver.reader_problems() r
$function$;
COMMENT ON FUNCTION quicksilver.problems() IS
    'What keeps databases from following their tables, and who is let in at the edges against what PostgreSQL knows; with what helps. Empty if all is well.';

-- Partitions. A TRUNCATE of one of them is not in the publication's stream, only one of the whole table.

CREATE OR REPLACE FUNCTION quicksilver.note_truncate() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF TG_WHEN = 'BEFORE' THEN
        INSERT INTO quicksilver.truncating VALUES (TG_RELID) ON CONFLICT DO NOTHING;
    ELSE
        DELETE FROM quicksilver.truncating t WHERE t.root = TG_RELID;
    END IF;
    RETURN NULL;
END
$function$;
REVOKE ALL ON FUNCTION quicksilver.note_truncate() FROM PUBLIC;

CREATE OR REPLACE FUNCTION quicksilver.refuse_truncate_of_partition() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    published oid := (SELECT p.root FROM quicksilver.partition p WHERE p.leaf = TG_RELID);
BEGIN
    IF published IS NULL THEN -- published since the snapshot of an older transaction, or in a dump
        PERFORM quicksilver.require_read_committed(format('TRUNCATE of %s', TG_RELID::regclass));
    ELSIF NOT EXISTS (SELECT FROM quicksilver.truncating t WHERE t.root = published) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('%s is a partition of a published table and cannot be truncated alone', TG_RELID::regclass),
            HINT = format('DELETE FROM %s instead, or TRUNCATE %s.', TG_RELID::regclass, published::regclass);
    END IF;
    RETURN NULL;
END
$function$;
REVOKE ALL ON FUNCTION quicksilver.refuse_truncate_of_partition() FROM PUBLIC;

DROP FUNCTION IF EXISTS quicksilver.guard_partitions(oid, boolean);
CREATE OR REPLACE FUNCTION quicksilver.guard_partitions(root oid, may_have_rows boolean, problems_before jsonb DEFAULT '[]')
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
    -- Each statement here is DDL too; the event triggers pass it by, and look at what came of all of them.
    INSERT INTO quicksilver.truncating VALUES (0) ON CONFLICT DO NOTHING;
    -- One that was empty when it was detached has taken nothing with it.
    FOR part IN SELECT p.leaf FROM quicksilver.partition p JOIN pg_class c ON c.oid = p.leaf
                WHERE p.root = guard_partitions.root
                  AND p.leaf NOT IN (SELECT t.relid FROM quicksilver.partition_tree(guard_partitions.root) t) LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %s)', part.leaf::regclass) INTO filled;
        IF NOT filled THEN
            DELETE FROM quicksilver.partition p WHERE p.leaf = part.leaf;
            EXECUTE format('DROP TRIGGER IF EXISTS quicksilver_truncate_whole ON %s', part.leaf::regclass);
        END IF;
    END LOOP;
    -- What updates leave alone must be in the WAL for a new partition as for the others.
    IF (SELECT c.relreplident FROM pg_class c WHERE c.oid = guard_partitions.root) = 'f' THEN
        FOR part IN SELECT c.oid FROM quicksilver.partition_tree(guard_partitions.root) t JOIN pg_class c ON c.oid = t.relid
                    WHERE c.relreplident <> 'f' AND c.relkind IN ('r', 'p')
                      AND NOT (guard_partitions.may_have_rows OR EXISTS (SELECT FROM quicksilver.partition p WHERE p.leaf = c.oid)) LOOP
            EXECUTE format('ALTER TABLE %s REPLICA IDENTITY FULL', part.oid::regclass);
        END LOOP;
    END IF;
    FOR part IN SELECT c.oid AS leaf, c.relkind, c.relpersistence
                FROM quicksilver.partition_tree(guard_partitions.root) t JOIN pg_class c ON c.oid = t.relid
                WHERE t.isleaf AND c.oid NOT IN (SELECT p.leaf FROM quicksilver.partition p) LOOP
        CONTINUE WHEN guard_partitions.problems_before ? quicksilver.unguarded(part.leaf);
        IF part.relkind <> 'r' OR part.relpersistence <> 'p' THEN
            RAISE EXCEPTION USING
                ERRCODE = 'wrong_object_type',
                MESSAGE = format('partition %s of a published table is foreign or not logged', part.leaf::regclass),
                HINT = 'Changes of such a partition are not in the WAL; make it an ordinary table.';
        END IF;
        IF NOT guard_partitions.may_have_rows THEN
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
        PERFORM quicksilver.guard_truncate(part.leaf, 'quicksilver_truncate_whole', 'BEFORE', 'refuse_truncate_of_partition');
    END LOOP;
    IF guard_partitions.may_have_rows THEN
        PERFORM quicksilver.guard_truncate(guard_partitions.root, 'quicksilver_truncate_begins', 'BEFORE', 'note_truncate');
        PERFORM quicksilver.guard_truncate(guard_partitions.root, 'quicksilver_truncate_ends', 'AFTER', 'note_truncate');
    END IF;
    DELETE FROM quicksilver.truncating t WHERE t.root = 0;
END
$function$;
REVOKE ALL ON FUNCTION quicksilver.guard_partitions(oid, boolean, jsonb) FROM PUBLIC;
COMMENT ON FUNCTION quicksilver.guard_partitions(oid, boolean, jsonb) IS
    'Notes and guards the partitions of a published table that are new; called when it is published and by DDL that touches it.';

-- Always: not even a session that loads with session_replication_role = replica passes it by.
CREATE OR REPLACE FUNCTION quicksilver.guard_truncate(of oid, trigger_name text, timing text, function_name text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = guard_truncate.of AND t.tgname = guard_truncate.trigger_name) THEN
        EXECUTE format('CREATE TRIGGER %I %s TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION quicksilver.%I()',
            guard_truncate.trigger_name, guard_truncate.timing, guard_truncate.of::regclass, guard_truncate.function_name);
    END IF;
    IF EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = guard_truncate.of AND t.tgname = guard_truncate.trigger_name
                   AND t.tgenabled <> 'A') THEN
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', guard_truncate.of::regclass, guard_truncate.trigger_name);
    END IF;
END
$function$;
REVOKE ALL ON FUNCTION quicksilver.guard_truncate(oid, text, text, text) FROM PUBLIC;

DROP FUNCTION IF EXISTS quicksilver.unguard_partitions(oid);
CREATE OR REPLACE FUNCTION quicksilver.unguard_partitions(recorded oid, root oid)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    guard record;
BEGIN
    DELETE FROM quicksilver.partition p WHERE p.root IN (unguard_partitions.recorded, unguard_partitions.root);
    FOR guard IN SELECT t.tgrelid, t.tgname FROM pg_trigger t
                 WHERE t.tgrelid IN (SELECT l.relid FROM quicksilver.partition_tree(unguard_partitions.root) l)
                   AND t.tgname IN ('quicksilver_truncate_begins', 'quicksilver_truncate_ends', 'quicksilver_truncate_whole') LOOP
        EXECUTE format('DROP TRIGGER IF EXISTS %I ON %s', guard.tgname, guard.tgrelid::regclass);
    END LOOP;
END
$function$;
REVOKE ALL ON FUNCTION quicksilver.unguard_partitions(oid, oid) FROM PUBLIC;
COMMENT ON FUNCTION quicksilver.unguard_partitions(oid, oid) IS
    'Forgets the partitions of a database''s table, which is NULL if it is gone, and takes the guards off that are there.';

-- The event triggers. A statement may not add a problem; one that is there already (a restored dump, a time without
-- event triggers) must not be in the way of curing it.

CREATE OR REPLACE FUNCTION quicksilver.refuse_ddl(tag text, reason text, cure text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'object_not_in_prerequisite_state',
        MESSAGE = format('%s refused: %s', tag, reason),
        HINT = coalesce(refuse_ddl.cure, 'quicksilver.unpublish (or drop_database) first, and publish again afterwards.');
END
$function$;
DROP FUNCTION IF EXISTS quicksilver.refuse_ddl(text, text);
REVOKE ALL ON FUNCTION quicksilver.refuse_ddl(text, text, text) FROM PUBLIC;

-- An older snapshot shows no table that was published since, nor its rows. PostgreSQL's own functions look at what is so now.
CREATE OR REPLACE FUNCTION quicksilver.refuse_old_snapshot(tag text, touched oid[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    bad regclass;
BEGIN
    IF current_setting('transaction_isolation') NOT IN ('repeatable read', 'serializable') THEN
        RETURN;
    END IF;
    SELECT t INTO bad
    FROM unnest(touched) AS t
    WHERE EXISTS (
        SELECT FROM pg_publication pub, pg_get_publication_tables(pub.pubname) published
        WHERE pub.pubname = 'quicksilver'
          AND (published.relid = t OR published.relid IN (SELECT a.relid FROM pg_partition_ancestors(t) a)))
    LIMIT 1;
    IF FOUND THEN
        PERFORM quicksilver.require_read_committed(format('%s of the published table %s', tag, bad));
    END IF;
END
$function$;
REVOKE ALL ON FUNCTION quicksilver.refuse_old_snapshot(text, oid[]) FROM PUBLIC;

CREATE OR REPLACE FUNCTION quicksilver.before_ddl() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF EXISTS (SELECT FROM quicksilver.truncating t WHERE t.root = 0) THEN
        RETURN;
    END IF;
    PERFORM set_config('quicksilver.problems_before',
        (SELECT coalesce(jsonb_agg(p.problem) || jsonb_agg(p.database || ': ' || p.problem), '[]')::text
         FROM quicksilver.table_problems() p), true);
    IF TG_TAG IN ('REVOKE', 'DROP OWNED') THEN
        PERFORM set_config('quicksilver.marked_before',
            (SELECT coalesce(jsonb_agg(m.role), '[]')::text FROM quicksilver.marked_readers() m), true);
    END IF;
END
$function$;
REVOKE ALL ON FUNCTION quicksilver.before_ddl() FROM PUBLIC;

CREATE OR REPLACE FUNCTION quicksilver.after_ddl() RETURNS event_trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    -- What this function does is DDL too and sets it anew.
    before jsonb := coalesce(nullif(current_setting('quicksilver.problems_before', true), ''), '[]')::jsonb;
    touched oid[] := ARRAY(SELECT d.objid FROM pg_event_trigger_ddl_commands() d WHERE d.classid = 'pg_class'::regclass);
    bad    record;
BEGIN
    IF EXISTS (SELECT FROM quicksilver.truncating t WHERE t.root = 0) THEN
        RETURN;
    END IF;
    PERFORM quicksilver.refuse_old_snapshot(TG_TAG, touched);
    IF TG_TAG IN ('REVOKE', 'DROP OWNED') THEN
        PERFORM quicksilver.follow_revokes(coalesce(nullif(current_setting('quicksilver.marked_before', true), ''), '[]')::jsonb);
    END IF;
    -- A database goes on with a table that gets another name or schema; a dump has to find it by that.
    -- Looked at first: an UPDATE waits for whoever publishes a table just now.
    IF EXISTS (SELECT FROM quicksilver.catalog_table t
               WHERE t.state = 'renamed' AND NOT before ? (t.name || ': its table was renamed unnoticed')) THEN
        UPDATE quicksilver.catalog c SET table_schema = p.table_schema, table_name = p.table_name
        FROM quicksilver.catalog_table t JOIN quicksilver.published_table p ON p.relation = t.recorded
        WHERE c.name = t.name AND t.state = 'renamed' AND NOT before ? (t.name || ': its table was renamed unnoticed');
    END IF;
    FOR bad IN SELECT c.relation FROM quicksilver.catalog_table c JOIN pg_class r ON r.oid = c.relation
               WHERE c.state = 'there' AND r.relkind = 'p' AND touched && ARRAY(
                   SELECT t.relid FROM quicksilver.partition_tree(c.relation) t
                   UNION ALL SELECT p.leaf FROM quicksilver.partition p WHERE p.root = c.relation) LOOP
        PERFORM quicksilver.guard_partitions(bad.relation, false, before);
    END LOOP;
    SELECT p.* INTO bad FROM quicksilver.table_problems() p WHERE NOT before ? (p.database || ': ' || p.problem) LIMIT 1;
    IF FOUND THEN
        PERFORM quicksilver.refuse_ddl(TG_TAG, format('database %s could not follow, %s', bad.database, bad.problem),
            (SELECT string_agg(p.cure, '; ' ORDER BY p.cure) || ' first.' FROM quicksilver.table_problems() p
             WHERE p.database = bad.database AND p.problem LIKE 'the replica identity of %'
               AND bad.problem LIKE 'the replica identity of %'));
    END IF;
END
$function$;
REVOKE ALL ON FUNCTION quicksilver.after_ddl() FROM PUBLIC;

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
    JOIN quicksilver.catalog_table c ON c.relation = d.objid
    WHERE d.object_type = 'table column'
      AND (c.projection IS NULL AND d.address_names[3] IN ('key', 'value')
           OR EXISTS (SELECT FROM jsonb_to_recordset((c.projection -> 'key') || (c.projection -> 'value')) AS f(name text)
                      WHERE f.name = d.address_names[3]))
    LIMIT 1;
    IF FOUND THEN
        PERFORM quicksilver.refuse_ddl(TG_TAG, format('database %s is made of column %s', bad.name, bad.object_identity), NULL);
    END IF;
END
$function$;
REVOKE ALL ON FUNCTION quicksilver.on_drop() FROM PUBLIC;

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
    PERFORM quicksilver.refuse_old_snapshot(TG_TAG, ARRAY[rewritten]);
    SELECT c.name INTO bad FROM quicksilver.catalog_table c
    WHERE rewritten IN (SELECT t.relid FROM quicksilver.partition_tree(c.relation) t);
    IF FOUND THEN
        PERFORM quicksilver.refuse_ddl(TG_TAG,
            format('it would rewrite %s, and database %s would not see how', rewritten::regclass, bad.name), NULL);
    END IF;
END
$function$;
REVOKE ALL ON FUNCTION quicksilver.on_rewrite() FROM PUBLIC;

-- Guards of an earlier version did not stand in a session that loads with session_replication_role = replica.
DO $$
DECLARE
    part record;
BEGIN
    FOR part IN SELECT p.leaf, p.root FROM quicksilver.partition p JOIN quicksilver.catalog_table t ON t.relation = p.root
                JOIN pg_class c ON c.oid = p.leaf LOOP
        PERFORM quicksilver.guard_truncate(part.leaf, 'quicksilver_truncate_whole', 'BEFORE', 'refuse_truncate_of_partition');
        PERFORM quicksilver.guard_truncate(part.root, 'quicksilver_truncate_begins', 'BEFORE', 'note_truncate');
        PERFORM quicksilver.guard_truncate(part.root, 'quicksilver_truncate_ends', 'AFTER', 'note_truncate');
    END LOOP;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE WARNING 'a published partitioned table is not guarded anew: %', SQLERRM
        USING HINT = 'SELECT * FROM quicksilver.problems() names it; run the migration as a superuser.';
END
$$;
