package dev.quicksilver.storage.log;

import static dev.quicksilver.storage.TestDatabases.DNS;
import static dev.quicksilver.storage.TestDatabases.FAST;
import static dev.quicksilver.storage.TestDatabases.at;
import static dev.quicksilver.storage.TestDatabases.bytes;
import static dev.quicksilver.storage.TestDatabases.commit;
import static dev.quicksilver.storage.TestDatabases.content;
import static dev.quicksilver.storage.TestDatabases.create;
import static dev.quicksilver.storage.TestDatabases.follow;
import static dev.quicksilver.storage.TestDatabases.text;
import static dev.quicksilver.storage.TestDatabases.transaction;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Applier;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.copy.Verifier;
import dev.quicksilver.storage.copy.VerifyProgress;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.lmdb.Tree;
import dev.quicksilver.storage.record.Head;
import dev.quicksilver.storage.record.RecordFormat;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogTest {
  @TempDir Path folder;

  @Test
  void findsTheTransactionOfEverySequence() {
    try (Database database = create(folder)) {
      fill(database, 12, 3);
      long last = database.head().lastSequence();
      long start = 1;
      for (long sequence = 1; sequence <= last; sequence++) {
        if (endsTransaction(database, sequence - 1)) {
          start = sequence;
        }
        assertThat(database.transactionStart(sequence)).isEqualTo(start);
      }
      assertThat(database.transactionStart(last + 1)).isEqualTo(last + 1);
      assertThatThrownBy(() -> database.transactionStart(last + 2))
          .isInstanceOf(StorageException.class);
    }
  }

  private static boolean endsTransaction(Database database, long sequence) {
    try {
      return database.chainHashAt(sequence) != null;
    } catch (StorageException e) {
      return false;
    }
  }

  /** Random commits of random transactions, enough for several blocks and pieces. */
  private static void fill(Database database, int commits, long seed) {
    Random random = new Random(seed);
    long lsn = database.head().position().lsn() + 10;
    for (int i = 0; i < commits; i++) {
      try (Appender appender = database.append()) {
        for (int t = random.nextInt(4); t >= 0; t--, lsn += 10) {
          appender.begin(lsn, lsn);
          for (int e = random.nextInt(20); e >= 0; e--) {
            byte[] key = bytes("key " + random.nextInt(200));
            if (random.nextInt(5) == 0) {
              appender.delete(key);
            } else {
              byte[] value = new byte[random.nextInt(100) == 0 ? 90_000 : random.nextInt(300)];
              random.nextBytes(value);
              appender.set(key, value);
            }
          }
          appender.end(at(lsn + 5));
        }
        appender.commit();
      }
    }
  }

  @Test
  void aCopyThatAppliesTheLogEqualsTheSource() throws Exception {
    try (Database source = create(folder.resolve("a"));
        Database copy = create(folder.resolve("b"))) {
      fill(source, 30, 1);
      assertThat(follow(source, copy)).isEqualTo(source.head());
      fill(source, 30, 2);
      assertThat(follow(source, copy)).isEqualTo(source.head());
      assertThat(content(copy)).isEqualTo(content(source));
      // The copy's own log serves a third.
      try (Database third = create(folder.resolve("c"))) {
        assertThat(follow(copy, third)).isEqualTo(source.head());
      }
    }
  }

  @Test
  void aBlockIsCutWhereAFollowerOfOtherBlocksStands() throws Exception {
    try (Database source = create(folder.resolve("a"))) {
      try (Appender appender = source.append()) {
        for (int t = 1; t <= 20; t++) {
          transaction(appender, t * 10, "a" + t + "=1", "b=" + "x".repeat(t * 1000));
        }
        appender.commit();
      }
      for (int stop = 1; stop < 20; stop++) {
        try (Database copy = create(folder.resolve("stop" + stop))) {
          for (int t = 1; t <= stop; t++) {
            commit(copy, t * 10, "a" + t + "=1", "b=" + "x".repeat(t * 1000));
          }
          assertThat(source.chainHashAt(stop * 2L)).isEqualTo(copy.head().chainHash());
          assertThat(follow(source, copy)).isEqualTo(source.head());
        }
      }
      assertThatThrownBy(() -> source.chainHashAt(3)).hasMessageContaining("middle of a trans");
      assertThatThrownBy(() -> source.chainHashAt(41)).hasMessageContaining("not in the log");
    }
  }

  @Test
  void refusesAForkAGapAndARepeat() throws Exception {
    try (Database source = create(folder.resolve("a"));
        Database fork = create(folder.resolve("b"))) {
      commit(source, 1, "a=1");
      commit(source, 2, "a=2");
      commit(fork, 1, "a=other");
      assertThatThrownBy(() -> follow(source, fork)).hasMessageContaining("chain hash");
      try (Database copy = create(folder.resolve("c"));
          Applier applier = copy.apply()) {
        LogReader second = source.readLog(2);
        BlockHeader header = second.nextBlock();
        assertThatThrownBy(() -> applier.apply(header, second::nextSegment))
            .isInstanceOfSatisfying(
                StorageException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.DIVERGED))
            .hasMessageContaining("stands at sequence 0");
        assertThatThrownBy(applier::commit).hasMessageContaining("can only be closed");
      }
    }
  }

  @Test
  void everyFlippedBitOfASegmentIsFound() throws Exception {
    try (Database source = create(folder.resolve("a"));
        Database copy = create(folder.resolve("b"))) {
      commit(source, 1, "hello=world", "lorem=ipsum");
      LogReader reader = source.readLog(1);
      BlockHeader header = reader.nextBlock();
      byte[] segment = reader.nextSegment().encode();
      for (int bit = 0; bit < segment.length * 8; bit++) {
        byte[] damaged = segment.clone();
        damaged[bit / 8] ^= (byte) (1 << bit % 8);
        List<Segment> once = new ArrayList<>();
        try (Applier applier = copy.apply()) {
          assertThatThrownBy(
                  () -> {
                    once.add(Segment.decode(damaged, 0));
                    applier.apply(header, () -> once.isEmpty() ? null : once.removeLast());
                  })
              .isInstanceOf(StorageException.class);
        }
      }
      assertThat(copy.head().lastSequence()).isZero();
      byte[] head = header.encode();
      for (int bit = 0; bit < head.length * 8; bit++) {
        byte[] damaged = head.clone();
        damaged[bit / 8] ^= (byte) (1 << bit % 8);
        assertThatThrownBy(() -> BlockHeader.decode(damaged)).isInstanceOf(StorageException.class);
      }
    }
  }

  @Test
  void showsEntriesFromAnySequence() {
    try (Database database = create(folder)) {
      commit(database, 1, "hello=world", "lorem=ipsum", "42");
      commit(database, 2, "*");
      try (Snapshot snapshot = database.snapshot()) {
        LogScan scan = snapshot.scanLog(2);
        List<String> shown = new ArrayList<>();
        for (LogEntry entry = scan.next(); entry != null; entry = scan.next()) {
          shown.add(entry.sequence() + " " + entry.operation() + " " + text(entry.key()));
        }
        assertThat(shown).containsExactly("2 SET lorem", "3 DEL 42", "4 CLEAR ");
      }
    }
  }

  @Test
  void aLargeTransactionIsOneBlockThatStreams() throws Exception {
    try (Database source = create(folder.resolve("a"));
        Database copy = create(folder.resolve("b"))) {
      Random random = new Random(5);
      byte[] value = new byte[1_000];
      try (Appender appender = source.append()) {
        appender.begin(1, 1);
        for (int i = 0; i < 20_000; i++) {
          random.nextBytes(value);
          appender.set(bytes("key " + i), value);
        }
        appender.end(at(9));
        appender.commit();
      }
      LogReader reader = source.readLog(1);
      assertThat(reader.nextBlock().lastSequence()).isEqualTo(20_000);
      assertThat(reader.nextBlock()).isNull();
      assertThat(follow(source, copy)).isEqualTo(source.head());
    }
  }

  @Test
  void oldBlocksLeaveTheLogAndAreMissedLoudly() {
    StorageOptions small = FAST.withLog(Duration.ofDays(365_000), 200_000);
    try (Database database = Database.create(folder, DNS, small)) {
      fill(database, 200, 7);
      Head head = database.head();
      assertThat(head.oldestSequence()).isGreaterThan(1);
      assertThatThrownBy(() -> database.readLog(1).nextBlock())
          .isInstanceOfSatisfying(
              StorageException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.NOT_IN_LOG));
      LogReader reader = database.readLog(head.oldestSequence());
      BlockHeader last = null;
      for (BlockHeader next = reader.nextBlock(); next != null; next = reader.nextBlock()) {
        last = next;
      }
      assertThat(last.lastSequence()).isEqualTo(head.lastSequence());
    }
  }

  /** A node that is to keep a week must have it when one that keeps a day has not. */
  @Test
  void theLogReachesBackAsFarAsItsAgeSays() {
    Instant now = Instant.parse("2026-03-01T00:00:00Z");
    for (int days : List.of(1, 7)) {
      StorageOptions options =
          FAST.withLog(Duration.ofDays(days), 1L << 30).withClock(InstantSource.fixed(now));
      try (Database database = Database.create(folder.resolve("days" + days), DNS, options)) {
        for (int day = 10; day >= 0; day--) {
          long time = TimeUnit.SECONDS.toMicros(now.minus(Duration.ofDays(day)).getEpochSecond());
          try (Appender appender = database.append()) {
            appender.begin(100 - day, time);
            appender.set(bytes("key"), bytes("day " + day));
            appender.end(at(100 - day));
            appender.commit();
          }
        }
        Head head = database.head();
        assertThat(head.lastSequence() - head.oldestSequence()).isEqualTo(days);
        try (Snapshot snapshot = database.snapshot()) {
          assertThat(snapshot.log().oldestCommitTime())
              .isEqualTo(
                  TimeUnit.SECONDS.toMicros(now.minus(Duration.ofDays(days)).getEpochSecond()));
        }
      }
    }
  }

  @Test
  void saysHowMuchLogThereIs() {
    try (Database database = create(folder)) {
      try (Snapshot snapshot = database.snapshot()) {
        assertThat(snapshot.log()).isEqualTo(new LogExtent(0, 0));
      }
      fill(database, 100, 9);
      try (Snapshot snapshot = database.snapshot()) {
        long stored = snapshot.transaction().entries(Tree.LOG) * RecordFormat.PIECE;
        assertThat(snapshot.log().bytes()).isBetween(4_096L, 2 * stored);
        assertThat(snapshot.log().oldestCommitTime()).isPositive();
      }
    }
  }

  @Test
  void theLogKeepsItsBoundHoweverMuchACommitStores() {
    StorageOptions small = FAST.withLog(Duration.ofDays(365_000), 1 << 20);
    byte[] value = new byte[4 << 20];
    Random random = new Random(3);
    try (Database database = Database.create(folder, DNS, small)) {
      for (int i = 1; i <= 20; i++) {
        random.nextBytes(value);
        setLarge(database, i, value);
        Head head = database.head();
        assertThat(head.lastSequence() - head.oldestSequence()).isLessThanOrEqualTo(2);
      }
    }
  }

  @Test
  void aLogThatFillsTheMapGivesWayOnceItMay() {
    StorageOptions map = FAST.withMapSize(16 << 20);
    byte[] value = new byte[1 << 20];
    Random random = new Random(3);
    try (Database database =
        Database.create(folder, DNS, map.withLog(Duration.ofDays(365_000), Long.MAX_VALUE))) {
      assertThatThrownBy(
              () -> {
                for (int i = 1; i <= 20; i++) {
                  random.nextBytes(value);
                  setLarge(database, i, value);
                }
              })
          .isInstanceOfSatisfying(
              StorageException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.NO_SPACE));
    }
    try (Database database =
        Database.open(folder, map.withLog(Duration.ofDays(365_000), 1 << 20))) {
      int attempts = 0;
      for (boolean written = false; !written; attempts++) {
        assertThat(attempts).isLessThan(20);
        try {
          setLarge(database, 100, value);
          written = true;
        } catch (StorageException e) {
          assertThat(e.code()).isEqualTo(ErrorCode.NO_SPACE);
        }
      }
      assertThat(Verifier.verify(database, VerifyProgress.NONE).clean()).isTrue();
      assertThat(attempts).as("room has to be made first").isGreaterThan(1);
    }
  }

  private static void setLarge(Database database, long lsn, byte[] value) {
    try (Appender appender = database.append()) {
      appender.begin(lsn, lsn);
      appender.set(bytes("large"), value);
      appender.end(at(lsn));
      appender.commit();
    }
  }
}
