-- What the root's content digest of each database is at the sequence that it says, so that whoever has written can compare it with his own.

ALTER TABLE quicksilver.sequenced ADD COLUMN content_digest text COLLATE "C";
COMMENT ON COLUMN quicksilver.sequenced.content_digest IS
    'Of the pairs at that sequence: 32 hexadecimal digits. Each block of the log has it, and a replica that does not come to the same refuses the block.';
