-- The catalog of databases, the identity of this cluster, and the publication that carries both
-- the catalog and the tables to the write root. Functions and views are repeatable definitions.

CREATE TABLE quicksilver.cluster (
    singleton  boolean     NOT NULL DEFAULT true
               CONSTRAINT cluster_has_one_row PRIMARY KEY
               CONSTRAINT cluster_has_only_one_row CHECK (singleton),
    id         uuid        NOT NULL DEFAULT gen_random_uuid(),
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE quicksilver.cluster IS
    'One row: the identity of this cluster, which is the id of the catalog database "quicksilver".';
INSERT INTO quicksilver.cluster DEFAULT VALUES;

CREATE TABLE quicksilver.catalog (
    name         text COLLATE "C" NOT NULL
                 CONSTRAINT catalog_database_exists_already PRIMARY KEY
                 CONSTRAINT catalog_name_must_match_a_z_0_9_underscore
                     CHECK (name ~ '^[a-z][a-z0-9_]{0,47}$')
                 CONSTRAINT catalog_name_is_reserved
                     CHECK (name NOT IN ('quicksilver', 'databases', 'replicas') AND name !~ '_log$'),
    id           uuid NOT NULL DEFAULT gen_random_uuid()
                 CONSTRAINT catalog_id_is_unique UNIQUE,
    key_type     text NOT NULL
                 CONSTRAINT catalog_key_type_must_be_text_or_bytea
                     CHECK (key_type IN ('text', 'bytea')),
    value_type   text NOT NULL
                 CONSTRAINT catalog_value_type_must_be_text_bytea_json_or_jsonb
                     CHECK (value_type IN ('text', 'bytea', 'json', 'jsonb')),
    table_schema text NOT NULL,
    table_name   text NOT NULL,
    relation     oid  NOT NULL
                 CONSTRAINT catalog_table_belongs_to_one_database UNIQUE,
    owns_table   boolean     NOT NULL DEFAULT true,
    created_at   timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE quicksilver.catalog IS
    'The databases. Published, so that nodes create and drop them in WAL order; change it with the functions only.';
COMMENT ON COLUMN quicksilver.catalog.owns_table IS
    'True if create_database made the table, so that drop_database drops it.';

CREATE PUBLICATION quicksilver FOR TABLE quicksilver.catalog
    WITH (publish = 'insert, update, delete, truncate', publish_via_partition_root = true);

-- What nodes have made of a row cannot be renamed or emptied from under them.
CREATE FUNCTION quicksilver.refuse_catalog_change() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    RAISE EXCEPTION USING
        ERRCODE = 'object_not_in_prerequisite_state',
        MESSAGE = 'rows of quicksilver.catalog are not changed, only added and removed',
        HINT = 'Use quicksilver.create_database and quicksilver.drop_database.';
END
$function$;
CREATE TRIGGER catalog_rows_are_not_changed BEFORE UPDATE OR TRUNCATE ON quicksilver.catalog
    FOR EACH STATEMENT EXECUTE FUNCTION quicksilver.refuse_catalog_change();
