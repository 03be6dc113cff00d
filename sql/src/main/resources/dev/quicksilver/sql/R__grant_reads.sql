-- Grants and verifiers for the edges.
-- One transaction at a time changes the table, and none of them waits for one that publishes a large table: the catalog is
-- looked at only after the lock, and whoever drops a database takes the lock, too.

CREATE OR REPLACE FUNCTION quicksilver.owns_readers()
RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT pg_has_role(quicksilver.caller(), c.relowner, 'USAGE') FROM pg_class c WHERE c.oid = 'quicksilver.reader'::regclass
$function$;
COMMENT ON FUNCTION quicksilver.owns_readers() IS 'Whether the caller has the rights of the role that migrated, which is the root''s.';

CREATE OR REPLACE FUNCTION quicksilver.require_database(database text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF require_database.database IS DISTINCT FROM '*'
       AND NOT EXISTS (SELECT FROM quicksilver.catalog c WHERE c.name = require_database.database) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_catalog_name',
            MESSAGE = format('database %s does not exist', coalesce(quote_literal(require_database.database), 'NULL')),
            HINT = 'SELECT name FROM quicksilver.databases lists them; ''*'' stands for all.';
    END IF;
END
$function$;
COMMENT ON FUNCTION quicksilver.require_database(text) IS 'Refuses what is neither a database nor ''*''.';

CREATE OR REPLACE FUNCTION quicksilver.central_verifier(role name, held text)
RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    password text;
BEGIN
    IF NOT quicksilver.may_see_verifiers() THEN
        IF held IS NULL THEN
            RAISE WARNING 'the edges know no password of role %, since % may not read pg_authid', quote_ident(role), current_user
                USING HINT = format('SELECT quicksilver.set_verifier(%L, verifier); until then only a client certificate lets it in.', role);
        END IF;
        RETURN held;
    END IF;
    SELECT a.rolpassword INTO password FROM pg_authid a WHERE a.rolname = central_verifier.role;
    IF quicksilver.is_verifier(password) THEN
        RETURN password;
    END IF;
    IF password IS NOT NULL THEN
        RAISE WARNING 'the password of role % in PostgreSQL is no SCRAM verifier (md5), so the edges cannot take it', quote_ident(role)
            USING HINT = 'SET password_encryption = ''scram-sha-256'', set the password again (\password in psql), and SELECT quicksilver.refresh_verifiers().';
    ELSIF held IS NULL THEN
        RAISE NOTICE 'role % has no password in PostgreSQL: at the edges only a client certificate lets it in', quote_ident(role);
    END IF;
    RETURN held;
END
$function$;
REVOKE ALL ON FUNCTION quicksilver.central_verifier(name, text) FROM PUBLIC;
COMMENT ON FUNCTION quicksilver.central_verifier(name, text) IS
    'What the edges shall know of a role''s password: what PostgreSQL has if that can be read and is a verifier, else what they have.';

CREATE OR REPLACE FUNCTION quicksilver.grant_read(role name, database text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    granted  pg_roles;
    held     quicksilver.reader;
    wanted   text[];
    current_verifier text;
    made_of  quicksilver.catalog_table;
BEGIN
    PERFORM quicksilver.require_read_committed('quicksilver.grant_read');
    LOCK TABLE quicksilver.reader IN SHARE ROW EXCLUSIVE MODE;
    SELECT * INTO granted FROM pg_roles a WHERE a.rolname = grant_read.role;
    IF NOT FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('role %s does not exist', coalesce(quote_literal(grant_read.role), 'NULL')),
            HINT = 'CREATE ROLE … LOGIN first; SELECT rolname FROM pg_roles WHERE rolcanlogin lists those that can be granted something.';
    ELSIF NOT granted.rolcanlogin THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_grant_operation',
            MESSAGE = format('role %I cannot log in, so nobody could read as it', grant_read.role),
            HINT = format('Grant it to each of the roles that log in (membership does not count at the edges), or ALTER ROLE %I LOGIN.', grant_read.role);
    ELSIF granted.rolsuper AND NOT (SELECT a.rolsuper FROM pg_roles a WHERE a.rolname = quicksilver.caller()) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = format('role %I is a superuser, whose verifier only a superuser gives to all edges', grant_read.role),
            HINT = 'Grant it to a role that does nothing but read.';
    END IF;
    PERFORM quicksilver.require_database(grant_read.database);
    IF grant_read.database = '*' THEN
        IF NOT quicksilver.owns_readers() THEN
            RAISE EXCEPTION USING
                ERRCODE = 'insufficient_privilege',
                MESSAGE = format('%I may not grant what all tables hold, also those that others publish', quicksilver.caller()),
                HINT = format('Grant each database, or let %I do it.', current_user);
        END IF;
    ELSE
        SELECT * INTO made_of FROM quicksilver.catalog_table t WHERE t.name = grant_read.database;
        IF NOT made_of.owns_table AND made_of.relation IS NOT NULL THEN
            PERFORM quicksilver.require_owner(made_of.relation::regclass);
        END IF;
    END IF;

    SELECT * INTO held FROM quicksilver.reader r WHERE r.role = grant_read.role;
    wanted := CASE WHEN grant_read.database = '*' OR '*' = ANY (held.databases) THEN '{*}'
                   ELSE ARRAY(SELECT DISTINCT d COLLATE "C" FROM unnest(held.databases || grant_read.database) d ORDER BY 1) END;
    current_verifier := quicksilver.central_verifier(grant_read.role, held.verifier);
    -- Whatever the row says: the role may be another one of its name, or have come back from a dump.
    EXECUTE format('GRANT EXECUTE ON FUNCTION quicksilver.reads_at_the_edges() TO %I', grant_read.role);
    IF held.role IS NULL THEN
        INSERT INTO quicksilver.reader (role, verifier, databases) VALUES (grant_read.role, current_verifier, wanted);
    ELSIF (held.verifier, held.databases) IS DISTINCT FROM (current_verifier, wanted) THEN
        UPDATE quicksilver.reader r SET verifier = current_verifier, databases = wanted WHERE r.role = grant_read.role;
    END IF;
END
$function$;
REVOKE ALL ON FUNCTION quicksilver.grant_read(name, text) FROM PUBLIC;
COMMENT ON FUNCTION quicksilver.grant_read(name, text) IS
    'Lets a role read a database at every edge, or all of them (*), within a second of COMMIT.';

CREATE OR REPLACE FUNCTION quicksilver.revoke_read(role name, database text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    held quicksilver.reader;
BEGIN
    PERFORM quicksilver.require_read_committed('quicksilver.revoke_read');
    LOCK TABLE quicksilver.reader IN SHARE ROW EXCLUSIVE MODE;
    SELECT * INTO held FROM quicksilver.reader r WHERE r.role = revoke_read.role;
    IF NOT FOUND AND NOT EXISTS (SELECT FROM pg_roles a WHERE a.rolname = revoke_read.role) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('role %s does not exist', coalesce(quote_literal(revoke_read.role), 'NULL')),
            HINT = 'SELECT role, databases FROM quicksilver.readers lists what is granted.';
    END IF;
    IF revoke_read.database = ANY (held.databases) IS NOT TRUE THEN
        PERFORM quicksilver.require_database(revoke_read.database);
    END IF;
    IF revoke_read.database <> '*' AND '*' = ANY (held.databases) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('role %I may read all databases, and %L is one of them', revoke_read.role, revoke_read.database),
            HINT = format('SELECT quicksilver.revoke_read(%L, ''*''), and in the same transaction grant_read for each of those that it shall read.',
                revoke_read.role);
    END IF;
    IF revoke_read.database = '*' OR held.databases = ARRAY[revoke_read.database] THEN
        DELETE FROM quicksilver.reader r WHERE r.role = revoke_read.role;
    ELSIF revoke_read.database = ANY (held.databases) THEN
        UPDATE quicksilver.reader r SET databases = array_remove(r.databases, revoke_read.database)
        WHERE r.role = revoke_read.role;
    END IF;
    PERFORM quicksilver.unmark_readers();
END
$function$;
REVOKE ALL ON FUNCTION quicksilver.revoke_read(name, text) FROM PUBLIC;
COMMENT ON FUNCTION quicksilver.revoke_read(name, text) IS
    'Takes back what grant_read gave: a database, or whatever the role may read (*). Also of roles that are gone.';

CREATE OR REPLACE FUNCTION quicksilver.set_verifier(role name, verifier text)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    is_role boolean := EXISTS (SELECT FROM pg_roles a WHERE a.rolname = set_verifier.role);
BEGIN
    -- First: a password must not be looked at any further, nor be in a message.
    IF set_verifier.verifier IS NOT NULL AND NOT quicksilver.is_verifier(set_verifier.verifier) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_password',
            MESSAGE = 'this is no SCRAM verifier',
            DETAIL = 'It has the form SCRAM-SHA-256$<iterations>:<salt>$<stored key>:<server key>, as pg_authid.rolpassword has it. A password is never taken: statements are logged, this one perhaps too.',
            HINT = 'psql''s \password sends none either: use it for a role of any PostgreSQL with password_encryption = scram-sha-256 and take what SELECT rolpassword FROM pg_authid shows there. If this was a password, choose another.';
    END IF;
    IF quicksilver.caller() <> set_verifier.role AND NOT quicksilver.owns_readers()
       AND NOT (is_role AND pg_has_role(quicksilver.caller(), set_verifier.role, 'MEMBER WITH ADMIN OPTION')) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = format('%I may not set the verifier of role %I', quicksilver.caller(), set_verifier.role),
            HINT = format('Whoever sets it can read as that role. The role itself may, who has ADMIN OPTION on it, and %I.', current_user);
    END IF;
    PERFORM quicksilver.require_read_committed('quicksilver.set_verifier');
    LOCK TABLE quicksilver.reader IN SHARE ROW EXCLUSIVE MODE;
    IF NOT EXISTS (SELECT FROM quicksilver.reader r WHERE r.role = set_verifier.role) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('role %s may read nothing at the edges, so they do not have to know it',
                coalesce(quote_literal(set_verifier.role), 'NULL')),
            HINT = format('SELECT quicksilver.grant_read(%L, database) first; both may be in one transaction.', set_verifier.role);
    END IF;
    UPDATE quicksilver.reader r SET verifier = set_verifier.verifier
    WHERE r.role = set_verifier.role AND r.verifier IS DISTINCT FROM set_verifier.verifier;
    IF EXISTS (SELECT FROM quicksilver.reader_states() s WHERE s.role = set_verifier.role AND s.stale) THEN
        RAISE WARNING 'PostgreSQL has another password of role %', quote_ident(set_verifier.role)
            USING HINT = format('quicksilver.refresh_verifiers() copies that one. ALTER ROLE %I PASSWORD takes a verifier, too.', set_verifier.role);
    END IF;
END
$function$;
REVOKE ALL ON FUNCTION quicksilver.set_verifier(name, text) FROM PUBLIC;
COMMENT ON FUNCTION quicksilver.set_verifier(name, text) IS
    'Says which SCRAM verifier lets a role in at the edges, where it cannot be copied from pg_authid; NULL for a client certificate only.';

CREATE OR REPLACE FUNCTION quicksilver.refresh_verifiers()
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    stale   record;
    changed integer := 0;
BEGIN
    IF NOT quicksilver.may_see_verifiers() THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = format('%I, which owns Quicksilver''s functions, may not read pg_authid', current_user),
            HINT = format('Let a superuser run, in this database: GRANT SELECT (rolname, rolpassword) ON pg_authid TO %I; or use quicksilver.set_verifier.',
                current_user);
    END IF;
    PERFORM quicksilver.require_read_committed('quicksilver.refresh_verifiers');
    LOCK TABLE quicksilver.reader IN SHARE ROW EXCLUSIVE MODE;
    FOR stale IN SELECT r.role, r.verifier AS held, c.password
                 FROM quicksilver.reader r JOIN quicksilver.central_verifiers() c ON c.role = r.role ORDER BY r.role LOOP
        IF stale.password IS NOT NULL THEN
            stale.password := quicksilver.central_verifier(stale.role, stale.held);
        END IF;
        IF stale.password IS DISTINCT FROM stale.held THEN
            UPDATE quicksilver.reader r SET verifier = stale.password WHERE r.role = stale.role;
            changed := changed + 1;
        END IF;
    END LOOP;
    RETURN changed;
END
$function$;
REVOKE ALL ON FUNCTION quicksilver.refresh_verifiers() FROM PUBLIC;
COMMENT ON FUNCTION quicksilver.refresh_verifiers() IS
    'Gives the edges the passwords that PostgreSQL has now, of those who read there; returns of how many that was another one.';
