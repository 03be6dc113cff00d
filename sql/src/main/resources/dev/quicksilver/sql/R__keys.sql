-- The keys of published tables, which are bytea unless they are one text column: made of values, and read again.
-- Plain expressions, so that a condition on a key is a constant by the time it is sent to an edge. They can be loaded
-- into an analyst's PostgreSQL alone: CREATE SCHEMA quicksilver, then this file.

CREATE OR REPLACE FUNCTION quicksilver.flip_sign(big_endian bytea) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN set_byte(big_endian, 0, get_byte(big_endian, 0) # 128);
COMMENT ON FUNCTION quicksilver.flip_sign(bytea) IS 'Makes the byte order of a signed integer its order.';

CREATE OR REPLACE FUNCTION quicksilver.key_of(value smallint) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN quicksilver.flip_sign(int2send(value));
CREATE OR REPLACE FUNCTION quicksilver.key_of(value integer) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN quicksilver.flip_sign(int4send(value));
CREATE OR REPLACE FUNCTION quicksilver.key_of(value bigint) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN quicksilver.flip_sign(int8send(value));
CREATE OR REPLACE FUNCTION quicksilver.key_of(value date) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN quicksilver.flip_sign(date_send(value));
CREATE OR REPLACE FUNCTION quicksilver.key_of(value timestamp) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN quicksilver.flip_sign(timestamp_send(value));
CREATE OR REPLACE FUNCTION quicksilver.key_of(value timestamptz) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN quicksilver.flip_sign(timestamptz_send(value));
CREATE OR REPLACE FUNCTION quicksilver.key_of(value uuid) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN uuid_send(value);
-- Inside a key of several columns; a key of one text column is the text itself.
CREATE OR REPLACE FUNCTION quicksilver.key_of(value text) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN convert_to(value, 'UTF8') || '\x0001'::bytea;
COMMENT ON FUNCTION quicksilver.key_of(integer) IS
    'A column''s part of a published table''s key; join the parts of several columns with ||.';

CREATE OR REPLACE FUNCTION quicksilver.integer_of(key bytea, skip integer DEFAULT 0) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN ('x' || encode(quicksilver.flip_sign(substr(key, skip + 1, 4)), 'hex'))::bit(32)::integer;
CREATE OR REPLACE FUNCTION quicksilver.bigint_of(key bytea, skip integer DEFAULT 0) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN ('x' || encode(quicksilver.flip_sign(substr(key, skip + 1, 8)), 'hex'))::bit(64)::bigint;
COMMENT ON FUNCTION quicksilver.integer_of(bytea, integer) IS
    'The integer column that begins after so many bytes of a key.';
COMMENT ON FUNCTION quicksilver.bigint_of(bytea, integer) IS
    'The bigint column that begins after so many bytes of a key.';
