-- How many pairs a load with --mode replace-all has deleted, since its sources lack them. They are no records, so they are in no sum.

ALTER TABLE quicksilver.load
    ADD COLUMN deleted bigint NOT NULL DEFAULT 0
        CONSTRAINT load_counts_deletes CHECK (deleted >= 0);
COMMENT ON COLUMN quicksilver.load.deleted IS 'Pairs of the table whose keys the sources lack: of --mode replace-all.';
