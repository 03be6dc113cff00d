/**
 * The replication core: a node pulls the log of each database from an upstream, verifies it block
 * by block, commits it, and serves it to its own followers in the same way. Root, relay and replica
 * differ only in which halves they start: {@link dev.quicksilver.replication.ReplicationServer}
 * serves a {@link dev.quicksilver.storage.DatabaseSet}, {@link dev.quicksilver.replication.Replica}
 * keeps one up to date, and a relay runs both on the same set.
 *
 * <p><b>Wire protocol, version 4</b> (all integers big-endian, over TCP; one connection per
 * followed database):
 *
 * <pre>
 * each direction  magic "QSREPL\r\n" 8 bytes ‖ frame ‖ frame …
 * frame           payload length u32 ‖ type u8 ‖ payload ‖ CRC-32C u32 of type and payload
 * text            length u16, at most 255 ‖ UTF-8
 *
 * type payload
 *  1 ClientHello  lowest version u16 ‖ highest version u16 ‖ process id 16 ‖ purpose u8 ‖ flags u8 ‖ codecs u32
 *                 ‖ database id 16 (0: any) ‖ last sequence u64 ‖ chain hash there 32
 *                 ‖ stop sequence u64 (0: none) ‖ database text ‖ node text ‖ location text
 *  2 ServerHello  version u16 ‖ process id 16 ‖ codec u8 ‖ node text ‖ location text ‖ database
 *                 database: id 16 ‖ oldest sequence u64 ‖ last sequence u64 ‖ chain hash 32
 *                           ‖ name text ‖ key type text ‖ value type text
 *  3 Refusal      code u16 ‖ oldest sequence u64 ‖ last sequence u64 ‖ chain hash 32 ‖ message u16 length, UTF-8
 *  4 BlockStart   block header 160                    {@link dev.quicksilver.storage.BlockHeader}
 *  5 Segment      compressed length u32 ‖ uncompressed length u32 ‖ CRC-32C u32 ‖ compressed bytes
 *  6 BlockEnd     last sequence u64
 *  7 Heartbeat    last sequence u64 ‖ its commit time i64, µs since 1970-01-01 UTC
 *  8 Ack          report: database text ‖ node text ‖ location text ‖ upstream text ‖ state u8 ‖ sequence u64
 *                 ‖ its commit time i64 ‖ as of u64 (root's clock; 0: unknown) ‖ said u64 (own clock); times in µs since 1970
 *                 ‖ from version 2: instance id 16 ‖ process id 16 ‖ process started u64 (own clock)
 *                 ‖ database id 16 (0: none here yet)
 *                 ‖ from version 4: count u8, at most 4 ‖ count × (role text ‖ flags u8 (1: HTTPS) ‖ host:port text)
 *  9 End          reason u8 ‖ last sequence u64
 * 10 Databases    count u16 ‖ count × database
 * 11 CopyRequest  flags u8 (1: begins) ‖ last sequence u64 ‖ bytes wanted u32 (1 to 16 Mi)
 *                 ‖ length of after u16, at most 511 ‖ after
 * 12 PieceStart   pairs of the source u64 ‖ head of the piece 132 to 1154  {@link dev.quicksilver.storage.SnapshotPieceHeader}
 * 13 StepEnd      last sequence u64
 * 14 SubtreeAcks  after database text ‖ after node text ‖ from version 2: after instance 16 ‖ after process 16 ‖ flags u8 (1: nothing comes after these)
 *                 ‖ count u16, at most 900 and as fit the payload ‖ count × report, ascending by database and node (UTF-16 code units), from version 2 then by instance and process
 * 15 RootHead     last sequence u64 ‖ its commit time i64 ‖ root's clock u64, µs since 1970 ‖ age u64, µs
 * 16 Complete     from version 3: flags u8 (1: the last part) ‖ system id u64 ‖ timeline u32 ‖ LSN u64 ‖ count u16, at most 1,024
 *                 ‖ count × (database id 16 ‖ last sequence u64 ‖ chain hash there 32)
 * 17 Held         from version 3: system id u64 ‖ timeline u32 ‖ LSN u64
 * </pre>
 *
 * <p>The first four bytes of a ClientHello and the whole of a Refusal never change, so that any two
 * versions can tell each other why they part. A hello of a later version may be longer, and types
 * from 128 on are optional: a node that does not know one passes over it. Nothing is allocated for
 * a length before it was compared with its bound: 4 KiB until the hellos are exchanged, {@link
 * dev.quicksilver.replication.Protocol#MAX_PAYLOAD} after.
 *
 * <p><b>Order.</b> ClientHello; ServerHello or Refusal; then for purpose FOLLOW and READ_LOG any
 * number of (BlockStart, Segments, BlockEnd) and Heartbeats (each second in which there is no
 * block) and to FOLLOW a RootHead each second and, on the catalog's connection, a Complete when the
 * upstream is complete up to a later position than before; at the end End or Refusal. The follower
 * sends nothing but an Ack after each durable commit and every second, and on the catalog's
 * connection SubtreeAcks every second. Purpose LIST is answered with Databases, 1,024 in each, and
 * End. Purpose COPY: each CopyRequest is answered with any number of (BlockStart, Segments,
 * BlockEnd), perhaps (PieceStart, Segments), and StepEnd; a request may be sent as soon as the
 * PieceStart before it is there.
 *
 * <p><b>Hot path:</b> {@code FollowerStream} (log to socket; blocks are passed on as they are
 * stored) and {@code UpstreamStream} (socket to {@link dev.quicksilver.storage.Applier}).
 *
 * <p><b>Following</b> one database is a state machine: {@code FollowerPhase} draws it, {@code
 * NextPhase} decides, {@code FollowerLife} is the one way from phase to phase, and {@code
 * DatabaseFollower} does the work of each.
 *
 * <p><b>Threads:</b> a virtual thread per connection on both sides plus one that reads; one
 * platform thread per followed database that applies, since LMDB's write lock belongs to a thread
 * of the operating system. Public types are safe for all threads unless they say otherwise.
 *
 * <p><b>Failure:</b> a Refusal is typed and either temporary (the follower tries the next upstream,
 * then backs off) or final (that upstream is left out and asked again at a slow pace; when all are,
 * the state is {@code REFUSED}). A damaged frame, a lost, repeated or misplaced block, or silence
 * ends the connection and nothing of it is committed. A block that contradicts the follower's own
 * history or content is not taken: {@code DIVERGED}, see {@link
 * dev.quicksilver.replication.DivergencePolicy}. Nothing that an upstream says or does, and no
 * error in here, ends the following of a database: it is tried again, and the copy serves reads.
 */
@NullMarked
package dev.quicksilver.replication;

import org.jspecify.annotations.NullMarked;
