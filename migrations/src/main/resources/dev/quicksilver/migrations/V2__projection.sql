-- Which columns of an existing table a database is made of; NULL for tables of create_database.

ALTER TABLE quicksilver.catalog ADD COLUMN projection jsonb;
COMMENT ON COLUMN quicksilver.catalog.projection IS
    'Of quicksilver.publish: key and value columns with their types, and whether the value is a JSON object of them.';

-- Used by the constraints that publish adds: the bytes of a bytea within a key of several columns.
CREATE FUNCTION quicksilver.encoded_length(component bytea) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
RETURN octet_length(component) + 2
    + (SELECT count(*) FROM generate_series(0, octet_length(component) - 1) AS i WHERE get_byte(component, i) = 0);
COMMENT ON FUNCTION quicksilver.encoded_length(bytea) IS
    'Bytes of a bytea component of a composite key: zero bytes count twice, and two bytes end it.';

-- Leaves of published partitioned tables, so that one that goes, or comes with rows, is noticed.
CREATE TABLE quicksilver.partition (
    leaf oid NOT NULL CONSTRAINT partition_belongs_to_one_table PRIMARY KEY,
    root oid NOT NULL
);
COMMENT ON TABLE quicksilver.partition IS
    'The partitions of published tables, kept by quicksilver.guard_partitions. Not published.';
