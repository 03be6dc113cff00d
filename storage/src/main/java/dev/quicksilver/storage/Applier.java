package dev.quicksilver.storage;

import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.log.BlockDecoder;
import dev.quicksilver.storage.log.BlockHeader;
import dev.quicksilver.storage.log.Segment;
import dev.quicksilver.storage.log.SegmentSource;
import dev.quicksilver.storage.record.ChainHash;
import dev.quicksilver.storage.record.CopyState;
import dev.quicksilver.storage.record.Entry;
import dev.quicksilver.storage.record.Head;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Applies blocks that another node made: a replica's write session. Each block is verified
 * (sequence, chain hash, CRC, content digest) as it streams in; one that fails spoils the session,
 * which then can only be closed and leaves nothing behind. For one platform thread; holds LMDB's
 * write lock until it is closed.
 */
public class Applier extends WriteSession {
  private CopyState held;

  /**
   * Begins to write.
   *
   * @param held which part of the content is here: all of it, unless a copy is being made
   */
  protected Applier(Database database, CopyState held) {
    super(database);
    this.held = held;
    if (held.kind() == CopyState.Kind.COPY && !held.complete()) {
      pairs.withoutDigest(); // whether it is the source's, the verification of what is stored says
    }
  }

  /** Returns which part of the content is here. */
  protected final CopyState held() {
    return held;
  }

  /** Says that more of the content is here. */
  protected final void hold(CopyState more) {
    held = more;
  }

  /**
   * Applies one block.
   *
   * @throws StorageException DIVERGED if the block does not continue this database's history,
   *     CORRUPT if its bytes are damaged
   * @throws IOException if the source fails
   */
  public final void apply(BlockHeader header, SegmentSource segments) throws IOException {
    requireUsable();
    if (header.firstSequence() != sequence + 1) {
      throw failed(
          new StorageException(
              ErrorCode.DIVERGED,
              environment.path
                  + " stands at sequence "
                  + sequence
                  + ", a block begins at "
                  + header.firstSequence()));
    }
    ChainHash here = ChainHash.of(chain, 0);
    if (!header.before().equals(here)) {
      throw failed(diverged("chain hash before", sequence, here, header.before()));
    }
    try {
      log.begin(header.firstSequence());
      BlockDecoder decoder = new BlockDecoder(() -> stored(segments.next()));
      long transactions = 0;
      boolean inTransaction = false;
      while (decoder.next()) {
        switch (decoder.kind()) {
          case BEGIN -> {
            require(!inTransaction, "a transaction begins inside another");
            inTransaction = true;
          }
          case ENTRY -> {
            require(inTransaction, "an entry stands outside a transaction");
            require(sequence < header.lastSequence(), "there are more entries than the head says");
            entry(decoder.entry());
          }
          case END -> {
            require(inTransaction, "a transaction ends that never began");
            inTransaction = false;
            transactions++;
          }
        }
      }
      require(!inTransaction, "it ends inside a transaction");
      require(sequence == header.lastSequence(), "there are fewer entries than the head says");
      require(transactions == header.transactions(), "the number of transactions is wrong");
      check(header);
      position = header.positionAfter();
      commitTime = header.commitTime();
      log.end(header);
    } catch (IOException e) {
      throw failed(e);
    } catch (RuntimeException e) {
      throw failed(e);
    }
  }

  private @Nullable Segment stored(@Nullable Segment segment) {
    if (segment != null) {
      log.segment(segment);
    }
    return segment;
  }

  private void entry(Entry entry) {
    sequence++;
    entry.sequence(sequence);
    hash.chain(chain, entry);
    switch (entry.operation()) {
      case SET -> {
        if (held.holds(entry.key(), entry.keyLength())) {
          pairs.set(entry);
        }
      }
      case DEL -> {
        if (held.holds(entry.key(), entry.keyLength())) {
          pairs.delete(entry.key(), entry.keyLength());
        }
      }
      case CLEAR -> pairs.clear();
    }
  }

  private void check(BlockHeader header) {
    ChainHash after = ChainHash.of(chain, 0);
    if (!header.after().equals(after)) {
      throw diverged("chain hash", sequence, after, header.after());
    }
    if (held.complete() && !header.digestAfter().equals(pairs.digest())) {
      throw diverged("content digest", sequence, pairs.digest(), header.digestAfter());
    }
  }

  private StorageException diverged(String what, long at, Object ours, Object theirs) {
    return new StorageException(
        ErrorCode.DIVERGED,
        "the "
            + what
            + " of "
            + environment.path
            + " at sequence "
            + at
            + " is "
            + ours
            + ", upstream's is "
            + theirs
            + "; the two have different histories");
  }

  private static void require(boolean right, String otherwise) {
    if (!right) {
      throw new StorageException(ErrorCode.CORRUPT, "a block is malformed: " + otherwise);
    }
  }

  /** Makes everything durable and visible; when it returns, it is. The session has then ended. */
  public Head commit() {
    requireUsable();
    return commitAll();
  }
}
