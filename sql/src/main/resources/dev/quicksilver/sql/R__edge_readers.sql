-- Which roles may read which databases at the edges. Where the owner of these functions may read pg_authid, what that has
-- of a role's password is what the edges get; else quicksilver.set_verifier says it.

CREATE OR REPLACE FUNCTION quicksilver.may_see_verifiers()
RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT has_column_privilege('pg_catalog.pg_authid', 'rolname', 'SELECT')
       AND has_column_privilege('pg_catalog.pg_authid', 'rolpassword', 'SELECT')
$function$;
COMMENT ON FUNCTION quicksilver.may_see_verifiers() IS 'Whether the current role may read the passwords'' verifiers in pg_authid.';

CREATE OR REPLACE FUNCTION quicksilver.central_verifiers()
RETURNS TABLE (role name, password text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF quicksilver.may_see_verifiers() THEN
        RETURN QUERY SELECT a.rolname, a.rolpassword FROM pg_authid a JOIN quicksilver.reader r ON r.role = a.rolname;
    END IF;
END
$function$;
REVOKE ALL ON FUNCTION quicksilver.central_verifiers() FROM PUBLIC;
COMMENT ON FUNCTION quicksilver.central_verifiers() IS
    'What PostgreSQL has of the passwords of those who read at the edges; none if the current role may not see that.';

CREATE OR REPLACE FUNCTION quicksilver.marked_readers()
RETURNS TABLE (role name, is_owner boolean)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT a.rolname, x.grantee = p.proowner
    FROM pg_proc p CROSS JOIN LATERAL aclexplode(p.proacl) x JOIN pg_roles a ON a.oid = x.grantee
    WHERE p.oid = 'quicksilver.reads_at_the_edges()'::regprocedure
$function$;
COMMENT ON FUNCTION quicksilver.marked_readers() IS
    'The roles that PostgreSQL knows to be granted something at the edges, by the names that they have now, and the owner, who has it anyway.';

CREATE OR REPLACE FUNCTION quicksilver.reader_states()
RETURNS TABLE (role name, databases text[], has_verifier boolean, stale boolean)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT r.role, r.databases, r.verifier IS NOT NULL,
           CASE
               WHEN c.role IS NULL THEN NULL
               WHEN c.password IS NULL OR quicksilver.is_verifier(c.password) THEN c.password IS DISTINCT FROM r.verifier
               -- What an md5 password is cannot be compared.
               WHEN r.verifier IS NULL THEN true
           END
    FROM quicksilver.reader r LEFT JOIN quicksilver.central_verifiers() c ON c.role = r.role
$function$;
REVOKE ALL ON FUNCTION quicksilver.reader_states() FROM PUBLIC;
COMMENT ON FUNCTION quicksilver.reader_states() IS 'Rows of quicksilver.readers: the table without the verifiers.';

CREATE OR REPLACE VIEW quicksilver.readers AS
SELECT s.role, s.databases, s.has_verifier, s.stale FROM quicksilver.reader_states() s ORDER BY s.role;
COMMENT ON VIEW quicksilver.readers IS
    'Who may read which databases at the edges; stale: PostgreSQL has another password, NULL if that cannot be told.';

CREATE OR REPLACE FUNCTION quicksilver.reader_problems()
RETURNS TABLE (database text, problem text, cure text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT 'quicksilver', p.problem, p.cure
    FROM quicksilver.reader_states() s
    LEFT JOIN pg_roles a ON a.rolname = s.role
    CROSS JOIN LATERAL (
        SELECT format('SELECT quicksilver.revoke_read(%L, ''*'')', s.role) AS revoke,
               EXISTS (SELECT FROM quicksilver.central_verifiers() c
                       WHERE c.role = s.role AND NOT quicksilver.is_verifier(c.password)) AS has_md5,
               (SELECT string_agg(quote_ident(m.role), ', ' ORDER BY m.role) FROM quicksilver.marked_readers() m
                WHERE NOT m.is_owner AND NOT EXISTS (SELECT FROM quicksilver.reader r WHERE r.role = m.role)) AS without_row,
               (SELECT string_agg(d, ', ') FROM unnest(s.databases) d
                WHERE d <> '*' AND NOT EXISTS (SELECT FROM quicksilver.catalog c WHERE c.name = d)) AS unknown
    ) AS known
    CROSS JOIN LATERAL (VALUES
        (a.oid IS NULL,
            format('the edges let role %I in, and there is none of this name', s.role)
                || coalesce(' (was it renamed? ' || known.without_row || ' was granted something under another name)', ''),
            format('%s, and grant_read to the role by the name that it has', known.revoke)),
        (NOT a.rolcanlogin, format('the edges let role %I in, which cannot log in to PostgreSQL', s.role),
            format('ALTER ROLE %I LOGIN, or %s', s.role, known.revoke)),
        (a.oid IS NOT NULL AND NOT EXISTS (SELECT FROM quicksilver.marked_readers() m WHERE m.role = s.role),
            format('role %I is another one than was granted what it reads at the edges, or its privilege on quicksilver.reads_at_the_edges() is gone',
                s.role),
            format('SELECT quicksilver.grant_read(%L, %L) if it shall read, else %s', s.role, s.databases[1], known.revoke)),
        (s.stale AND known.has_md5, format('the edges know no password of role %I: what PostgreSQL has is no SCRAM verifier', s.role),
            'SET password_encryption = ''scram-sha-256'', set the password again (\password in psql), SELECT quicksilver.refresh_verifiers()'),
        (s.stale AND NOT known.has_md5, format('the edges have another password of role %I than PostgreSQL', s.role),
            'SELECT quicksilver.refresh_verifiers()'),
        (known.unknown IS NOT NULL, format('role %I may read databases that are not there: %s', s.role, known.unknown),
            (SELECT string_agg(format('SELECT quicksilver.revoke_read(%L, %L)', s.role, d), '; ')
             FROM unnest(string_to_array(known.unknown, ', ')) d))
    ) AS p(found, problem, cure)
    WHERE p.found
$function$;
REVOKE ALL ON FUNCTION quicksilver.reader_problems() FROM PUBLIC;
COMMENT ON FUNCTION quicksilver.reader_problems() IS
    'Part of problems(): who is let in at the edges and should not be, or the other way round. Unlike what is wrong with tables it refuses no DDL.';

CREATE OR REPLACE FUNCTION quicksilver.unmark_readers()
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    unmarked name;
BEGIN
    FOR unmarked IN SELECT m.role FROM quicksilver.marked_readers() m
                    WHERE NOT m.is_owner AND NOT EXISTS (SELECT FROM quicksilver.reader r WHERE r.role = m.role) LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION quicksilver.reads_at_the_edges() FROM %I', unmarked);
    END LOOP;
END
$function$;
REVOKE ALL ON FUNCTION quicksilver.unmark_readers() FROM PUBLIC;
COMMENT ON FUNCTION quicksilver.unmark_readers() IS 'Lets roles be dropped that read nothing at the edges any more.';

-- REVOKE and DROP OWNED take a role''s privileges; what it reads at the edges goes with them, as any other.
CREATE OR REPLACE FUNCTION quicksilver.follow_revokes(marked_before jsonb)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $function$
    DELETE FROM quicksilver.reader r
    WHERE marked_before ? r.role::text AND NOT EXISTS (SELECT FROM quicksilver.marked_readers() m WHERE m.role = r.role)
$function$;
REVOKE ALL ON FUNCTION quicksilver.follow_revokes(jsonb) FROM PUBLIC;
COMMENT ON FUNCTION quicksilver.follow_revokes(jsonb) IS 'Called by the event triggers: removes the rows of those whose privilege was taken.';

CREATE OR REPLACE FUNCTION quicksilver.forget_reads(database text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    readers text;
BEGIN
    -- Also if no row is to be seen: one may be about to be committed.
    LOCK TABLE quicksilver.reader IN SHARE ROW EXCLUSIVE MODE;
    SELECT string_agg(quote_ident(r.role), ', ' ORDER BY r.role) INTO readers
    FROM quicksilver.reader r WHERE forget_reads.database = ANY (r.databases);
    IF readers IS NULL THEN
        RETURN;
    END IF;
    DELETE FROM quicksilver.reader r WHERE r.databases = ARRAY[forget_reads.database];
    UPDATE quicksilver.reader r SET databases = array_remove(r.databases, forget_reads.database)
    WHERE forget_reads.database = ANY (r.databases);
    PERFORM quicksilver.unmark_readers();
    RAISE NOTICE 'these roles could read database %, and may no more: %', forget_reads.database, readers
        USING HINT = 'If it is made again, quicksilver.grant_read(role, database) for each.';
END
$function$;
REVOKE ALL ON FUNCTION quicksilver.forget_reads(text) FROM PUBLIC;
COMMENT ON FUNCTION quicksilver.forget_reads(text) IS
    'Part of drop_database: another database of the name is not for those who could read this one.';

CREATE OR REPLACE FUNCTION quicksilver.send_readers_again()
RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    UPDATE quicksilver.reader SET role = role
$function$;
REVOKE ALL ON FUNCTION quicksilver.send_readers_again() FROM PUBLIC;
COMMENT ON FUNCTION quicksilver.send_readers_again() IS
    'Called by a root that finds that the one before it was of an earlier build, which passed over what is in the WAL of readers.';
