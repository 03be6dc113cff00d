-- Which roles may read which databases at the edges, and the SCRAM verifiers that let them in: published with the catalog,
-- so that both reach every node by way of the log. Changed by quicksilver.grant_read and its like only.

CREATE FUNCTION quicksilver.is_verifier(candidate text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
RETURN candidate ~ ('^SCRAM-SHA-256\$[1-9][0-9]{0,8}:'
    || '([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})'
    || '\$[A-Za-z0-9+/]{43}=:[A-Za-z0-9+/]{43}=$');
COMMENT ON FUNCTION quicksilver.is_verifier(text) IS
    'Whether a text has the form of a SCRAM-SHA-256 verifier, as pg_authid.rolpassword has it (RFC 5803, in PostgreSQL''s form).';
REVOKE ALL ON FUNCTION quicksilver.is_verifier(text) FROM PUBLIC;

CREATE TABLE quicksilver.reader (
    role      name NOT NULL
              CONSTRAINT reader_is_named_once PRIMARY KEY,
    verifier  text COLLATE "C"
              CONSTRAINT reader_verifier_must_be_of_scram_sha_256 CHECK (quicksilver.is_verifier(verifier)),
    databases text[] COLLATE "C" NOT NULL
              CONSTRAINT reader_must_read_something CHECK (cardinality(databases) > 0)
              CONSTRAINT reader_databases_are_a_list
                  CHECK (array_ndims(databases) = 1 AND array_position(databases, NULL) IS NULL)
              CONSTRAINT reader_of_all_databases_names_no_other CHECK (NOT '*' = ANY (databases) OR databases = '{*}')
);
COMMENT ON TABLE quicksilver.reader IS
    'The roles that may read at the edges. Published; has verifiers of passwords, so nobody but its owner may read it: see quicksilver.readers.';
COMMENT ON COLUMN quicksilver.reader.databases IS 'Sorted; {*} for all databases, also those that are still to come.';
-- A long list of databases that an update leaves alone must be in the WAL all the same.
ALTER TABLE quicksilver.reader REPLICA IDENTITY FULL;
REVOKE ALL ON quicksilver.reader FROM PUBLIC;

-- Tables of nobody but the owner of these functions: not even rights that were given by mistake (on all tables of the
-- schema, say) let others write here.
CREATE FUNCTION quicksilver.refuse_reader_change() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF TG_OP = 'TRUNCATE'
       OR NOT pg_has_role(current_user, (SELECT c.relowner FROM pg_class c WHERE c.oid = TG_RELID), 'USAGE') THEN
        RAISE EXCEPTION USING
            ERRCODE = CASE TG_OP WHEN 'TRUNCATE' THEN 'object_not_in_prerequisite_state' ELSE 'insufficient_privilege' END,
            MESSAGE = 'rows of quicksilver.reader are changed by functions only',
            HINT = 'Use quicksilver.grant_read, revoke_read, set_verifier and refresh_verifiers.';
    END IF;
    RETURN NULL;
END
$function$;
REVOKE ALL ON FUNCTION quicksilver.refuse_reader_change() FROM PUBLIC;
CREATE TRIGGER reader_rows_are_not_changed BEFORE INSERT OR UPDATE OR DELETE ON quicksilver.reader
    FOR EACH STATEMENT EXECUTE FUNCTION quicksilver.refuse_reader_change();
CREATE TRIGGER reader_is_not_emptied BEFORE TRUNCATE ON quicksilver.reader
    FOR EACH STATEMENT EXECUTE FUNCTION quicksilver.refuse_reader_change();
ALTER TABLE quicksilver.reader ENABLE ALWAYS TRIGGER reader_rows_are_not_changed;
ALTER TABLE quicksilver.reader ENABLE ALWAYS TRIGGER reader_is_not_emptied;

-- Whoever may execute it is a role that was granted something: PostgreSQL then knows that objects depend on that role, and
-- its OID, under whatever name. Not made anew by any migration, or that would be lost.
CREATE FUNCTION quicksilver.reads_at_the_edges() RETURNS boolean
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
RETURN true;
COMMENT ON FUNCTION quicksilver.reads_at_the_edges() IS
    'Its privileges name the roles of quicksilver.reader, so that DROP ROLE refuses them: SELECT quicksilver.revoke_read(role, ''*'') first.';
REVOKE ALL ON FUNCTION quicksilver.reads_at_the_edges() FROM PUBLIC;

DO $$
BEGIN
    -- A dump may have come without it; quicksilver.begin_anew() makes it then.
    IF EXISTS (SELECT FROM pg_publication p WHERE p.pubname = 'quicksilver') THEN
        ALTER PUBLICATION quicksilver ADD TABLE quicksilver.reader;
    END IF;
END
$$;

-- A root of an earlier build passes over what is written to that table; the next one has it written again.
ALTER TABLE quicksilver.root ADD COLUMN knows_readers boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN quicksilver.root.knows_readers IS 'Whether that root makes entries of the rows of quicksilver.reader.';

-- A bridge shows how databases are followed in a table of this name. One that has it already keeps it, and hides that table.
ALTER TABLE quicksilver.catalog DROP CONSTRAINT catalog_name_is_reserved;
ALTER TABLE quicksilver.catalog ADD CONSTRAINT catalog_name_is_reserved
    CHECK (name NOT IN ('quicksilver', 'databases', 'replicas', 'replication') AND name !~ '_log$') NOT VALID;
