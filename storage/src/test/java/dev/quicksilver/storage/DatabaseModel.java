package dev.quicksilver.storage;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.storage.copy.Verification;
import dev.quicksilver.storage.copy.Verifier;
import dev.quicksilver.storage.copy.VerifyProgress;
import dev.quicksilver.storage.record.Head;
import dev.quicksilver.storage.record.Operation;
import dev.quicksilver.storage.record.Pair;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * A database beside a sorted map that holds what the database must hold; every step is done to both
 * and compared.
 */
public final class DatabaseModel implements AutoCloseable {
  /** What can be done. */
  sealed interface Step {}

  /**
   * One write session.
   *
   * @param perTransaction changes in a transaction
   * @param committed or thrown away
   */
  record Write(List<Change> changes, int perTransaction, boolean committed) implements Step {}

  /** Takes a snapshot and keeps it, with what it must go on showing. */
  record Hold() implements Step {}

  /** Compares a held snapshot with what it showed when it was taken, and closes it. */
  record Release(int which) implements Step {}

  /** Moves a held snapshot to the newest commit. */
  record Renew(int which) implements Step {}

  /** Scans a range of the newest commit. */
  record Look(KeyRange range, Direction direction) implements Step {}

  /** Closes the database and opens it again. */
  record Reopen() implements Step {}

  /** A change of a key. */
  record Change(Operation operation, byte[] key, byte[] value) {}

  private record Held(Snapshot snapshot, NavigableMap<byte[], byte[]> pairs) {}

  private final Path folder;
  private final List<Held> held = new ArrayList<>();
  private Database database;
  private TreeMap<byte[], byte[]> pairs = empty();
  private long sequence;
  private long lsn;

  DatabaseModel(Path folder) {
    this.folder = folder;
    this.database = TestDatabases.create(folder);
  }

  private static TreeMap<byte[], byte[]> empty() {
    return new TreeMap<>(Arrays::compareUnsigned);
  }

  void take(Step step) {
    switch (step) {
      case Write write -> write(write);
      case Hold() -> held.add(new Held(database.snapshot(), copyOf(pairs)));
      case Release(int which) -> {
        if (!held.isEmpty()) {
          Held old = held.remove(which % held.size());
          requireSame(old.snapshot, old.pairs);
          old.snapshot.close();
        }
      }
      case Renew(int which) -> {
        if (!held.isEmpty()) {
          Held old = held.remove(which % held.size());
          old.snapshot.renew();
          requireSame(old.snapshot, pairs);
          held.add(new Held(old.snapshot, copyOf(pairs)));
        }
      }
      case Look(KeyRange range, Direction direction) -> {
        try (Snapshot snapshot = database.snapshot()) {
          requireSame(snapshot, pairs, range, direction);
        }
      }
      case Reopen() -> {
        close();
        database = Database.open(folder, TestDatabases.FAST);
      }
    }
    Head head = database.head();
    assertThat(head.lastSequence()).isEqualTo(sequence);
    assertThat(head.contentDigest().toString()).isEqualTo(digest(pairs));
  }

  /** Compares everything, and has the database verify itself. */
  void requireSame() {
    try (Snapshot snapshot = database.snapshot()) {
      requireSame(snapshot, pairs);
    }
    Verification found = Verifier.verify(database, VerifyProgress.NONE).requireClean();
    assertThat(found.pairs()).isEqualTo(pairs.size());
    assertThat(found.entries()).isEqualTo(sequence);
  }

  private static NavigableMap<byte[], byte[]> copyOf(TreeMap<byte[], byte[]> pairs) {
    return new TreeMap<>(pairs);
  }

  private void write(Write write) {
    TreeMap<byte[], byte[]> after = new TreeMap<>(pairs);
    try (Appender appender = database.append()) {
      int done = 0;
      for (Change change : write.changes) {
        if (done++ % write.perTransaction == 0) {
          if (done > 1) {
            appender.end(TestDatabases.at(lsn + 8));
          }
          lsn += 16;
          appender.begin(lsn, lsn * 1_000);
        }
        switch (change.operation) {
          case SET -> {
            appender.set(change.key, change.value);
            after.put(change.key, change.value);
          }
          case DEL -> {
            appender.delete(change.key);
            after.remove(change.key);
          }
          case CLEAR -> {
            appender.clear();
            after.clear();
          }
        }
        byte[] now = appender.get(change.key);
        assertThat(Arrays.equals(now, after.get(change.key))).as("seen by its writer").isTrue();
      }
      if (done > 0) {
        appender.end(TestDatabases.at(lsn + 8));
      }
      if (write.committed) {
        appender.commit();
        pairs = after;
        sequence += write.changes.size();
      }
    }
  }

  private static void requireSame(Snapshot snapshot, NavigableMap<byte[], byte[]> pairs) {
    assertThat(snapshot.pairs()).isEqualTo(pairs.size());
    for (Direction direction : Direction.values()) {
      requireSame(snapshot, pairs, KeyRange.ALL, direction);
    }
    for (Map.Entry<byte[], byte[]> pair : pairs.entrySet()) {
      Pair found = snapshot.get(pair.getKey());
      assertThat(found).isNotNull();
      assertThat(Arrays.equals(found.value(), pair.getValue())).as("value of a get").isTrue();
    }
    assertThat(snapshot.head().contentDigest().toString()).isEqualTo(digest(pairs));
  }

  private static void requireSame(
      Snapshot snapshot, NavigableMap<byte[], byte[]> pairs, KeyRange range, Direction direction) {
    NavigableMap<byte[], byte[]> within = new TreeMap<>(pairs);
    within.keySet().removeIf(key -> !isWithin(key, range));
    if (direction == Direction.BACKWARD) {
      within = within.descendingMap();
    }
    try (Scan scan = snapshot.scan(range, direction)) {
      for (Map.Entry<byte[], byte[]> pair : within.entrySet()) {
        assertThat(scan.next()).isTrue();
        assertThat(scan.key()).isEqualTo(pair.getKey());
        assertThat(Arrays.equals(scan.value(), pair.getValue())).as("value of a scan").isTrue();
      }
      assertThat(scan.next()).isFalse();
    }
  }

  private static boolean isWithin(byte[] key, KeyRange range) {
    byte[] from = range.from();
    byte[] to = range.to();
    int afterFrom = from == null ? 1 : Arrays.compareUnsigned(key, from);
    int beforeTo = to == null ? 1 : Arrays.compareUnsigned(to, key);
    return (range.fromInclusive() ? afterFrom >= 0 : afterFrom > 0)
        && (range.toInclusive() ? beforeTo >= 0 : beforeTo > 0);
  }

  /** The content digest as its definition says, with nothing of the storage engine. */
  private static String digest(NavigableMap<byte[], byte[]> pairs) {
    BigInteger sum = BigInteger.ZERO;
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      for (Map.Entry<byte[], byte[]> pair : pairs.entrySet()) {
        int length = pair.getKey().length;
        sha.update(ByteBuffer.allocate(2).putShort((short) length).flip());
        sha.update(pair.getKey());
        byte[] hash = sha.digest(pair.getValue());
        sum = sum.add(new BigInteger(1, Arrays.copyOf(hash, 16)));
      }
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
    byte[] low = new byte[16];
    byte[] all = sum.toByteArray();
    int kept = Math.min(16, all.length);
    System.arraycopy(all, all.length - kept, low, 16 - kept, kept);
    return HexFormat.of().formatHex(low);
  }

  @Override
  public void close() {
    for (Held old : held) {
      requireSame(old.snapshot, old.pairs);
      old.snapshot.close();
    }
    held.clear();
    database.close();
  }
}
