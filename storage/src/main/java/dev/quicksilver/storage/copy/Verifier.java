package dev.quicksilver.storage.copy;

import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.Direction;
import dev.quicksilver.storage.KeyRange;
import dev.quicksilver.storage.Scan;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.lmdb.Bytes;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.PageAudit;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.lmdb.Tree;
import dev.quicksilver.storage.lmdb.TreeCursor;
import dev.quicksilver.storage.log.BlockDecoder;
import dev.quicksilver.storage.log.BlockHeader;
import dev.quicksilver.storage.log.LogReader;
import dev.quicksilver.storage.record.ChainHash;
import dev.quicksilver.storage.record.ContentDigest;
import dev.quicksilver.storage.record.DigestSum;
import dev.quicksilver.storage.record.Head;
import dev.quicksilver.storage.record.PairBuffer;
import dev.quicksilver.storage.record.PieceKey;
import dev.quicksilver.storage.record.RecordFormat;
import dev.quicksilver.storage.record.Sha256;
import dev.quicksilver.storage.record.Text;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinTask;
import org.jspecify.annotations.Nullable;

/**
 * Computes again all that a database claims: that each page is used once; the checksum of every
 * record, of every large value and of every segment; the order of the keys; the content digest;
 * that each chunk belongs to a pair; that the retained log has no gap and that its chain hash leads
 * from the oldest block's {@code before} to the head.
 *
 * <p>Works on a live database: pairs in one snapshot, since the digest is that of one moment, the
 * log in snapshots that move on with every few blocks, so that it holds back no page for long.
 * Pages are accounted for, and pairs hashed, on another thread beside the one that reads the pairs.
 * For one thread.
 */
public final class Verifier {
  static final int MOST_PROBLEMS = 100;
  private static final int BLOCKS_PER_SNAPSHOT = 64;
  private static final int STEPS_PER_REPORT = 1_000;

  private final Database database;
  private final VerifyProgress progress;
  private final Sha256 hash = new Sha256();
  private final List<String> problems = new ArrayList<>();
  private long pairs;
  private long valueBytes;
  private long chunks;
  private long blocks;
  private long entries;
  private long logTotal;

  private Verifier(Database database, VerifyProgress progress) {
    this.database = database;
    this.progress = progress;
  }

  /**
   * Verifies a database while it is in use. Takes as long as reading all of it.
   *
   * @return what was looked at, and what is wrong
   */
  public static Verification verify(Database database, VerifyProgress progress) {
    return new Verifier(database, progress).run();
  }

  private Verification run() {
    Head head;
    try (Snapshot snapshot = database.snapshot()) {
      head = snapshot.head();
      List<String> ofPages = new ArrayList<>();
      PageAudit audit =
          new PageAudit(snapshot.transaction(), problem -> addIfRoom(ofPages, problem));
      ForkJoinTask<?> auditing = ForkJoinPool.commonPool().submit(audit::run);
      try {
        verifyPairs(snapshot, head);
      } finally {
        auditing.quietlyJoin(); // it reads what the snapshot holds in place
      }
      auditing.join();
      problems.forEach(problem -> addIfRoom(ofPages, problem)); // the pages' come first
      problems.clear();
      problems.addAll(ofPages);
    }
    if (going()) {
      try (Snapshot snapshot = database.snapshot()) {
        verifyLog(snapshot);
      } catch (StorageException e) {
        addIfDamage("the log: ", e);
      }
    }
    return new Verification(head, pairs, valueBytes, chunks, blocks, entries, problems);
  }

  /** Notes damage; anything else has nothing to do with the data and ends the verification. */
  private void addIfDamage(String where, StorageException e) {
    switch (e.code()) {
      case CORRUPT, NOT_IN_LOG -> problems.add(where + e.getMessage());
      case INVALID_ARGUMENT,
          NOT_FOUND,
          ALREADY_EXISTS,
          WRONG_FORMAT,
          UNFINISHED,
          UNSUPPORTED,
          DIVERGED,
          NO_SPACE,
          SNAPSHOT_TOO_OLD,
          IO ->
          throw e;
    }
  }

  private static void addIfRoom(List<String> problems, String problem) {
    if (problems.size() < MOST_PROBLEMS) {
      problems.add(problem);
    }
  }

  private boolean going() {
    return problems.size() < MOST_PROBLEMS;
  }

  private void verifyPairs(Snapshot snapshot, Head head) {
    long total = snapshot.pairs();
    DigestSum sum = new DigestSum(ContentDigest.EMPTY);
    Set<Long> chunked = new HashSet<>();
    byte[] before = Bytes.EMPTY;
    String last = "";
    try (Scan scan = snapshot.scan(KeyRange.ALL, Direction.FORWARD)) {
      while (going()) {
        try {
          if (!scan.next()) {
            break;
          }
        } catch (StorageException e) {
          addIfDamage("", e);
          if (last.equals(e.getMessage())) { // a damaged page that the scan cannot pass
            break;
          }
          last = String.valueOf(e.getMessage());
          continue;
        }
        PairBuffer pair = scan.pair();
        byte[] key = scan.key();
        if (Arrays.compareUnsigned(before, key) >= 0) {
          problems.add("key " + Text.quote(key) + " stands after " + Text.quote(before));
        }
        before = key;
        if (pair.sequence() < 1 || pair.sequence() > head.lastSequence()) {
          problems.add(
              "key "
                  + Text.quote(key)
                  + " was set by sequence "
                  + pair.sequence()
                  + ", but the last one is "
                  + head.lastSequence());
        }
        if (pair.chunks() > 0) {
          chunks += pair.chunks();
          chunked.add(pair.sequence());
        }
        pairs++;
        valueBytes += pair.valueLength();
        sum.plus(key, key.length, pair.valueBuffer(), pair.valueOffset(), pair.valueLength());
        report(VerifyProgress.Stage.PAIRS, pairs, total);
      }
    }
    progress.at(VerifyProgress.Stage.PAIRS, pairs, total);
    if (going() && pairs != total) {
      problems.add("the head counts " + total + " pairs, " + pairs + " could be read");
    }
    long counted = snapshot.transaction().entries(Tree.DATA);
    if (going() && pairs != counted) {
      problems.add("the tree counts " + counted + " pairs, " + pairs + " could be read");
    }
    ContentDigest digest = sum.get();
    if (going() && !digest.equals(head.contentDigest())) {
      problems.add(
          "the content digest at sequence "
              + head.lastSequence()
              + " is "
              + digest
              + ", the head says "
              + head.contentDigest());
    }
    long stored = snapshot.transaction().entries(Tree.CHUNKS);
    if (going() && stored != chunks) {
      problems.add(
          stored
              + " chunks are stored, "
              + chunks
              + " belong to a pair"
              + strays(snapshot, chunked));
    }
  }

  /** Names the sequence of a chunk that belongs to no pair. */
  private String strays(Snapshot snapshot, Set<Long> chunked) {
    byte[] key = new byte[RecordFormat.MAX_KEY];
    TreeCursor cursor = snapshot.transaction().newCursor();
    for (boolean found = cursor.first(Tree.CHUNKS); found; found = cursor.next()) {
      cursor.copyKey(key);
      if (!chunked.contains(PieceKey.sequence(key))) {
        return "; nothing refers to those of sequence " + PieceKey.sequence(key);
      }
    }
    return "";
  }

  private void verifyLog(Snapshot snapshot) {
    Head head = snapshot.head();
    LogReader reader = snapshot.storedLog(head.oldestSequence());
    logTotal = head.lastSequence() + 1 - head.oldestSequence();
    BlockHeader last = null;
    while (going()) {
      if (blocks % BLOCKS_PER_SNAPSHOT == BLOCKS_PER_SNAPSHOT - 1) {
        snapshot.renew();
        head = snapshot.head();
        if (reader.nextSequence() < head.oldestSequence()) { // trimmed while we read
          reader = snapshot.storedLog(head.oldestSequence());
          last = null;
        }
      }
      long expected = reader.nextSequence();
      BlockHeader block = reader.nextBlock();
      if (block == null) {
        break;
      }
      verifyBlock(reader, block, expected, last);
      blocks++;
      last = block;
    }
    progress.at(VerifyProgress.Stage.LOG, entries, entries);
    if (going() && last != null) {
      verifyEnd(head, last);
    }
  }

  private void verifyBlock(
      LogReader reader, BlockHeader block, long expected, @Nullable BlockHeader last) {
    String name = "block " + block.firstSequence() + " to " + block.lastSequence();
    if (block.firstSequence() != expected) {
      problems.add(name + " stands where sequence " + expected + " should begin");
    }
    if (last != null && !block.before().equals(last.after())) {
      problems.add(name + " does not continue the chain hash of the block before it");
    }
    if (expected == 1 && !block.before().equals(ChainHash.genesis(database.identity().id()))) {
      problems.add(name + " does not begin with the chain hash of this database's id");
    }
    byte[] chain = block.before().toBytes();
    long sequence = block.firstSequence();
    try {
      BlockDecoder decoder = new BlockDecoder(reader::nextSegment);
      while (decoder.next()) {
        if (decoder.kind() == BlockDecoder.Kind.ENTRY) {
          decoder.entry().sequence(sequence++);
          hash.chain(chain, decoder.entry());
          entries++;
          report(VerifyProgress.Stage.LOG, entries, logTotal);
        }
      }
    } catch (StorageException e) {
      addIfDamage(name + ", at sequence " + sequence + ": ", e);
      return;
    } catch (IOException e) {
      throw new StorageException(ErrorCode.IO, "the log could not be read", e);
    }
    if (sequence != block.lastSequence() + 1) {
      problems.add(name + " ends with sequence " + (sequence - 1));
    }
    if (!block.after().equals(ChainHash.of(chain, 0))) {
      problems.add(
          name + " leads to chain hash " + ChainHash.of(chain, 0) + ", it says " + block.after());
    }
  }

  private void verifyEnd(Head head, BlockHeader last) {
    if (last.lastSequence() != head.lastSequence() || !last.after().equals(head.chainHash())) {
      problems.add(
          "the log ends at sequence "
              + last.lastSequence()
              + " with chain hash "
              + last.after()
              + ", the head says "
              + head.lastSequence()
              + " with "
              + head.chainHash());
    } else if (!last.digestAfter().equals(head.contentDigest())) {
      problems.add(
          "the content digest after sequence "
              + last.lastSequence()
              + " is "
              + last.digestAfter()
              + " by the log, "
              + head.contentDigest()
              + " by the head");
    }
  }

  private void report(VerifyProgress.Stage stage, long done, long total) {
    if (done % STEPS_PER_REPORT == 0) {
      progress.at(stage, done, Math.max(done, total));
    }
  }
}
