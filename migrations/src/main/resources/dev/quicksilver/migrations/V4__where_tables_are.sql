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
ALTER TABLE quicksilver.catalog ENABLE ALWAYS TRIGGER catalog_rows_are_not_changed;
ALTER TABLE quicksilver.catalog ENABLE ALWAYS TRIGGER catalog_is_not_emptied;

-- Written by the triggers of a published partitioned table around a TRUNCATE of the whole of it, and by nobody else.
CREATE UNLOGGED TABLE quicksilver.truncating (
    root oid NOT NULL CONSTRAINT truncating_names_a_table_once PRIMARY KEY
);
COMMENT ON TABLE quicksilver.truncating IS
    'Published partitioned tables that are being truncated as a whole; always empty outside such a statement.';
