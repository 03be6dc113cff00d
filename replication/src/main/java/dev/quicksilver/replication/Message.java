package dev.quicksilver.replication;

import dev.quicksilver.storage.Completeness;
import dev.quicksilver.storage.copy.SnapshotPieceHeader;
import dev.quicksilver.storage.log.BlockHeader;
import dev.quicksilver.storage.log.Segment;
import dev.quicksilver.storage.record.ChainHash;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Position;
import java.util.List;
import java.util.UUID;

/** Everything that travels in a frame. {@link MessageCodec} knows the bytes. */
sealed interface Message
    permits Message.ClientHello,
        Message.ServerHello,
        Message.BlockStart,
        Message.SegmentData,
        Message.BlockEnd,
        Message.Heartbeat,
        Message.RootHead,
        Message.Ack,
        Message.SubtreeAcks,
        Message.End,
        Message.Databases,
        Message.CopyRequest,
        Message.PieceStart,
        Message.StepEnd,
        Message.Complete,
        Message.Held,
        Refusal {

  /** A choice with a number that stands on the wire and never changes. */
  interface Numbered {
    /** Returns the number, 0 to 255. */
    int number();
  }

  /** What a client connects for. */
  enum Purpose implements Numbered {
    /** To keep a copy: the chain hash is compared, acks are expected. */
    FOLLOW(0),
    /**
     * The same as a standby root, which is told at once up to where the upstream is complete, and
     * says up to where it is itself. On the wire FOLLOW with a flag, as an upstream of an earlier
     * version takes it.
     */
    STANDBY(0),
    /** To read entries without keeping a copy: nothing is compared, no acks. */
    READ_LOG(1),
    /** To learn which databases there are. */
    LIST(2),
    /** To copy a snapshot step by step: each is asked for with a CopyRequest. */
    COPY(3);

    private final int number;

    Purpose(int number) {
      this.number = number;
    }

    @Override
    public int number() {
      return number;
    }

    /** Whether it is to keep a copy. */
    boolean follows() {
      return this == FOLLOW || this == STANDBY;
    }
  }

  /** Why a stream ended in good order. */
  enum EndReason implements Numbered {
    /** The stop sequence was reached. */
    STOP_SEQUENCE(0),
    /** The upstream no longer has the database. */
    DATABASE_DROPPED(1),
    /** The list is complete. */
    COMPLETE(2);

    private final int number;

    EndReason(int number) {
      this.number = number;
    }

    @Override
    public int number() {
      return number;
    }
  }

  /**
   * The client's first message.
   *
   * @param minVersion lowest protocol version it speaks
   * @param maxVersion highest protocol version it speaks
   * @param processId random per process: a node recognises itself
   * @param codecs bit set of the compressions it can read
   * @param databaseId {@link Protocol#ANY_DATABASE} if it takes whichever has the name
   * @param lastSequence what it has; the stream begins with the next
   * @param chainHash its chain hash there
   * @param stopSequence the stream ends with the block that holds it; 0 for none
   * @param newestOnly begin with what is committed after now, whatever lastSequence says (READ_LOG
   *     only)
   */
  record ClientHello(
      int minVersion,
      int maxVersion,
      UUID processId,
      Purpose purpose,
      boolean newestOnly,
      int codecs,
      UUID databaseId,
      long lastSequence,
      ChainHash chainHash,
      long stopSequence,
      String database,
      String node,
      String location)
      implements Message {}

  /** A database and its range, as the upstream has it. */
  record DatabaseInfo(
      DatabaseIdentity identity, long oldestSequence, long lastSequence, ChainHash chainHash) {}

  /** The server's answer to a hello that it accepts; for LIST the database is the catalog. */
  record ServerHello(
      int version, UUID processId, int codec, String node, String location, DatabaseInfo database)
      implements Message {}

  /** Begins a block. */
  record BlockStart(BlockHeader header) implements Message {}

  /** A compressed piece of the block's body. */
  record SegmentData(Segment segment) implements Message {}

  /** Ends a block. */
  record BlockEnd(long lastSequence) implements Message {}

  /** "I am here, and this is all I have." */
  record Heartbeat(long lastSequence, long commitTime) implements Message {}

  /**
   * The root's head, as far as the sender knows.
   *
   * @param rootTime what the root's clock said at or before the moment at which this was its head,
   *     µs since 1970-01-01 UTC
   * @param age µs that have passed since then on the way here, as far as the nodes on it know
   */
  record RootHead(long lastSequence, long commitTime, long rootTime, long age) implements Message {}

  /** How far the sender is. */
  record Ack(NodeAck node) implements Message {}

  /**
   * How far the nodes at and below the sender are whose databases and names come after one, up to
   * the last that is listed, or all of them. One that is not listed is gone.
   *
   * @param last whether nothing comes after these
   * @param nodes in ascending order, all of them after the first
   */
  record SubtreeAcks(AckKey after, boolean last, List<NodeAck> nodes) implements Message {
    public SubtreeAcks {
      nodes = List.copyOf(nodes);
    }
  }

  /** The stream is over and nothing is wrong. */
  record End(EndReason reason, long lastSequence) implements Message {}

  /** Answer to LIST. */
  record Databases(List<DatabaseInfo> databases) implements Message {
    public Databases {
      databases = List.copyOf(databases);
    }
  }

  /**
   * Asks for the next step of a copy.
   *
   * @param begins there is no copy yet: the answer is a piece without log before it
   * @param lastSequence where the copy stands; the answer begins with the log after it
   * @param pieceBytes wanted in the piece, of keys and values
   * @param after the copy holds all pairs up to this key; empty for none yet
   */
  record CopyRequest(boolean begins, long lastSequence, int pieceBytes, byte[] after)
      implements Message {}

  /**
   * Begins a piece of a snapshot.
   *
   * @param pairsOfSource live pairs that the source holds in all, for progress
   */
  record PieceStart(long pairsOfSource, SnapshotPieceHeader header) implements Message {}

  /** Ends the answer to a CopyRequest. */
  record StepEnd(long lastSequence) implements Message {}

  /**
   * "Up to this position I hold everything", or a part of it: at most {@link Protocol#MAX_ITEMS}
   * databases. All parts of one come one after the other.
   *
   * @param last whether nothing comes after this part
   */
  record Complete(boolean last, Completeness upTo) implements Message {}

  /** "I hold everything up to this position", from a standby root to the active one. */
  record Held(Position position) implements Message {}
}
