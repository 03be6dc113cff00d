-- A dump keeps names and loses OIDs: where this database is, so that a restored or copied one is told apart, names of
-- tables that follow a rename, and guards that settings of loaders do not switch off.

ALTER TABLE quicksilver.root ADD COLUMN place text;
COMMENT ON COLUMN quicksilver.root.place IS
    'Which database of which server that root read, see quicksilver.place(); NULL if an earlier version wrote the row.';
-- A row of an earlier version that came with a dump says nothing of this server.
DELETE FROM quicksilver.root r WHERE NOT EXISTS (
    SELECT FROM pg_replication_slots s WHERE s.slot_name = r.slot_name AND s.database = current_database());

-- A table may be renamed, and its database goes on; all else of a row stays.
DROP TRIGGER catalog_rows_are_not_changed ON quicksilver.catalog;
CREATE TRIGGER catalog_rows_are_not_changed BEFORE UPDATE ON quicksilver.catalog FOR EACH ROW
    WHEN ((OLD.name, OLD.id, OLD.key_type, OLD.value_type, OLD.relation, OLD.owns_table, OLD.created_at, OLD.projection)
        IS DISTINCT FROM
        (NEW.name, NEW.id, NEW.key_type, NEW.value_type, NEW.relation, NEW.owns_table, NEW.created_at, NEW.projection))
    EXECUTE FUNCTION quicksilver.refuse_catalog_change();
CREATE TRIGGER catalog_is_not_emptied BEFORE TRUNCATE ON quicksilver.catalog
    FOR EACH STATEMENT EXECUTE FUNCTION quicksilver.refuse_catalog_change();
-- A table could be renamed before, and its name here stayed; where its slot is, the OIDs are this server's own.
UPDATE quicksilver.catalog c SET table_schema = n.nspname, table_name = r.relname
FROM pg_publication pub
JOIN pg_publication_rel pr ON pr.prpubid = pub.oid
JOIN pg_class r ON r.oid = pr.prrelid
JOIN pg_namespace n ON n.oid = r.relnamespace
WHERE pub.pubname = 'quicksilver' AND r.oid = c.relation AND (n.nspname, r.relname) <> (c.table_schema::name, c.table_name::name)
  AND EXISTS (SELECT FROM quicksilver.root);
ALTER TABLE quicksilver.catalog ENABLE ALWAYS TRIGGER catalog_rows_are_not_changed;
ALTER TABLE quicksilver.catalog ENABLE ALWAYS TRIGGER catalog_is_not_emptied;

-- Written by the triggers of a published partitioned table around a TRUNCATE of the whole of it, and by nobody else.
CREATE UNLOGGED TABLE quicksilver.truncating (
    root oid NOT NULL CONSTRAINT truncating_names_a_table_once PRIMARY KEY
);
COMMENT ON TABLE quicksilver.truncating IS
    'Published partitioned tables that are being truncated as a whole; always empty outside such a statement.';

CREATE TABLE quicksilver.ended_slot (
    slot_name name NOT NULL CONSTRAINT ended_slot_is_noted_once PRIMARY KEY
);
COMMENT ON TABLE quicksilver.ended_slot IS
    'Slots of this database whose clusters begin_anew() has ended; a root that starts the next one drops them.';
