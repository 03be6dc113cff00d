-- Who may do what, and the event triggers. Nothing here is for PUBLIC; a role gets what is named below and no more. Flyway
-- runs this file at the end of each migration, whether anything has changed or not: a database that was restored from a dump
-- lacks roles, rights and, if no superuser restored it, event triggers.

-- One root at a time: two that start together would change the same rights, and PostgreSQL refuses one of them.
SELECT pg_advisory_xact_lock(7221936240561);

-- Roles belong to the whole cluster: another database may have made them, or make them just now.
DO $$
DECLARE
    wanted  text;
    made    regclass;
    missing text[] := '{}';
BEGIN
    FOREACH wanted IN ARRAY ARRAY['quicksilver_reader', 'quicksilver_writer', 'quicksilver_admin'] LOOP
        CONTINUE WHEN to_regrole(wanted) IS NOT NULL;
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL;
            WHEN insufficient_privilege THEN missing := missing || format('CREATE ROLE %I NOLOGIN', wanted);
        END;
    END LOOP;
    IF missing <> '{}' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = format('role %s may not create the roles that Quicksilver grants rights to (it lacks CREATEROLE)', current_user),
            HINT = format('Let an administrator run: %s; and start this again.', array_to_string(missing, '; '));
    END IF;
    -- Tables from before there were roles, and restored ones.
    FOR made IN SELECT c.relation FROM quicksilver.catalog_table c WHERE c.owns_table AND c.relation IS NOT NULL LOOP
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
-- Whoever may write may load, and go on with what somebody else began.
GRANT SELECT, INSERT, UPDATE, DELETE ON quicksilver.load, quicksilver.load_source, quicksilver.load_reject TO quicksilver_writer;
GRANT EXECUTE ON FUNCTION
    quicksilver.wait_sequenced(interval),
    quicksilver.wait_sequenced(text, interval),
    quicksilver.wait_for_propagation(text, double precision, interval),
    quicksilver.wait_for_propagation(text, text, interval),
    quicksilver.propagation(text),
    quicksilver.sequence_of(pg_lsn),
    quicksilver.sequence_of(text, pg_lsn, interval),
    quicksilver.problems(),
    quicksilver.slot_name(),
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

-- A verifier is whatever its role's password is: who may set it is looked at in the function.
GRANT EXECUTE ON FUNCTION quicksilver.set_verifier(name, text) TO quicksilver_reader, quicksilver_writer, quicksilver_admin;

-- Says who reads databases at the edges: those of create_database, and those of tables that it owns.
GRANT SELECT ON quicksilver.readers TO quicksilver_admin;
GRANT EXECUTE ON FUNCTION
    quicksilver.reader_states(),
    quicksilver.grant_read(name, text),
    quicksilver.revoke_read(name, text),
    quicksilver.refresh_verifiers()
    TO quicksilver_admin;

-- Creates and drops databases, and publishes and unpublishes the tables that it owns.
GRANT SELECT ON quicksilver.catalog, quicksilver.catalog_table, quicksilver.published_table TO quicksilver_admin;
GRANT EXECUTE ON FUNCTION
    quicksilver.create_database(text, text, text, text),
    quicksilver.drop_database(text),
    quicksilver.publish(regclass, name, text[], text[]),
    quicksilver.unpublish(name),
    quicksilver.register(regclass, name, text, text, jsonb),
    quicksilver.unfit_identities(oid, boolean),
    quicksilver.partition_tree(oid),
    quicksilver.require_read_committed(text),
    quicksilver.generated_in_identity(oid),
    quicksilver.drop_length_constraints(regclass),
    quicksilver.is_restored(),
    quicksilver.require_known_table(text),
    quicksilver.lock_catalog(),
    quicksilver.caller(),
    quicksilver.require_owner(regclass),
    quicksilver.require_database_name(text)
    TO quicksilver_admin;

DO $$
BEGIN
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        IF (SELECT count(*) FROM pg_event_trigger WHERE evtname LIKE 'quicksilver\_%') < 4 THEN
            RAISE WARNING 'no event triggers: only a superuser makes them, and % is none; DDL that breaks a published table is not refused', current_user
                USING HINT = 'Run the migration as a superuser, or watch SELECT * FROM quicksilver.problems().';
        END IF;
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
    -- Sessions that load with session_replication_role = replica are looked at too.
    ALTER EVENT TRIGGER quicksilver_before_ddl ENABLE ALWAYS;
    ALTER EVENT TRIGGER quicksilver_after_ddl ENABLE ALWAYS;
    ALTER EVENT TRIGGER quicksilver_on_drop ENABLE ALWAYS;
    ALTER EVENT TRIGGER quicksilver_on_rewrite ENABLE ALWAYS;
END
$$;
