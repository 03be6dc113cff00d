package dev.quicksilver.replication;

import dev.quicksilver.replication.Message.Ack;
import dev.quicksilver.replication.Message.BlockEnd;
import dev.quicksilver.replication.Message.BlockStart;
import dev.quicksilver.replication.Message.ClientHello;
import dev.quicksilver.replication.Message.Complete;
import dev.quicksilver.replication.Message.CopyRequest;
import dev.quicksilver.replication.Message.DatabaseInfo;
import dev.quicksilver.replication.Message.Databases;
import dev.quicksilver.replication.Message.End;
import dev.quicksilver.replication.Message.EndReason;
import dev.quicksilver.replication.Message.Heartbeat;
import dev.quicksilver.replication.Message.Held;
import dev.quicksilver.replication.Message.PieceStart;
import dev.quicksilver.replication.Message.Purpose;
import dev.quicksilver.replication.Message.RootHead;
import dev.quicksilver.replication.Message.SegmentData;
import dev.quicksilver.replication.Message.ServerHello;
import dev.quicksilver.replication.Message.StepEnd;
import dev.quicksilver.replication.Message.SubtreeAcks;
import dev.quicksilver.storage.Completeness;
import dev.quicksilver.storage.copy.SnapshotPieceHeader;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.log.BlockHeader;
import dev.quicksilver.storage.log.Segment;
import dev.quicksilver.storage.record.ChainHash;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Position;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Messages to payloads and back; the layout stands in the package's description. Stateless. */
final class MessageCodec {
  static final int CLIENT_HELLO = 1;
  static final int SERVER_HELLO = 2;
  static final int REFUSAL = 3;
  static final int BLOCK_START = 4;
  static final int SEGMENT = 5;
  static final int BLOCK_END = 6;
  static final int HEARTBEAT = 7;
  static final int ACK = 8;
  static final int END = 9;
  static final int DATABASES = 10;
  static final int COPY_REQUEST = 11;
  static final int PIECE_START = 12;
  static final int STEP_END = 13;
  static final int SUBTREE_ACKS = 14;
  static final int ROOT_HEAD = 15;
  static final int COMPLETE = 16;
  static final int HELD = 17;

  private MessageCodec() {}

  static int type(Message message) {
    return switch (message) {
      case ClientHello _ -> CLIENT_HELLO;
      case ServerHello _ -> SERVER_HELLO;
      case Refusal _ -> REFUSAL;
      case BlockStart _ -> BLOCK_START;
      case SegmentData _ -> SEGMENT;
      case BlockEnd _ -> BLOCK_END;
      case Heartbeat _ -> HEARTBEAT;
      case Ack _ -> ACK;
      case End _ -> END;
      case Databases _ -> DATABASES;
      case CopyRequest _ -> COPY_REQUEST;
      case PieceStart _ -> PIECE_START;
      case StepEnd _ -> STEP_END;
      case SubtreeAcks _ -> SUBTREE_ACKS;
      case RootHead _ -> ROOT_HEAD;
      case Complete _ -> COMPLETE;
      case Held _ -> HELD;
    };
  }

  /** Encodes a message for a conversation in the newest version. */
  static byte[] encode(Message message) {
    return encode(message, ProtocolVersions.SUPPORTED.highest());
  }

  /** Encodes a message for a conversation in this version. */
  static byte[] encode(Message message, int version) {
    WireWriter to = new WireWriter();
    switch (message) {
      case ClientHello hello -> clientHello(to, hello);
      case ServerHello hello -> {
        to.u16(hello.version()).uuid(hello.processId()).u8(hello.codec());
        database(to.text(hello.node()).text(hello.location()), hello.database());
      }
      case Refusal refusal ->
          to.u16(refusal.code().number())
              .i64(refusal.oldestSequence())
              .i64(refusal.lastSequence())
              .hash(refusal.chainHash())
              .text(refusal.message(), Protocol.MAX_MESSAGE);
      case BlockStart start -> to.bytes(start.header().encode());
      case SegmentData data -> to.bytes(data.segment().encode());
      case BlockEnd end -> to.i64(end.lastSequence());
      case Heartbeat beat -> to.i64(beat.lastSequence()).i64(beat.commitTime());
      case Ack ack -> AckCodec.ack(to, ack.node(), version);
      case End end -> to.u8(end.reason().number()).i64(end.lastSequence());
      case Databases list -> {
        to.u16(list.databases().size());
        list.databases().forEach(info -> database(to, info));
      }
      case CopyRequest wanted ->
          to.u8(wanted.begins() ? Protocol.FLAG_BEGINS : 0)
              .i64(wanted.lastSequence())
              .u32(wanted.pieceBytes())
              .u16(wanted.after().length)
              .bytes(wanted.after());
      case PieceStart start -> to.i64(start.pairsOfSource()).bytes(start.header().encode());
      case StepEnd end -> to.i64(end.lastSequence());
      case SubtreeAcks acks -> AckCodec.subtree(to, acks, version);
      case RootHead head -> AckCodec.rootHead(to, head);
      case Complete complete -> complete(to, complete);
      case Held held -> position(to, held.position());
    }
    return to.toBytes();
  }

  private static void clientHello(WireWriter to, ClientHello hello) {
    to.u16(hello.minVersion()).u16(hello.maxVersion()).uuid(hello.processId());
    to.u8(hello.purpose().number());
    to.u8(
        (hello.newestOnly() ? Protocol.FLAG_NEWEST_ONLY : 0)
            | (hello.purpose() == Purpose.STANDBY ? Protocol.FLAG_STANDBY : 0));
    to.u32(hello.codecs()).uuid(hello.databaseId()).i64(hello.lastSequence());
    to.hash(hello.chainHash()).i64(hello.stopSequence());
    to.text(hello.database()).text(hello.node()).text(hello.location());
  }

  private static void database(WireWriter to, DatabaseInfo info) {
    DatabaseIdentity identity = info.identity();
    to.uuid(identity.id()).i64(info.oldestSequence()).i64(info.lastSequence());
    to.hash(info.chainHash());
    to.text(identity.name()).text(identity.keyType()).text(identity.valueType());
  }

  /** Decodes what was said in the newest version. */
  static Message decode(int type, byte[] payload) throws ProtocolException {
    return decode(type, payload, ProtocolVersions.SUPPORTED, ProtocolVersions.SUPPORTED.highest());
  }

  /**
   * Decodes a payload; anything that is not exactly one message of its type is refused, but for
   * what a later version may have added at the end of its hello.
   *
   * @param versions that this node speaks
   * @param version that the conversation is in
   * @throws VersionException for a hello that has no version in common with these
   */
  static Message decode(int type, byte[] payload, ProtocolVersions versions, int version)
      throws ProtocolException {
    WireReader from = new WireReader(payload);
    Message message =
        switch (type) {
          case CLIENT_HELLO -> clientHello(from, versions);
          case SERVER_HELLO ->
              new ServerHello(
                  from.u16(), from.uuid(), from.u8(), from.text(), from.text(), database(from));
          case REFUSAL -> refusal(from);
          case BLOCK_START -> blockStart(from);
          case SEGMENT -> segment(from, payload);
          case BLOCK_END -> new BlockEnd(from.sequence());
          case HEARTBEAT -> new Heartbeat(from.sequence(), from.i64());
          case ACK -> new Ack(AckCodec.ack(from, version));
          case END -> new End(from.choice(EndReason.values()), from.sequence());
          case DATABASES -> databases(from);
          case COPY_REQUEST -> copyRequest(from);
          case PIECE_START -> pieceStart(from, payload);
          case STEP_END -> new StepEnd(from.sequence());
          case SUBTREE_ACKS -> AckCodec.subtree(from, version);
          case ROOT_HEAD -> AckCodec.rootHead(from);
          case COMPLETE -> complete(from, version);
          case HELD -> held(from, version);
          default -> throw new ProtocolException("a message of unknown type " + type);
        };
    boolean later = message instanceof ClientHello hello && hello.maxVersion() > versions.highest();
    if (!later) {
      from.end();
    }
    return message;
  }

  private static Message clientHello(WireReader from, ProtocolVersions versions)
      throws ProtocolException {
    int minVersion = from.u16();
    int maxVersion = from.u16();
    if (versions.common(minVersion, maxVersion).isEmpty()) {
      throw new VersionException(minVersion, maxVersion, versions);
    }
    UUID processId = from.uuid();
    Purpose purpose = from.choice(Purpose.values());
    int flags = from.u8();
    boolean newestOnly = (flags & Protocol.FLAG_NEWEST_ONLY) != 0;
    if (purpose == Purpose.FOLLOW && (flags & Protocol.FLAG_STANDBY) != 0) {
      purpose = Purpose.STANDBY;
    }
    return new ClientHello(
        minVersion,
        maxVersion,
        processId,
        purpose,
        newestOnly,
        from.u32(),
        from.uuid(),
        from.sequence(),
        from.hash(),
        from.sequence(),
        from.text(),
        from.text(),
        from.text());
  }

  private static Refusal refusal(WireReader from) throws ProtocolException {
    int number = from.u16();
    long oldest = from.sequence();
    long last = from.sequence();
    ChainHash hash = from.hash();
    String message = from.text(Protocol.MAX_MESSAGE);
    RefusalCode code = RefusalCode.of(number);
    if (code == null) {
      return Refusal.of(RefusalCode.INTERNAL, "refusal " + number + ": " + message);
    }
    return new Refusal(code, oldest, last, hash, message);
  }

  private static Message blockStart(WireReader from) throws ProtocolException {
    try {
      return new BlockStart(BlockHeader.decode(from.bytes(BlockHeader.LENGTH)));
    } catch (StorageException e) {
      throw new ProtocolException("a block header that cannot be read: " + e.getMessage());
    }
  }

  /** Returns the message whose payload is a segment's head and these bytes. */
  static Message segment(byte[] header, byte[] bytes) throws ProtocolException {
    try {
      return new SegmentData(Segment.of(header, bytes));
    } catch (StorageException e) {
      throw new ProtocolException(String.valueOf(e.getMessage()));
    }
  }

  private static Message segment(WireReader from, byte[] payload) throws ProtocolException {
    byte[] header = from.bytes(Segment.HEADER);
    try {
      from.skip(Segment.bytesAfterHeader(header, 0));
      return new SegmentData(Segment.decode(payload, 0));
    } catch (StorageException e) {
      throw new ProtocolException(String.valueOf(e.getMessage()));
    }
  }

  private static Message copyRequest(WireReader from) throws ProtocolException {
    int flags = from.u8();
    long sequence = from.sequence();
    int pieceBytes = from.u32();
    int length = from.u16();
    if ((flags & ~Protocol.FLAG_BEGINS) != 0
        || pieceBytes < 1
        || pieceBytes > Protocol.MAX_PIECE
        || length > Protocol.MAX_KEY) {
      throw new ProtocolException(
          "a request with flags "
              + flags
              + " for "
              + Integer.toUnsignedString(pieceBytes)
              + " bytes after a key of "
              + length);
    }
    return new CopyRequest(flags != 0, sequence, pieceBytes, from.bytes(length));
  }

  private static Message pieceStart(WireReader from, byte[] payload) throws ProtocolException {
    long pairs = from.sequence();
    int length = payload.length - Long.BYTES;
    if (length > SnapshotPieceHeader.MAX_LENGTH) {
      throw new ProtocolException("the head of a piece has " + length + " bytes");
    }
    try {
      SnapshotPieceHeader header = SnapshotPieceHeader.decode(from.bytes(length));
      if (header.uncompressedLength() < 0
          || header.uncompressedLength()
              > SnapshotPieceHeader.maxUncompressed(Protocol.MAX_PIECE)) {
        throw new ProtocolException(
            "a piece of " + Long.toUnsignedString(header.uncompressedLength()) + " bytes");
      }
      return new PieceStart(pairs, header);
    } catch (StorageException e) {
      throw new ProtocolException("the head of a piece cannot be read: " + e.getMessage());
    }
  }

  private static void complete(WireWriter to, Complete complete) {
    position(to.u8(complete.last() ? Protocol.FLAG_LAST : 0), complete.upTo().position());
    to.u16(complete.upTo().databases().size());
    complete
        .upTo()
        .databases()
        .forEach((id, point) -> to.uuid(id).i64(point.sequence()).hash(point.chainHash()));
  }

  private static void position(WireWriter to, Position position) {
    to.i64(position.systemId()).u32(position.timeline()).i64(position.lsn());
  }

  private static Position position(WireReader from) throws ProtocolException {
    return new Position(from.i64(), from.u32(), from.i64());
  }

  private static void requireCompleteness(int type, int version) throws ProtocolException {
    if (version < ProtocolVersions.WITH_COMPLETENESS) {
      throw new ProtocolException("a message of type " + type + " in version " + version);
    }
  }

  private static Message held(WireReader from, int version) throws ProtocolException {
    requireCompleteness(HELD, version);
    return new Held(position(from));
  }

  private static Message complete(WireReader from, int version) throws ProtocolException {
    requireCompleteness(COMPLETE, version);
    int flags = from.u8();
    Position position = position(from);
    int count = count(from);
    Map<UUID, Completeness.Point> databases = new HashMap<>();
    for (int i = 0; i < count; i++) {
      databases.put(from.uuid(), new Completeness.Point(from.sequence(), from.hash()));
    }
    if ((flags & ~Protocol.FLAG_LAST) != 0
        || databases.size() != count
        || position.equals(Position.NONE)) {
      throw new ProtocolException(
          "complete up to " + position + " with flags " + flags + " and " + count + " databases");
    }
    return new Complete(flags != 0, new Completeness(position, databases));
  }

  private static Message databases(WireReader from) throws ProtocolException {
    int count = count(from);
    List<DatabaseInfo> databases = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      databases.add(database(from));
    }
    return new Databases(databases);
  }

  private static DatabaseInfo database(WireReader from) throws ProtocolException {
    UUID id = from.uuid();
    long oldest = from.sequence();
    long last = from.sequence();
    ChainHash hash = from.hash();
    try {
      return new DatabaseInfo(
          new DatabaseIdentity(id, from.text(), from.text(), from.text()), oldest, last, hash);
    } catch (StorageException e) {
      throw new ProtocolException(String.valueOf(e.getMessage()));
    }
  }

  private static int count(WireReader from) throws ProtocolException {
    int count = from.u16();
    if (count > Protocol.MAX_ITEMS) {
      throw new ProtocolException("a list of " + count + ", at most " + Protocol.MAX_ITEMS);
    }
    return count;
  }
}
