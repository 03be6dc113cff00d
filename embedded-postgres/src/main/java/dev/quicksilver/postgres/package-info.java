/**
 * The PostgreSQL that comes along: its programs, its files and its life as a process.
 *
 * <p><b>Contract.</b> {@link dev.quicksilver.postgres.EmbeddedPostgres} is a durable PostgreSQL 18
 * (fsync and synchronous_commit are on, unless its data are not worth keeping) in a directory of
 * its own, on loopback or a private Unix socket only. It never outlives the Java process that
 * started it, however that process ends, and leaves no file behind unless it was given a directory
 * to keep.
 *
 * <p><b>Hot path.</b> None; a first start takes initdb's two seconds, one from the template half a
 * second, a restart 0.2 s; unpacking the programs takes another two, once for each user.
 *
 * <p><b>Threads.</b> Methods are thread-safe; starting, stopping and killing exclude each other.
 *
 * <p><b>Failure.</b> {@link dev.quicksilver.postgres.EmbeddedPostgresException} names the directory
 * and ends with PostgreSQL's own last log lines.
 */
@org.jspecify.annotations.NullMarked
package dev.quicksilver.postgres;
