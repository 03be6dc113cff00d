-- A node is told from others by the instance id of its data directory: two nodes may have one name. What is known of a node
-- by its name alone counts under an id made of that (RFC 9562, version 3), as the root makes it for nodes that do not say theirs.

ALTER TABLE quicksilver.replica
    ADD COLUMN instance    uuid NOT NULL DEFAULT gen_random_uuid(),
    ADD COLUMN database_id uuid,
    ADD COLUMN problem     text;

UPDATE quicksilver.replica r
SET instance = overlay(
    overlay(md5(r.node) PLACING '3' FROM 13)
    PLACING to_hex(8 + get_byte(decode(md5(r.node), 'hex'), 8) / 16 % 4) FROM 17)::uuid;

ALTER TABLE quicksilver.replica
    DROP CONSTRAINT replica_follows_a_database_once,
    ADD CONSTRAINT replica_follows_a_database_once PRIMARY KEY (database, instance);

COMMENT ON COLUMN quicksilver.replica.instance IS 'Tells the node from all others.';
COMMENT ON COLUMN quicksilver.replica.database_id IS
    'Which database of this name the node has; NULL while it has none, or if it does not say so.';
COMMENT ON COLUMN quicksilver.replica.problem IS 'Why the node is hard to tell from another one that runs; NULL if it is not.';
