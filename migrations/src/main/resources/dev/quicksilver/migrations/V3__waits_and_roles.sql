-- What the root says in SQL of itself and of the nodes below it, and the roles of those who ask. None of these tables is
-- published. Unlogged: after a crash of PostgreSQL they are empty, and the root fills them again within seconds.

CREATE TABLE quicksilver.root (
    singleton boolean NOT NULL DEFAULT true
              CONSTRAINT root_has_one_row PRIMARY KEY
              CONSTRAINT root_has_only_one_row CHECK (singleton),
    slot_name name    NOT NULL
);
COMMENT ON TABLE quicksilver.root IS 'At most one row: the replication slot that the last root took.';

CREATE UNLOGGED TABLE quicksilver.sequenced (
    database    text COLLATE "C" NOT NULL CONSTRAINT sequenced_names_a_database_once PRIMARY KEY,
    id          uuid             NOT NULL,
    sequence    bigint           NOT NULL,
    commit_time timestamptz,
    heard_at    timestamptz      NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE quicksilver.sequenced IS 'How far each database is sequenced and durable; written by the root that holds the slot.';

CREATE UNLOGGED TABLE quicksilver.replica (
    database    text COLLATE "C" NOT NULL,
    node        text COLLATE "C" NOT NULL,
    location    text             NOT NULL,
    upstream    text             NOT NULL,
    state       text             NOT NULL,
    sequence    bigint           NOT NULL,
    commit_time timestamptz,
    lag         interval,
    heard_at    timestamptz      NOT NULL,
    CONSTRAINT replica_follows_a_database_once PRIMARY KEY (database, node)
) WITH (fillfactor = 50);
COMMENT ON TABLE quicksilver.replica IS 'What the nodes below the root said last; written by the root that holds the slot.';

CREATE UNLOGGED TABLE quicksilver.answer (
    id          uuid             NOT NULL,
    database    text COLLATE "C" NOT NULL,
    sequence    bigint,
    answered_at timestamptz      NOT NULL DEFAULT now(),
    CONSTRAINT answer_names_a_database_once PRIMARY KEY (id, database)
);
COMMENT ON TABLE quicksilver.answer IS 'The root''s answers to quicksilver.sequence_of, kept for a minute.';

-- Roles belong to the whole cluster: another database may have made them, or make them just now.
DO $$
DECLARE
    wanted  text;
    missing text[] := '{}';
BEGIN
    FOREACH wanted IN ARRAY ARRAY['quicksilver_reader', 'quicksilver_writer', 'quicksilver_admin'] LOOP
        CONTINUE WHEN EXISTS (SELECT FROM pg_roles WHERE rolname = wanted);
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
END
$$;
