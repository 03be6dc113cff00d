-- How far bulk loads (./quicksilver load) have come: changed in the transactions of their batches, so that the same command goes
-- on after whatever ended it, without losing or doubling a row. Not published.

CREATE TABLE quicksilver.load (
    id          text COLLATE "C" NOT NULL
                CONSTRAINT load_is_named_once PRIMARY KEY
                CONSTRAINT load_id_is_a_digest CHECK (id ~ '^[0-9a-f]{64}$'),
    database    text COLLATE "C" NOT NULL,
    loaded_by   name NOT NULL DEFAULT session_user,
    started_at  timestamptz NOT NULL DEFAULT now(),
    changed_at  timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz,
    loaded      bigint NOT NULL DEFAULT 0,
    unchanged   bigint NOT NULL DEFAULT 0,
    rejected    bigint NOT NULL DEFAULT 0,
    duplicates  bigint NOT NULL DEFAULT 0,
    CONSTRAINT load_counts_records CHECK (least(loaded, unchanged, rejected, duplicates) >= 0)
);
COMMENT ON TABLE quicksilver.load IS
    'Bulk loads: where each stands, and what became of its records. A row may be deleted; the load then begins anew.';
COMMENT ON COLUMN quicksilver.load.id IS
    'SHA-256 of what is loaded and how: the same command over the same database has the same one.';
COMMENT ON COLUMN quicksilver.load.finished_at IS 'When all of its sources were loaded; null while they are not.';

CREATE TABLE quicksilver.load_source (
    load    text COLLATE "C" NOT NULL
            CONSTRAINT load_source_is_of_a_load REFERENCES quicksilver.load ON DELETE CASCADE,
    number  integer NOT NULL
            CONSTRAINT load_source_is_numbered CHECK (number > 0),
    name    text NOT NULL,
    size    bigint,
    records bigint NOT NULL,
    bytes   bigint NOT NULL,
    digest  text COLLATE "C" NOT NULL,
    CONSTRAINT load_source_is_named_once PRIMARY KEY (load, number),
    CONSTRAINT load_source_counts CHECK (least(records, bytes) >= 0)
);
COMMENT ON TABLE quicksilver.load_source IS 'How much of each source of a load is committed.';
COMMENT ON COLUMN quicksilver.load_source.bytes IS 'Unpacked and as UTF-8.';
COMMENT ON COLUMN quicksilver.load_source.digest IS 'SHA-256 of those bytes: the source has to begin with them when the load goes on.';

CREATE TABLE quicksilver.load_reject (
    load   text COLLATE "C" NOT NULL
           CONSTRAINT load_reject_is_of_a_load REFERENCES quicksilver.load ON DELETE CASCADE,
    source integer NOT NULL,
    record bigint NOT NULL,
    reason text NOT NULL,
    CONSTRAINT load_reject_is_named_once PRIMARY KEY (load, source, record)
);
COMMENT ON TABLE quicksilver.load_reject IS
    'Records that PostgreSQL itself refused, so that the file of rejects can be written anew. Those that no pair could be made of are found again.';
