-- A new cluster of the tables as they are: after a restore from a dump, or when no node is left that holds what was written.

CREATE OR REPLACE FUNCTION quicksilver.begin_anew()
RETURNS TABLE (database text, "table" regclass)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    slot       record;
    bad        text;
    found_bad  record;
    kept       quicksilver.catalog_table[];
    publication text := 'publish = ''insert, update, delete, truncate'', publish_via_partition_root = true';
BEGIN
    PERFORM quicksilver.require_read_committed('quicksilver.begin_anew');
    LOCK TABLE quicksilver.catalog, quicksilver.reader IN SHARE ROW EXCLUSIVE MODE;
    SELECT s.slot_name, s.active_pid INTO slot FROM pg_replication_slots s
    WHERE s.slot_name = quicksilver.slot_name() AND s.plugin = 'pgoutput' AND s.database = current_database();
    IF slot.active_pid IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_in_use',
            MESSAGE = format('a root reads the replication slot %s (process %s of PostgreSQL)', slot.slot_name, slot.active_pid),
            HINT = 'Stop the root first: its cluster ends with this.';
    END IF;
    SELECT string_agg(format('%I.%I of database %s', t.table_schema, t.table_name, t.name), ', ' ORDER BY t.name) INTO bad
    FROM quicksilver.catalog_table t WHERE t.named IS NULL;
    IF bad IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_table',
            MESSAGE = format('these tables are not there: %s', bad),
            HINT = 'Restore them (or give them their names back), or remove their databases with quicksilver.drop_database(name).';
    END IF;

    IF NOT EXISTS (SELECT FROM pg_publication p WHERE p.pubname = 'quicksilver') THEN
        EXECUTE format('CREATE PUBLICATION quicksilver FOR TABLE quicksilver.catalog, quicksilver.reader WITH (%s)', publication);
    END IF;
    -- All rows are replaced: each database is another one for the nodes, under another id, at sequence 0.
    kept := ARRAY(SELECT t FROM quicksilver.catalog_table t ORDER BY t.name);
    DELETE FROM quicksilver.partition;
    DELETE FROM quicksilver.catalog;
    INSERT INTO quicksilver.catalog (name, key_type, value_type, table_schema, table_name, relation, owns_table, created_at, projection)
    SELECT k.name, k.key_type, k.value_type, k.table_schema, k.table_name, k.named, k.owns_table, k.created_at, k.projection
    FROM unnest(kept) k;
    UPDATE quicksilver.cluster SET id = gen_random_uuid(), created_at = now();
    DELETE FROM quicksilver.root;
    DELETE FROM quicksilver.sequenced;
    DELETE FROM quicksilver.replica;
    DELETE FROM quicksilver.answer;

    EXECUTE format('ALTER PUBLICATION quicksilver SET (%s)', publication);
    EXECUTE (SELECT 'ALTER PUBLICATION quicksilver SET TABLE quicksilver.catalog, quicksilver.reader'
                 || coalesce(string_agg(format(', %I.%I', k.table_schema, k.table_name), '' ORDER BY k.name), '')
             FROM unnest(kept) k);
    FOR found_bad IN SELECT t.relation FROM quicksilver.catalog_table t LOOP
        PERFORM quicksilver.guard_partitions(found_bad.relation, true);
    END LOOP;
    -- Roles of this server by the names that they had; those that are not there are problems, and hinder no database.
    FOR found_bad IN SELECT r.role FROM quicksilver.reader r JOIN pg_roles a ON a.rolname = r.role LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION quicksilver.reads_at_the_edges() TO %I', found_bad.role);
    END LOOP;
    SELECT p.* INTO found_bad FROM quicksilver.table_problems() p LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('database %s could not follow its table: %s', found_bad.database, found_bad.problem),
            HINT = format('What helps: %s. Then call this again.', found_bad.cure);
    END IF;
    -- Not dropped here, since that is not undone with the transaction; the next root does it.
    IF slot.slot_name IS NOT NULL THEN
        INSERT INTO quicksilver.ended_slot VALUES (slot.slot_name) ON CONFLICT DO NOTHING;
    END IF;
    RETURN QUERY SELECT t.name, t.relation::regclass FROM quicksilver.catalog_table t ORDER BY t.name;
END
$function$;
REVOKE ALL ON FUNCTION quicksilver.begin_anew() FROM PUBLIC;
COMMENT ON FUNCTION quicksilver.begin_anew() IS
    'Makes a new cluster of the databases'' tables as they are, found by their names; roots and replicas start with empty data directories.';
