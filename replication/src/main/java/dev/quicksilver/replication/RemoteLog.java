package dev.quicksilver.replication;

import dev.quicksilver.replication.Message.BlockEnd;
import dev.quicksilver.replication.Message.BlockStart;
import dev.quicksilver.replication.Message.ClientHello;
import dev.quicksilver.replication.Message.DatabaseInfo;
import dev.quicksilver.replication.Message.End;
import dev.quicksilver.replication.Message.Heartbeat;
import dev.quicksilver.replication.Message.Purpose;
import dev.quicksilver.replication.Message.SegmentData;
import dev.quicksilver.storage.log.BlockEntries;
import dev.quicksilver.storage.log.LogEntry;
import dev.quicksilver.storage.log.Segment;
import dev.quicksilver.storage.record.DatabaseIdentity;
import java.io.IOException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Reads a database's entries off a node without keeping a copy: {@code quicksilver log --follow}.
 * One reading thread; {@link #close()} may be called from any and ends a waiting {@link #next()}.
 */
public final class RemoteLog implements AutoCloseable {
  /** An upstream that sends nothing, not even a heartbeat, for this long is given up. */
  private static final Duration SILENCE = Duration.ofSeconds(10);

  private static final String READER = "log reader";
  private static final long WAIT_NANOS = TimeUnit.HOURS.toNanos(1);

  /**
   * What to read.
   *
   * @param fromSequence the first entry wanted, from 1
   * @param stopSequence the last entry wanted; 0 to wait for more for ever
   * @param newestOnly only what is committed from now on, whatever fromSequence says
   */
  public record Range(long fromSequence, long stopSequence, boolean newestOnly) {
    /** Everything from a sequence on. */
    public static Range from(long sequence) {
      return new Range(sequence, 0, false);
    }

    /** What is committed from now on. */
    public static Range newest() {
      return new Range(1, 0, true);
    }

    /** Both ends included. */
    public static Range between(long first, long last) {
      return new Range(first, last, false);
    }
  }

  private final UpstreamLink link;
  private final UpstreamLink.Session session;
  private final Range range;
  private @Nullable BlockEntries block;
  private boolean ended;

  private RemoteLog(UpstreamLink link, UpstreamLink.Session session, Range range) {
    this.link = link;
    this.session = session;
    this.range = range;
  }

  /**
   * Connects.
   *
   * @throws RefusedException with the node's reason
   * @throws IOException if it cannot be reached
   */
  public static RemoteLog open(Upstream node, String database, Range range) throws IOException {
    return open(node, database, range, READER, Transport.PLAIN);
  }

  /**
   * Connects.
   *
   * @param self this program's name; with TLS its certificate has to carry it
   * @throws RefusedException with the node's reason
   * @throws IOException if it cannot be reached
   */
  public static RemoteLog open(
      Upstream node, String database, Range range, String self, Transport transport)
      throws IOException {
    return open(node, database, range, self, transport, SILENCE);
  }

  /**
   * Connects.
   *
   * @param self this program's name; with TLS its certificate has to carry it
   * @param silence a node that sends nothing for this long is given up; 1 s between two heartbeats
   *     are usual
   * @throws RefusedException with the node's reason
   * @throws IOException if it cannot be reached
   */
  public static RemoteLog open(
      Upstream node,
      String database,
      Range range,
      String self,
      Transport transport,
      Duration silence)
      throws IOException {
    if (range.fromSequence() < 1 || range.stopSequence() < 0) {
      throw new ReplicationException(
          "sequences begin at 1; asked for " + range.fromSequence() + " to " + range.stopSequence(),
          null);
    }
    UpstreamLink link = new UpstreamLink(node, transport);
    boolean open = false;
    try {
      UpstreamLink.Session session = link.open(hello(database, range, self), silence);
      open = true;
      return new RemoteLog(link, session, range);
    } finally {
      if (!open) {
        link.close();
      }
    }
  }

  private static ClientHello hello(String database, Range range, String self) {
    return new ClientHello(
        ProtocolVersions.SUPPORTED.lowest(),
        ProtocolVersions.SUPPORTED.highest(),
        UUID.randomUUID(),
        Purpose.READ_LOG,
        range.newestOnly(),
        Protocol.CODEC_SNAPPY,
        Protocol.ANY_DATABASE,
        range.newestOnly() ? 0 : range.fromSequence() - 1,
        Protocol.NO_HASH,
        range.stopSequence(),
        database,
        self,
        "");
  }

  /** Returns which database this is. */
  public DatabaseIdentity identity() {
    return info().identity();
  }

  /** Returns the last sequence that the node had when the connection was made. */
  public long lastSequence() {
    return info().lastSequence();
  }

  private DatabaseInfo info() {
    return session.server().database();
  }

  /**
   * Returns the next entry, waiting for it; null at the stop sequence, or when the database was
   * dropped.
   *
   * @throws IOException if the connection is lost or was closed
   */
  public @Nullable LogEntry next() throws IOException {
    while (!ended) {
      BlockEntries current = block;
      LogEntry entry = current == null ? null : current.next();
      if (entry == null) {
        block = null;
        nextBlock();
      } else if (range.stopSequence() > 0 && entry.sequence() > range.stopSequence()) {
        ended = true;
      } else if (range.newestOnly() || entry.sequence() >= range.fromSequence()) {
        return entry;
      }
    }
    return null;
  }

  private void nextBlock() throws IOException {
    switch (session.queue().poll(WAIT_NANOS)) {
      case null -> {}
      case Heartbeat _ -> {}
      case BlockStart start -> block = new BlockEntries(start.header(), this::segment);
      case End _ -> ended = true;
      case Refusal refusal -> throw new RefusedException(refusal);
      case Message other ->
          throw new ProtocolException("an unexpected message of type " + MessageCodec.type(other));
    }
  }

  private @Nullable Segment segment() throws IOException {
    while (true) {
      switch (session.queue().poll(WAIT_NANOS)) {
        case null -> {}
        case SegmentData data -> {
          return data.segment();
        }
        case BlockEnd _ -> {
          return null;
        }
        case Message other ->
            throw new ProtocolException(
                "a message of type " + MessageCodec.type(other) + " inside a block");
      }
    }
  }

  @Override
  public void close() {
    link.close();
  }
}
