-- Who may do what. Nothing here is for PUBLIC; a role gets what is named below and no more. Flyway runs this file last of all
-- ("rights" comes after the names of the others), and the others keep it true: what they replace keeps its rights.

DO $$
DECLARE
    made regclass;
BEGIN
    IF EXISTS (SELECT FROM unnest(ARRAY['quicksilver_reader', 'quicksilver_writer', 'quicksilver_admin']) AS wanted(name)
               WHERE to_regrole(wanted.name) IS NULL) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = 'a role that Quicksilver grants rights to is missing',
            HINT = 'Let an administrator run, for those that are missing: CREATE ROLE quicksilver_reader NOLOGIN;'
                ' CREATE ROLE quicksilver_writer NOLOGIN; CREATE ROLE quicksilver_admin NOLOGIN.';
    END IF;
    -- Tables from before there were roles.
    FOR made IN SELECT c.relation FROM quicksilver.catalog c JOIN pg_class r ON r.oid = c.relation WHERE c.owns_table LOOP
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO quicksilver_writer', made);
    END LOOP;
END
$$;

REVOKE ALL ON SCHEMA quicksilver FROM PUBLIC;
REVOKE ALL ON ALL ROUTINES IN SCHEMA quicksilver FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA quicksilver FROM PUBLIC;
-- Part of a constraint on published tables: whoever writes there evaluates it.
GRANT EXECUTE ON FUNCTION quicksilver.encoded_length(bytea) TO PUBLIC;

GRANT USAGE ON SCHEMA quicksilver TO quicksilver_reader, quicksilver_writer, quicksilver_admin;
GRANT SELECT ON quicksilver.databases, quicksilver.replicas, quicksilver.cluster
    TO quicksilver_reader, quicksilver_writer, quicksilver_admin;
GRANT EXECUTE ON FUNCTION
    quicksilver.wait_sequenced(interval),
    quicksilver.wait_sequenced(text, interval),
    quicksilver.wait_for_propagation(text, double precision, interval),
    quicksilver.wait_for_propagation(text, text, interval),
    quicksilver.sequence_of(pg_lsn),
    quicksilver.sequence_of(text, pg_lsn, interval),
    quicksilver.problems(),
    quicksilver.flip_sign(bytea),
    quicksilver.key_of(smallint),
    quicksilver.key_of(integer),
    quicksilver.key_of(bigint),
    quicksilver.key_of(date),
    quicksilver.key_of(timestamp),
    quicksilver.key_of(timestamptz),
    quicksilver.key_of(uuid),
    quicksilver.key_of(text),
    quicksilver.integer_of(bytea, integer),
    quicksilver.bigint_of(bytea, integer)
    TO quicksilver_reader, quicksilver_writer, quicksilver_admin;

-- Creates and drops databases, and publishes and unpublishes the tables that it owns.
GRANT SELECT ON quicksilver.catalog TO quicksilver_admin;
GRANT EXECUTE ON FUNCTION
    quicksilver.create_database(text, text, text, text),
    quicksilver.drop_database(text),
    quicksilver.publish(regclass, name, text[], text[]),
    quicksilver.unpublish(name),
    quicksilver.register(regclass, name, text, text, jsonb),
    quicksilver.unfit_identities(oid, boolean),
    quicksilver.lock_catalog(),
    quicksilver.caller(),
    quicksilver.require_owner(regclass),
    quicksilver.require_database_name(text)
    TO quicksilver_admin;
