package dev.quicksilver.storage;

import static dev.quicksilver.storage.TestDatabases.DNS;
import static dev.quicksilver.storage.TestDatabases.FAST;
import static dev.quicksilver.storage.TestDatabases.at;
import static dev.quicksilver.storage.TestDatabases.bytes;
import static dev.quicksilver.storage.TestDatabases.commit;
import static dev.quicksilver.storage.TestDatabases.content;
import static dev.quicksilver.storage.TestDatabases.create;
import static dev.quicksilver.storage.TestDatabases.text;
import static dev.quicksilver.storage.TestDatabases.transaction;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.storage.lmdb.Bytes;
import dev.quicksilver.storage.lmdb.Environment;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.record.ContentDigest;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Head;
import dev.quicksilver.storage.record.MetaFormat;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lmdbjava.Txn;

class DatabaseTest {
  @TempDir Path folder;

  @Test
  void numbersEntriesWithoutAGapAndKeepsThemOverAReopen() {
    Head head;
    try (Database database = create(folder)) {
      commit(database, 100, "hello=world", "lorem=ipsum");
      head = commit(database, 200, "hello");
      assertThat(head.lastSequence()).isEqualTo(3);
      assertThat(head.position()).isEqualTo(at(208));
    }
    try (Database again = Database.open(folder, FAST)) {
      assertThat(again.identity()).isEqualTo(DNS);
      assertThat(again.head()).isEqualTo(head);
      assertThat(content(again)).isEqualTo(Map.of("lorem", "ipsum"));
    }
  }

  @Test
  void aSnapshotStaysWhereItWasTakenUntilItIsRenewed() {
    try (Database database = create(folder)) {
      commit(database, 1, "a=1");
      try (Snapshot snapshot = database.snapshot()) {
        commit(database, 2, "a=2", "b=2");
        assertThat(snapshot.pairs()).isEqualTo(1);
        assertThat(text(snapshot.get(bytes("a")).value())).isEqualTo("1");
        snapshot.renew();
        assertThat(snapshot.pairs()).isEqualTo(2);
        assertThat(text(snapshot.get(bytes("a")).value())).isEqualTo("2");
        assertThat(snapshot.get(bytes("c"))).isNull();
      }
    }
  }

  @Test
  void whatIsNotCommittedLeavesNothingBehind() {
    try (Database database = create(folder)) {
      Head before = commit(database, 1, "a=1");
      try (Appender appender = database.append()) {
        transaction(appender, 2, "a=2", "b=2");
      }
      assertThat(database.head()).isEqualTo(before);
      assertThat(content(database)).isEqualTo(Map.of("a", "1"));
    }
  }

  @Test
  void valuesOfEverySizeComeBackWhole() {
    int[] sizes = {0, 1, 2_000, 4_059, 4_060, 4_080, 4_081, 8_160, 8_161, 100_000, 5_000_000};
    Random random = new Random(1);
    try (Database database = create(folder)) {
      List<byte[]> values = new ArrayList<>();
      for (int round = 0; round < 2; round++) {
        values.clear();
        try (Appender appender = database.append()) {
          appender.begin(1, 1);
          for (int size : sizes) {
            byte[] value = new byte[size];
            random.nextBytes(value);
            values.add(value);
            appender.set(bytes("size " + size), value);
          }
          appender.end(at(round));
          appender.commit();
        }
        try (Snapshot snapshot = database.snapshot()) {
          for (int i = 0; i < sizes.length; i++) {
            assertThat(snapshot.get(bytes("size " + sizes[i])).value()).isEqualTo(values.get(i));
          }
        }
      }
      commit(database, 9, "*");
      assertThat(database.head().contentDigest()).isEqualTo(ContentDigest.EMPTY);
    }
  }

  @Test
  void theDigestNamesTheContentWhateverTheWayToIt() {
    try (Database one = create(folder.resolve("1"));
        Database two = create(folder.resolve("2"))) {
      commit(one, 1, "a=1", "b=2", "c=3");
      commit(two, 1, "x=9", "c=7", "b=2");
      commit(two, 2, "x", "c=3", "a=1", "none");
      assertThat(two.head().contentDigest()).isEqualTo(one.head().contentDigest());
      assertThat(two.head().chainHash()).isNotEqualTo(one.head().chainHash());
      commit(two, 3, "a=2");
      assertThat(two.head().contentDigest()).isNotEqualTo(one.head().contentDigest());
    }
  }

  @Test
  void scansRangesInBothDirections() {
    TreeMap<String, String> model = new TreeMap<>();
    try (Database database = create(folder);
        Appender appender = database.append()) {
      appender.begin(1, 1);
      for (int i = 0; i < 500; i++) {
        String key = "k" + (i * 7919 % 1000);
        model.put(key, "v" + i);
        appender.set(bytes(key), bytes("v" + i));
      }
      appender.end(at(2));
      appender.commit();
      Random random = new Random(3);
      try (Snapshot snapshot = database.snapshot()) {
        for (int i = 0; i < 300; i++) {
          String a = "k" + random.nextInt(1100);
          String b = "k" + random.nextInt(1100);
          String from = a.compareTo(b) <= 0 ? a : b;
          String to = a.compareTo(b) <= 0 ? b : a;
          boolean fromInclusive = random.nextBoolean();
          boolean toInclusive = random.nextBoolean() || from.equals(to);
          KeyRange range =
              new KeyRange(bytes(from), fromInclusive || from.equals(to), bytes(to), toInclusive);
          var expected = model.subMap(from, range.fromInclusive(), to, toInclusive);
          assertThat(keys(snapshot, range, Direction.FORWARD))
              .containsExactlyElementsOf(expected.keySet());
          assertThat(keys(snapshot, range, Direction.BACKWARD))
              .containsExactlyElementsOf(expected.descendingMap().keySet());
        }
        assertThat(keys(snapshot, KeyRange.prefix(bytes("k99")), Direction.BACKWARD))
            .containsExactlyElementsOf(
                model.subMap("k99", true, "k9:", false).descendingMap().keySet());
        assertThat(keys(snapshot, KeyRange.prefix(new byte[] {(byte) 0xFF}), Direction.FORWARD))
            .isEmpty();
      }
    }
  }

  @Test
  void aScanSeeksOnAndNeverBack() {
    try (Database database = create(folder)) {
      commit(database, 1, "a=1", "c=1", "e=1", "g=1", "i=1");
      try (Snapshot snapshot = database.snapshot();
          Scan forward = snapshot.scan(KeyRange.ALL, Direction.FORWARD);
          Scan backward = snapshot.scan(KeyRange.ALL, Direction.BACKWARD)) {
        assertThat(forward.next()).isTrue();
        forward.seek(bytes("d"));
        assertThat(forward.next()).isTrue();
        assertThat(text(forward.key())).isEqualTo("e");
        forward.seek(bytes("a"));
        assertThat(forward.next()).isTrue();
        assertThat(text(forward.key())).isEqualTo("g");
        backward.seek(bytes("h"));
        assertThat(backward.next()).isTrue();
        assertThat(text(backward.key())).isEqualTo("g");
        backward.seek(bytes("b"));
        assertThat(backward.next()).isTrue();
        assertThat(text(backward.key())).isEqualTo("a");
        assertThat(backward.next()).isFalse();
      }
    }
  }

  private static List<String> keys(Snapshot snapshot, KeyRange range, Direction direction) {
    List<String> keys = new ArrayList<>();
    try (Scan scan = snapshot.scan(range, direction)) {
      while (scan.next()) {
        keys.add(text(scan.key()));
      }
    }
    return keys;
  }

  @Test
  void refusesBadKeysAndBadNames() {
    try (Database database = create(folder);
        Appender appender = database.append()) {
      appender.begin(1, 1);
      assertThatThrownBy(() -> appender.set(new byte[0], new byte[0]))
          .hasMessageContaining("1 to 511 bytes");
      assertThatThrownBy(() -> appender.set(new byte[512], new byte[0]))
          .hasMessageContaining("this one has 512");
      appender.set(new byte[511], new byte[0]);
    }
    assertThatThrownBy(() -> new DatabaseIdentity(DNS.id(), "../etc", "text", "text"))
        .hasMessageContaining("not a database name");
  }

  @Test
  void refusesForeignAndMissingEnvironmentsByName() throws Exception {
    assertThatThrownBy(() -> Database.open(folder, FAST))
        .isInstanceOfSatisfying(
            StorageException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.NOT_FOUND));
    Files.writeString(folder.resolve("data.mdb"), "no database ".repeat(1_000));
    assertThatThrownBy(() -> Database.open(folder, FAST))
        .isInstanceOfSatisfying(
            StorageException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.WRONG_FORMAT));
  }

  @Test
  void refusesTheFormatOfANewerProgramAndLeavesItAsItIs() {
    byte[] newer = MetaFormat.encodeFormat();
    newer[newer.length - 1]++;
    try (Database database = create(folder)) {
      commit(database, 1, "a=1");
      storeFormat(database, newer);
    }
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> Database.open(folder, FAST))
          .isInstanceOfSatisfying(
              StorageException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.WRONG_FORMAT))
          .hasMessageContaining("has format version 2, this program knows 1");
    }
  }

  private static void storeFormat(Database database, byte[] format) {
    Environment environment = database.environment();
    try (Txn<ByteBuffer> txn = environment.beginWrite()) {
      environment.meta().put(txn, Bytes.direct(MetaFormat.FORMAT_KEY), Bytes.direct(format));
      txn.commit();
    } finally {
      environment.finished();
    }
  }

  @Test
  void aFullMapIsAClearErrorAndLosesNothing() {
    try (Database database = Database.create(folder, DNS, FAST.withMapSize(1 << 20))) {
      Head before = commit(database, 1, "a=1");
      assertThatThrownBy(
              () -> {
                try (Appender appender = database.append()) {
                  appender.begin(2, 2);
                  for (int i = 0; i < 1_000; i++) {
                    appender.set(bytes("key " + i), new byte[4_000]);
                  }
                }
              })
          .isInstanceOfSatisfying(
              StorageException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.NO_SPACE));
      assertThat(database.head()).isEqualTo(before);
      assertThat(commit(database, 3, "b=2").lastSequence()).isEqualTo(2);
    }
  }

  @Test
  void writingFromAVirtualThreadIsRefused() throws Exception {
    try (Database database = create(folder);
        var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      assertThatThrownBy(() -> executor.submit(database::append).get())
          .hasMessageContaining("platform thread");
    }
  }

  @Test
  void aWaiterWakesWithTheCommit() throws Exception {
    try (Database database = create(folder);
        var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      assertThat(database.awaitCommit(0, 1)).isFalse();
      var waiter = executor.submit(() -> database.awaitCommit(0, TimeUnit.MINUTES.toNanos(1)));
      commit(database, 1, "a=1");
      assertThat(waiter.get()).isTrue();
    }
  }

  @Test
  void closingWaitsForOpenSnapshots() {
    Database database = create(folder);
    commit(database, 1, "a=1");
    Snapshot snapshot = database.snapshot();
    database.close();
    assertThat(text(snapshot.get(bytes("a")).value())).isEqualTo("1");
    assertThatThrownBy(database::snapshot).hasMessageContaining("closed");
    snapshot.close();
  }

  @Test
  void refusesToOpenAnEnvironmentTwiceInOneProcess() {
    try (Database _ = create(folder)) {
      assertThatThrownBy(() -> Database.openReadOnly(folder, FAST))
          .hasMessageContaining("already open in this process");
    }
    Database.openReadOnly(folder, FAST).close();
  }

  @Test
  void theSetRemembersWhatWasCreatedAndDropped() {
    try (DatabaseSet set = DatabaseSet.open(folder, FAST)) {
      set.create(DNS);
      set.create(new DatabaseIdentity(DNS.id(), "pages", "text", "text"));
      assertThatThrownBy(() -> set.create(DNS)).hasMessageContaining("already");
      set.drop("pages");
    }
    try (DatabaseSet set = DatabaseSet.open(folder, FAST)) {
      assertThat(set.all()).extracting(d -> d.identity().name()).containsExactly("dns");
    }
  }
}
