-- Where the tables of the databases are. The catalog has a table's OID, which the stream of changes names, and its schema
-- and name. A dump keeps names and what is in the publication, and loses OIDs: a table is a database's if it has that name,
-- and that OID or a place in the publication.

CREATE OR REPLACE FUNCTION quicksilver.place()
RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT format('%s/%s/%s', c.system_identifier, d.oid, coalesce(p.oid, 0))
    FROM pg_control_system() c
    CROSS JOIN pg_database d
    LEFT JOIN pg_publication p ON p.pubname = 'quicksilver'
    WHERE d.datname = current_database()
$function$;
COMMENT ON FUNCTION quicksilver.place() IS
    'Which database of which server this is, and which publication: the system identifier and two OIDs.';

CREATE OR REPLACE VIEW quicksilver.published_table AS
SELECT pr.prrelid AS relation, n.nspname AS table_schema, r.relname AS table_name
FROM pg_publication pub
JOIN pg_publication_rel pr ON pr.prpubid = pub.oid
JOIN pg_class r ON r.oid = pr.prrelid
JOIN pg_namespace n ON n.oid = r.relnamespace
WHERE pub.pubname = 'quicksilver' AND pr.prrelid NOT IN ('quicksilver.catalog'::regclass, 'quicksilver.reader'::regclass);
COMMENT ON VIEW quicksilver.published_table IS 'The tables in the publication, but for the catalog and the readers.';

CREATE OR REPLACE VIEW quicksilver.catalog_table AS
SELECT c.name, c.id, c.key_type, c.value_type, c.table_schema, c.table_name, c.relation AS recorded, c.owns_table,
       c.created_at, c.projection,
       r.oid AS named,
       CASE WHEN r.oid = c.relation OR p.relation IS NOT NULL THEN r.oid END AS relation,
       CASE
           WHEN r.oid = c.relation THEN 'there'
           WHEN p.relation IS NOT NULL THEN 'restored'
           WHEN r.oid IS NOT NULL THEN 'another'
           WHEN EXISTS (SELECT FROM quicksilver.published_table o WHERE o.relation = c.relation AND NOT EXISTS (
                            SELECT FROM quicksilver.catalog oc
                            WHERE oc.table_schema = o.table_schema AND oc.table_name = o.table_name)) THEN 'renamed'
           ELSE 'gone'
       END AS state
FROM quicksilver.catalog c
LEFT JOIN pg_namespace n ON n.nspname = c.table_schema
LEFT JOIN pg_class r ON r.relnamespace = n.oid AND r.relname = c.table_name AND r.relkind IN ('r', 'p')
LEFT JOIN quicksilver.published_table p ON p.relation = r.oid;
COMMENT ON VIEW quicksilver.catalog_table IS
    'The catalog, with the table (relation) of each database if it is told for certain; state is there, restored, another, renamed or gone.';

CREATE OR REPLACE FUNCTION quicksilver.is_restored()
RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT CASE
        WHEN EXISTS (SELECT FROM quicksilver.root r WHERE r.place IS NOT NULL) THEN
            NOT EXISTS (SELECT FROM quicksilver.root r WHERE r.place = quicksilver.place())
        ELSE EXISTS (SELECT FROM quicksilver.catalog_table t WHERE t.state IN ('restored', 'another'))
    END
$function$;
COMMENT ON FUNCTION quicksilver.is_restored() IS
    'Whether this database came from a dump, is a copy of another or got another publication, and quicksilver.begin_anew() was not called since.';

-- The relations of a partitioned table, itself included. Unlike pg_partition_tree it locks none of them: it is looked at
-- by every DDL statement, most of which have nothing to do with them.
CREATE OR REPLACE FUNCTION quicksilver.partition_tree(root oid)
RETURNS TABLE (relid oid, isleaf boolean)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    WITH RECURSIVE tree AS (
        SELECT c.oid, c.relkind FROM pg_class c WHERE c.oid = partition_tree.root
        UNION ALL
        SELECT c.oid, c.relkind
        FROM tree t JOIN pg_inherits i ON i.inhparent = t.oid JOIN pg_class c ON c.oid = i.inhrelid
        WHERE t.relkind = 'p' AND NOT i.inhdetachpending
    )
    SELECT t.oid, t.relkind <> 'p' FROM tree t
$function$;
COMMENT ON FUNCTION quicksilver.partition_tree(oid) IS 'A table and its partitions; one that is being detached is none.';

CREATE OR REPLACE FUNCTION quicksilver.slot_name()
RETURNS name
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT coalesce(
        (SELECT r.slot_name FROM quicksilver.root r WHERE r.place = quicksilver.place()),
        -- Of a version before there was one name for each database.
        (SELECT s.slot_name FROM pg_replication_slots s
         WHERE s.slot_name = 'quicksilver' AND s.plugin = 'pgoutput' AND s.database = current_database()),
        (SELECT CASE WHEN d.datname ~ '^[a-z0-9_]{1,50}$' AND d.datname !~ '^[0-9]+$' THEN 'quicksilver_' || d.datname
                     ELSE 'quicksilver_' || d.oid END
         FROM pg_database d WHERE d.datname = current_database()))::name
$function$;
COMMENT ON FUNCTION quicksilver.slot_name() IS
    'The replication slot of this database''s root: the one that the last root took, else one named after the database.';

-- What looks at rows or at the catalog before it acts has to see what others have committed since the transaction began.
CREATE OR REPLACE FUNCTION quicksilver.require_read_committed(what text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'active_sql_transaction',
            MESSAGE = format('%s would not see what others have committed since this transaction of isolation level %s began',
                what, current_setting('transaction_isolation')),
            HINT = 'Do it in a READ COMMITTED transaction.';
    END IF;
END
$function$;
COMMENT ON FUNCTION quicksilver.require_read_committed(text) IS
    'Refuses an isolation level in which a transaction sees an old snapshot.';
