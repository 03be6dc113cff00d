package dev.quicksilver.replication;

import dev.quicksilver.replication.Message.BlockEnd;
import dev.quicksilver.replication.Message.SegmentData;
import dev.quicksilver.storage.Applier;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.lmdb.FailPoint;
import dev.quicksilver.storage.log.BlockHeader;
import dev.quicksilver.storage.log.Segment;
import dev.quicksilver.storage.record.Head;
import java.io.IOException;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Puts received blocks into a database: applies each, commits when the pacer says so. LMDB's write
 * lock is held only while something is applied and not yet committed. One platform thread.
 */
final class BlockReceiver implements AutoCloseable {
  /** Where the messages of a block come from. */
  @FunctionalInterface
  interface Source {
    /** Waits for the next message. */
    Message next() throws IOException;
  }

  private final Database database;
  private final CommitPacer pacer;
  private final CRC32C crc = new CRC32C();
  private long applied;
  private long blockBytes;
  private @Nullable Applier applier;

  BlockReceiver(Database database, CommitPacer pacer) {
    this.database = database;
    this.pacer = pacer;
    this.applied = database.head().lastSequence();
  }

  /**
   * Applies one block; nothing is durable yet.
   *
   * @throws ProtocolException if it is not the next block, or damaged: another connection may do
   *     better
   * @throws dev.quicksilver.storage.lmdb.StorageException DIVERGED if it contradicts this copy
   */
  void apply(BlockHeader header, Source source) throws IOException {
    if (header.firstSequence() != applied + 1 || header.lastSequence() < header.firstSequence()) {
      throw new ProtocolException(
          "expected the block that begins at sequence "
              + (applied + 1)
              + ", received "
              + header.firstSequence()
              + " to "
              + header.lastSequence()
              + ": a block was lost, repeated or misplaced");
    }
    Applier current = applier;
    if (current == null) {
      current = database.apply();
      applier = current;
    }
    blockBytes = 0;
    boolean complete = false;
    try {
      current.apply(header, () -> segment(header, source));
      complete = true;
    } finally {
      if (!complete) {
        close();
      }
    }
    applied = header.lastSequence();
    pacer.add(blockBytes);
  }

  /**
   * Compares with an upstream that says that it has sent all it has, up to this sequence.
   *
   * @throws ProtocolException if it is not here: no later block may ever show that one was lost
   */
  void caughtUp(long lastSequence) throws ProtocolException {
    if (lastSequence != applied) {
      throw new ProtocolException(
          "the upstream has sent everything up to sequence "
              + lastSequence
              + ", here it ends at "
              + applied
              + ": a block was lost");
    }
  }

  private @Nullable Segment segment(BlockHeader header, Source source) throws IOException {
    switch (source.next()) {
      case SegmentData data -> {
        Segment segment = data.segment();
        crc.reset();
        crc.update(segment.bytes());
        if ((int) crc.getValue() != segment.crc()) {
          throw new ProtocolException(
              "a segment of the block at sequence "
                  + header.firstSequence()
                  + " does not match its checksum: damaged at the upstream");
        }
        blockBytes += segment.uncompressedLength();
        return segment;
      }
      case BlockEnd end when end.lastSequence() == header.lastSequence() -> {
        return null;
      }
      case Message other ->
          throw new ProtocolException(
              "a message of type "
                  + MessageCodec.type(other)
                  + " inside the block at sequence "
                  + header.firstSequence());
    }
  }

  Database database() {
    return database;
  }

  /** Returns whether something is applied and not yet durable. */
  boolean pending() {
    return applier != null;
  }

  /** Makes everything applied durable. */
  Head commit(Ticker ticker) {
    Applier current = applier;
    if (current == null) {
      return database.head();
    }
    try (current) {
      FailPoint.hit("replica.before-commit");
      long began = ticker.nanos();
      Head head = current.commit();
      FailPoint.hit("replica.after-commit");
      pacer.committed(began, ticker.nanos());
      return head;
    } finally {
      applier = null;
    }
  }

  /** Throws away what is not durable. */
  @Override
  public void close() {
    Applier current = applier;
    if (current != null) {
      applier = null;
      current.close();
      pacer.discarded();
      applied = database.head().lastSequence();
    }
  }
}
