package dev.quicksilver.storage.copy;

import static dev.quicksilver.storage.TestDatabases.DNS;
import static dev.quicksilver.storage.TestDatabases.FAST;
import static dev.quicksilver.storage.TestDatabases.at;
import static dev.quicksilver.storage.TestDatabases.bytes;
import static dev.quicksilver.storage.TestDatabases.commit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.TestDatabases;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.record.Head;
import dev.quicksilver.storage.record.Pair;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BulkLoadTest {
  private static final int PAIRS = 250_000;

  @TempDir Path folder;

  @Test
  void makesADatabaseThatIsWhatTheSamePairsAppendedMakeIt() {
    Path loaded = folder.resolve("loaded");
    Head head;
    try (BulkLoad load = BulkLoad.begin(loaded, DNS, 77, FAST)) {
      for (int i = 0; i < PAIRS; i++) {
        load.add(key(i), value(i));
      }
      head = load.finish(at(5));
    }
    try (Database database = Database.open(loaded, FAST);
        Database appended = TestDatabases.create(folder.resolve("appended"))) {
      try (Appender appender = appended.append()) {
        appender.begin(1, 77);
        for (int i = 0; i < PAIRS; i++) {
          appender.set(key(i), value(i));
        }
        appender.end(at(5));
        appender.commit();
      }
      assertThat(database.head()).isEqualTo(head);
      assertThat(head.contentDigest()).isEqualTo(appended.head().contentDigest());
      assertThat(head.lastSequence()).isEqualTo(PAIRS);
      assertThat(head.oldestSequence()).isEqualTo(PAIRS + 1);
      assertThat(Verifier.verify(database, VerifyProgress.NONE).problems()).isEmpty();
      try (Snapshot snapshot = database.snapshot()) {
        Pair pair = snapshot.get(key(4_000));
        assertThat(pair.sequence()).isEqualTo(4_001);
        assertThat(pair.commitTime()).isEqualTo(77);
        assertThat(pair.value()).isEqualTo(value(4_000));
      }
      commit(database, 9, "later=1");
      assertThat(Verifier.verify(database, VerifyProgress.NONE).problems()).isEmpty();
    }
  }

  @Test
  void refusesKeysOutOfOrderAndDuplicatesAndGoesOn() {
    try (BulkLoad load = BulkLoad.begin(folder.resolve("loaded"), DNS, 1, FAST)) {
      load.add(bytes("b"), bytes("1"));
      for (String wrong : new String[] {"a", "b"}) {
        assertThatThrownBy(() -> load.add(bytes(wrong), bytes("2")))
            .returns(ErrorCode.INVALID_ARGUMENT, e -> ((StorageException) e).code())
            .hasMessageContaining("\"" + wrong + "\" comes after \"b\"");
      }
      load.add(bytes("c"), bytes("3"));
      assertThat(load.pairs()).isEqualTo(2);
      load.finish(at(1));
    }
    try (Database database = Database.open(folder.resolve("loaded"), FAST)) {
      assertThat(TestDatabases.content(database)).hasSize(2);
      assertThat(Verifier.verify(database, VerifyProgress.NONE).problems()).isEmpty();
    }
  }

  @Test
  void isInvisibleUntilItIsFinishedAndGoesOnAfterItsLastKey() {
    Path loaded = folder.resolve("loaded");
    try (BulkLoad load = BulkLoad.begin(loaded, DNS, 1, FAST)) {
      for (int i = 0; i < 150_000; i++) {
        load.add(key(i), value(i));
      }
    }
    assertThatThrownBy(() -> Database.open(loaded, FAST))
        .returns(ErrorCode.UNFINISHED, e -> ((StorageException) e).code());
    assertThatThrownBy(() -> PrefixReplica.resume(loaded, FAST))
        .hasMessageContaining("unfinished load");
    try (BulkLoad load = BulkLoad.resume(loaded, FAST)) {
      assertThat(load.lastKey()).isEqualTo(key(99_999));
      assertThat(load.pairs()).isEqualTo(100_000);
      for (int i = 100_000; i < 150_000; i++) {
        load.add(key(i), value(i));
      }
      load.finish(at(1));
    }
    try (Database database = Database.open(loaded, FAST)) {
      Verification verified = Verifier.verify(database, VerifyProgress.NONE).requireClean();
      assertThat(verified.pairs()).isEqualTo(150_000);
    }
  }

  @Test
  void loadsNothing() {
    try (BulkLoad load = BulkLoad.begin(folder.resolve("loaded"), DNS, 1, FAST)) {
      load.finish(at(1));
    }
    try (Database database = Database.open(folder.resolve("loaded"), FAST)) {
      commit(database, 1, "a=1");
      assertThat(Verifier.verify(database, VerifyProgress.NONE).problems()).isEmpty();
    }
  }

  private static byte[] key(int i) {
    return bytes("key " + (1_000_000 + i));
  }

  private static byte[] value(int i) {
    return bytes("v".repeat(i % 5_000 == 0 ? 10_000 + i % 7 : i % 90));
  }
}
