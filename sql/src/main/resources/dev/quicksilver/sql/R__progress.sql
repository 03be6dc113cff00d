-- Waiting for the root and for the replicas.
--
-- A session that waits tells the root so by a message in the WAL, which comes after all that was committed before; so the
-- root learns at once, in order, and without a table. The root's answers come through tables, which is why most of these
-- functions want READ COMMITTED. wait_sequenced does without where it has to: then the root confirms the slot for it, which it
-- otherwise does only after a time in which its replicas may get as far.

CREATE OR REPLACE FUNCTION quicksilver.require_waitable(function text, timeout interval, reads_answers boolean)
RETURNS timestamptz
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF require_waitable.timeout IS NULL OR require_waitable.timeout < interval '0' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('timeout %s is not a time to wait', coalesce(require_waitable.timeout::text, 'NULL')),
            HINT = 'Give an interval, as in ''10 seconds''.';
    END IF;
    IF pg_is_in_recovery() THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('quicksilver.%s cannot wait on a standby', require_waitable.function),
            HINT = 'Ask the primary: the root reads from there.';
    END IF;
    IF pg_current_xact_id_if_assigned() IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'active_sql_transaction',
            MESSAGE = format('quicksilver.%s cannot wait inside a transaction that has written: nobody sees its changes before it commits',
                require_waitable.function),
            HINT = 'COMMIT first, then wait in a statement of its own.';
    END IF;
    IF require_waitable.reads_answers AND current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'active_sql_transaction',
            MESSAGE = format('quicksilver.%s cannot see progress in a transaction of isolation level %s', require_waitable.function,
                current_setting('transaction_isolation')),
            HINT = 'Call it in autocommit mode or in a READ COMMITTED transaction.';
    END IF;
    RETURN clock_timestamp() + require_waitable.timeout;
END
$function$;
COMMENT ON FUNCTION quicksilver.require_waitable(text, interval, boolean) IS
    'Refuses to wait where it cannot end, and returns until when to wait.';

CREATE OR REPLACE FUNCTION quicksilver.require_existing(database text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF NOT EXISTS (SELECT FROM quicksilver.catalog c WHERE c.name = require_existing.database) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_catalog_name',
            MESSAGE = format('database %s does not exist', coalesce(quote_literal(require_existing.database), 'NULL')),
            HINT = 'SELECT name FROM quicksilver.databases lists them.';
    END IF;
END
$function$;
COMMENT ON FUNCTION quicksilver.require_existing(text) IS 'Refuses a name that is no database''s.';

CREATE OR REPLACE FUNCTION quicksilver.tell_root(message text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF current_setting('server_version_num')::integer >= 170000 THEN
        EXECUTE 'SELECT pg_logical_emit_message(false, ''quicksilver'', $1, true)' USING tell_root.message;
    ELSE -- the root sees to it that PostgreSQL writes it out soon
        PERFORM pg_logical_emit_message(false, 'quicksilver', tell_root.message);
    END IF;
END
$function$;
COMMENT ON FUNCTION quicksilver.tell_root(text) IS 'Sends the root a message through the WAL, behind all that was committed.';

CREATE OR REPLACE FUNCTION quicksilver.refuse_late(function text, timeout interval, done text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    slot record;
BEGIN
    SELECT n.name, s.slot_name IS NOT NULL AS is_there, s.active,
           pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), s.confirmed_flush_lsn)) AS behind
    INTO slot
    FROM (SELECT quicksilver.slot_name() AS name) n
    LEFT JOIN pg_replication_slots s ON s.slot_name = n.name;
    RAISE EXCEPTION USING
        ERRCODE = 'QS001',
        MESSAGE = format('quicksilver.%s waited for %s in vain: %s', refuse_late.function, refuse_late.timeout, refuse_late.done),
        DETAIL = 'What was committed stays committed and will arrive.',
        HINT = CASE
            WHEN NOT slot.is_there THEN format('There is no replication slot %s: has a root ever been started?', slot.name)
            WHEN NOT slot.active THEN format('No root holds the replication slot %s: is a root running?', slot.name)
            ELSE format('A root holds the replication slot %s and is %s of WAL behind; its log, and quicksilver.replicas, say more.',
                slot.name, slot.behind) END;
END
$function$;
COMMENT ON FUNCTION quicksilver.refuse_late(text, interval, text) IS 'Ends a wait whose time is up.';

CREATE OR REPLACE FUNCTION quicksilver.await_sequenced(timeout interval)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    deadline timestamptz := quicksilver.require_waitable('wait_sequenced', await_sequenced.timeout, false);
    target   pg_lsn := pg_current_wal_insert_lsn();
    answered boolean := current_setting('transaction_isolation') = 'read committed';
    question uuid := gen_random_uuid();
    told_at  timestamptz := '-infinity';
    pause    double precision := 0.001;
BEGIN
    -- Looked up each time: the first root may be about to make its slot.
    WHILE NOT EXISTS (SELECT FROM pg_replication_slots s
                      WHERE s.slot_name = quicksilver.slot_name()
                        AND s.confirmed_flush_lsn >= target)
      AND NOT (answered AND EXISTS (SELECT FROM quicksilver.answer a WHERE a.id = question)) LOOP
        IF clock_timestamp() >= deadline THEN
            PERFORM quicksilver.refuse_late('wait_sequenced', await_sequenced.timeout,
                format('what was committed up to %s is not durable in the root''s log', target));
        END IF;
        IF clock_timestamp() >= told_at + interval '1 second' THEN
            PERFORM quicksilver.tell_root(
                CASE WHEN answered THEN format('ask %s %s', question, target) ELSE 'wait' END);
            told_at := clock_timestamp();
        END IF;
        PERFORM pg_sleep(pause);
        pause := least(pause * 1.1, 0.02);
    END LOOP;
END
$function$;
COMMENT ON FUNCTION quicksilver.await_sequenced(interval) IS 'What both functions wait_sequenced do.';

CREATE OR REPLACE FUNCTION quicksilver.wait_sequenced(timeout interval DEFAULT interval '10 seconds')
RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT quicksilver.await_sequenced(timeout);
$function$;
COMMENT ON FUNCTION quicksilver.wait_sequenced(interval) IS
    'Returns when all that was committed before is durable in the root''s log.';

CREATE OR REPLACE FUNCTION quicksilver.wait_sequenced(database text, timeout interval)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM quicksilver.require_existing(wait_sequenced.database);
    PERFORM quicksilver.await_sequenced(wait_sequenced.timeout);
END
$function$;
COMMENT ON FUNCTION quicksilver.wait_sequenced(text, interval) IS
    'Returns when all that was committed to a database before is durable in the root''s log.';

CREATE OR REPLACE FUNCTION quicksilver.ask_root(function text, lsn pg_lsn, timeout interval)
RETURNS uuid
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    deadline timestamptz := quicksilver.require_waitable(ask_root.function, ask_root.timeout, true);
    question uuid := gen_random_uuid();
    told_at  timestamptz := '-infinity';
    pause    double precision := 0.002;
BEGIN
    LOOP
        IF clock_timestamp() >= told_at + interval '1 second' THEN
            PERFORM quicksilver.tell_root(format('ask %s %s', question, ask_root.lsn));
            told_at := clock_timestamp();
        END IF;
        IF EXISTS (SELECT FROM quicksilver.answer a WHERE a.id = question) THEN
            RETURN question;
        END IF;
        IF clock_timestamp() >= deadline THEN
            PERFORM quicksilver.refuse_late(ask_root.function, ask_root.timeout,
                format('the root has not said that it has all up to %s', ask_root.lsn));
        END IF;
        PERFORM pg_sleep(pause);
        pause := least(pause * 1.1, 0.02);
    END LOOP;
END
$function$;
COMMENT ON FUNCTION quicksilver.ask_root(text, pg_lsn, interval) IS
    'Asks the root for the sequences of an LSN; returns the id of its answer.';

CREATE OR REPLACE FUNCTION quicksilver.ask_sequences(lsn pg_lsn, timeout interval)
RETURNS TABLE (database text, sequence bigint)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    question uuid;
BEGIN
    IF ask_sequences.lsn IS NULL OR ask_sequences.lsn > pg_current_wal_insert_lsn() THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('LSN %s is not in the WAL yet', coalesce(ask_sequences.lsn::text, 'NULL')),
            HINT = format('It has been written up to %s, which pg_current_wal_insert_lsn() returns.', pg_current_wal_insert_lsn());
    END IF;
    question := quicksilver.ask_root('sequence_of', ask_sequences.lsn, ask_sequences.timeout);
    RETURN QUERY SELECT a.database, a.sequence FROM quicksilver.answer a
        WHERE a.id = question AND a.database <> 'quicksilver' ORDER BY a.database;
END
$function$;
COMMENT ON FUNCTION quicksilver.ask_sequences(pg_lsn, interval) IS 'What both functions sequence_of do.';

CREATE OR REPLACE FUNCTION quicksilver.sequence_of(lsn pg_lsn)
RETURNS TABLE (database text, sequence bigint)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    RETURN QUERY SELECT * FROM quicksilver.ask_sequences(sequence_of.lsn, interval '10 seconds');
END
$function$;
COMMENT ON FUNCTION quicksilver.sequence_of(pg_lsn) IS
    'The last sequence of each database that was committed before an LSN, once that is durable in the root''s log.';

CREATE OR REPLACE FUNCTION quicksilver.sequence_of(database text, lsn pg_lsn, timeout interval DEFAULT interval '10 seconds')
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM quicksilver.require_existing(sequence_of.database);
    RETURN (SELECT s.sequence FROM quicksilver.ask_sequences(sequence_of.lsn, sequence_of.timeout) s
            WHERE s.database = sequence_of.database);
END
$function$;
COMMENT ON FUNCTION quicksilver.sequence_of(text, pg_lsn, interval) IS
    'The last sequence of a database that was committed before an LSN; NULL if its log no longer reaches back to there.';

CREATE OR REPLACE FUNCTION quicksilver.await_replicas(database text, location text, share double precision, timeout interval)
RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    deadline timestamptz := quicksilver.require_waitable('wait_for_propagation', await_replicas.timeout, true);
    question uuid;
    wanted   bigint;
    wanted_id uuid;
    holding   integer;
    total    integer;
    told_at  timestamptz := '-infinity';
    began    timestamptz;
    pause    double precision := 0.005;
BEGIN
    PERFORM quicksilver.require_existing(await_replicas.database);
    IF await_replicas.share IS NULL OR NOT (await_replicas.share > 0 AND await_replicas.share <= 1) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('%s is no share of the replicas', coalesce(await_replicas.share::text, 'NULL')),
            HINT = 'Give a number above 0 and up to 1: 0.9 waits for nine of ten replicas.';
    END IF;
    wanted_id := (SELECT c.id FROM quicksilver.catalog c WHERE c.name = await_replicas.database);
    question := quicksilver.ask_root('wait_for_propagation', pg_current_wal_insert_lsn(), await_replicas.timeout);
    wanted := (SELECT a.sequence FROM quicksilver.answer a WHERE a.id = question AND a.database = await_replicas.database);
    LOOP
        IF clock_timestamp() >= told_at + interval '1 second' THEN
            PERFORM quicksilver.tell_root('watch');
            told_at := clock_timestamp();
        END IF;
        IF NOT EXISTS (SELECT FROM quicksilver.catalog c WHERE c.name = await_replicas.database AND c.id = wanted_id) THEN
            RAISE EXCEPTION USING
                ERRCODE = 'invalid_catalog_name',
                MESSAGE = format('database %L was dropped while it was waited for', await_replicas.database),
                HINT = 'SELECT name FROM quicksilver.databases lists those that are there.';
        END IF;
        IF wanted IS NULL THEN
            RAISE EXCEPTION USING
                ERRCODE = 'object_not_in_prerequisite_state',
                MESSAGE = format('the root does not have database %L', await_replicas.database),
                HINT = 'The root''s log and `quicksilver status` say why.';
        END IF;
        began := clock_timestamp();
        -- All nodes that were heard, whatever of: who has not heard of a new database does not have it. What was said of an
        -- earlier database of this name, or of a copy that is not finished or not believed, is not said of this one.
        SELECT count(*) FILTER (WHERE n.holds), count(*) INTO holding, total
        FROM (SELECT bool_or(r.database = await_replicas.database AND coalesce(r.database_id = wanted_id, true)
                             AND r.sequence >= wanted AND r.state NOT IN ('COPYING', 'DIVERGED', 'REFUSED')) AS holds
              FROM quicksilver.replica r
              WHERE r.heard_at > began - interval '1 minute'
              GROUP BY r.instance
              HAVING await_replicas.location IS NULL OR bool_or(r.location = await_replicas.location)) n;
        IF total > 0 AND holding >= ceil(total * await_replicas.share) THEN
            RETURN holding;
        END IF;
        IF clock_timestamp() >= deadline THEN
            PERFORM quicksilver.refuse_late('wait_for_propagation', await_replicas.timeout,
                format('%s of %s replicas%s have sequence %s of database %L', holding, total,
                    coalesce(' at location ' || quote_literal(await_replicas.location), ''), wanted, await_replicas.database));
        END IF;
        -- Counting many replicas takes its time; a wait takes a fifth of a core at most.
        PERFORM pg_sleep(greatest(pause, 4 * extract(epoch FROM clock_timestamp() - began)));
        pause := least(pause * 1.1, 0.05);
    END LOOP;
END
$function$;
COMMENT ON FUNCTION quicksilver.await_replicas(text, text, double precision, interval) IS
    'What both functions wait_for_propagation do.';

CREATE OR REPLACE FUNCTION quicksilver.wait_for_propagation(
    database text, share double precision DEFAULT 1, timeout interval DEFAULT interval '30 seconds')
RETURNS integer
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT quicksilver.await_replicas(database, NULL, share, timeout);
$function$;
COMMENT ON FUNCTION quicksilver.wait_for_propagation(text, double precision, interval) IS
    'Returns when a share of the replicas has all that was committed to a database before: how many have it.';

CREATE OR REPLACE FUNCTION quicksilver.wait_for_propagation(
    database text, location text, timeout interval DEFAULT interval '30 seconds')
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF wait_for_propagation.location IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'null_value_not_allowed',
            MESSAGE = 'the location must not be NULL',
            HINT = 'SELECT DISTINCT location FROM quicksilver.replicas lists them; leave it out to wait for all.';
    END IF;
    RETURN quicksilver.await_replicas(wait_for_propagation.database, wait_for_propagation.location, 1, wait_for_propagation.timeout);
END
$function$;
COMMENT ON FUNCTION quicksilver.wait_for_propagation(text, text, interval) IS
    'Returns when all replicas at a location have all that was committed to a database before: how many there are.';

CREATE OR REPLACE FUNCTION quicksilver.propagation(
    database text, OUT now timestamptz, OUT replicas integer, OUT commit_time timestamptz)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    wanted_id uuid := (SELECT c.id FROM quicksilver.catalog c WHERE c.name = propagation.database);
BEGIN
    PERFORM quicksilver.require_existing(propagation.database);
    PERFORM quicksilver.tell_root('watch');
    propagation.now := clock_timestamp();
    -- Who counts is the same as in await_replicas.
    SELECT count(*), min(n.commit_time) INTO propagation.replicas, propagation.commit_time
    FROM (SELECT coalesce(max(r.commit_time) FILTER (
                     WHERE r.database = propagation.database AND coalesce(r.database_id = wanted_id, true)
                       AND r.state NOT IN ('COPYING', 'DIVERGED', 'REFUSED')), '-infinity') AS commit_time
          FROM quicksilver.replica r
          WHERE r.heard_at > propagation.now - interval '1 minute'
          GROUP BY r.instance) n;
    IF propagation.replicas = 0 THEN
        propagation.commit_time := (SELECT s.commit_time FROM quicksilver.sequenced s
                                    WHERE s.database = propagation.database AND s.id = wanted_id);
    END IF;
END
$function$;
COMMENT ON FUNCTION quicksilver.propagation(text) IS
    'How far the replica that is furthest behind is in a database, by the time of its last commit; without replicas, the root. Asked often, it is told often.';

CREATE OR REPLACE VIEW quicksilver.replicas AS
SELECT r.node AS name, r.location, r.database, r.upstream, r.sequence,
       greatest(s.sequence - r.sequence, 0) AS behind,
       r.lag,
       CASE WHEN r.heard_at > clock_timestamp() - interval '1 minute' THEN r.state ELSE 'AWAY' END AS state,
       r.commit_time AS last_commit, r.heard_at AS last_heard,
       r.instance,
       CASE WHEN r.heard_at > clock_timestamp() - interval '1 minute' THEN r.problem END AS problem
FROM quicksilver.replica r
LEFT JOIN quicksilver.sequenced s ON s.database = r.database AND coalesce(s.id = r.database_id, true)
ORDER BY r.node, r.database, r.instance;
COMMENT ON VIEW quicksilver.replicas IS 'Which node is where, and how far behind, as the root heard it last.';
