package dev.quicksilver.storage.copy;

import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.record.Head;
import java.util.List;

/**
 * What a verification has looked at and found.
 *
 * @param head where the database stood when its pairs were read
 * @param pairs live pairs whose checksums were computed
 * @param valueBytes bytes of their values
 * @param chunks pieces of large values, each of which belongs to exactly one pair
 * @param blocks blocks of the retained log
 * @param entries entries of the retained log, each part of the chain
 * @param problems what is wrong, each with the key or the sequence it concerns; at most {@value
 *     Verifier#MOST_PROBLEMS}, after which verification gives up
 */
public record Verification(
    Head head,
    long pairs,
    long valueBytes,
    long chunks,
    long blocks,
    long entries,
    List<String> problems) {
  /** Copies the list. */
  public Verification {
    problems = List.copyOf(problems);
  }

  /** Returns whether everything is as it should be. */
  public boolean clean() {
    return problems.isEmpty();
  }

  /** Returns this if it is clean, else throws CORRUPT with all that is wrong. */
  public Verification requireClean() {
    if (!clean()) {
      throw new StorageException(
          ErrorCode.CORRUPT,
          "verification found "
              + problems.size()
              + (problems.size() == 1 ? " problem: " : " problems: ")
              + String.join("; ", problems));
    }
    return this;
  }
}
