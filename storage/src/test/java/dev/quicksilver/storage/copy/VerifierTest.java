package dev.quicksilver.storage.copy;

import static dev.quicksilver.storage.TestDatabases.FAST;
import static dev.quicksilver.storage.TestDatabases.at;
import static dev.quicksilver.storage.TestDatabases.bytes;
import static dev.quicksilver.storage.TestDatabases.commit;
import static dev.quicksilver.storage.TestDatabases.create;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.TestDatabases;
import dev.quicksilver.storage.lmdb.Bytes;
import dev.quicksilver.storage.lmdb.Environment;
import dev.quicksilver.storage.lmdb.StorageOptions;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lmdbjava.Txn;

class VerifierTest {
  @TempDir Path folder;

  @Test
  void findsNothingWrongWithWhatWasWrittenAndCountsIt() {
    try (Database database = create(folder)) {
      fill(database);
      Map<VerifyProgress.Stage, Long> progress = new EnumMap<>(VerifyProgress.Stage.class);
      Verification found =
          Verifier.verify(database, (stage, done, total) -> progress.put(stage, done));
      assertThat(found.problems()).isEmpty();
      assertThat(found.pairs()).isEqualTo(3_001);
      assertThat(found.chunks()).isEqualTo(25);
      assertThat(found.entries()).isEqualTo(3_003);
      assertThat(found.blocks()).isEqualTo(4);
      assertThat(found.head()).isEqualTo(database.head());
      assertThat(progress)
          .containsEntry(VerifyProgress.Stage.PAIRS, 3_001L)
          .containsEntry(VerifyProgress.Stage.LOG, 3_003L);
    }
  }

  @Test
  void findsNothingWrongWithALogThatLostItsBeginning() {
    StorageOptions options = FAST.withLog(Duration.ZERO, 0);
    try (Database database = Database.create(folder, TestDatabases.DNS, options)) {
      fill(database);
      commit(database, 9, "a=1");
      assertThat(database.head().oldestSequence()).isGreaterThan(1);
      assertThat(Verifier.verify(database, VerifyProgress.NONE).problems()).isEmpty();
    }
  }

  @Test
  void namesTheKeyOfADamagedRecord() {
    damage(
        (environment, txn) -> {
          ByteBuffer key = Bytes.direct(bytes("key 77"));
          byte[] record = new byte[environment.data().get(txn, key).remaining()];
          environment.data().get(txn, key).get(record);
          record[record.length - 1] ^= 1;
          environment.data().put(txn, key, Bytes.direct(record));
        },
        "key 77",
        "checksum");
  }

  @Test
  void missesAPairThatVanished() {
    damage(
        (environment, txn) -> environment.data().delete(txn, Bytes.direct(bytes("key 77"))),
        "content digest");
  }

  @Test
  void namesTheSequenceOfAnOrphanedChunk() {
    damage(
        (environment, txn) ->
            environment
                .chunks()
                .put(
                    txn,
                    Bytes.direct(new byte[] {0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0}),
                    Bytes.direct(new byte[10])),
        "sequence 9");
  }

  @Test
  void namesTheSequencesOfABlockWithAFlippedBit() {
    damage(
        (environment, txn) -> {
          ByteBuffer key = Bytes.direct(new byte[] {0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1});
          byte[] piece = new byte[environment.log().get(txn, key).remaining()];
          environment.log().get(txn, key).get(piece);
          piece[100] ^= 4;
          environment.log().put(txn, key, Bytes.direct(piece));
        },
        "block 1 to 3000",
        "checksum");
  }

  @Test
  void missesABlockThatVanished() {
    damage(
        (environment, txn) -> {
          ByteBuffer key = ByteBuffer.allocateDirect(12);
          key.putLong(0, 3_002);
          environment.log().delete(txn, key);
        },
        "3002");
  }

  private void damage(BiConsumer<Environment, Txn<ByteBuffer>> how, String... told) {
    try (Database database = create(folder)) {
      fill(database);
    }
    Environment environment = Environment.open(folder, FAST, false, false);
    try (Txn<ByteBuffer> txn = environment.beginWrite()) {
      how.accept(environment, txn);
      txn.commit();
    }
    environment.finished();
    environment.close();
    try (Database database = Database.open(folder, FAST)) {
      Verification found = Verifier.verify(database, VerifyProgress.NONE);
      assertThat(found.clean()).isFalse();
      assertThat(found.problems()).anySatisfy(problem -> assertThat(problem).contains(told));
    }
  }

  private static void fill(Database database) {
    try (Appender appender = database.append()) {
      appender.begin(1, 1);
      for (int i = 0; i < 3_000; i++) {
        appender.set(bytes("key " + i), bytes("value " + i));
      }
      appender.end(at(2));
      appender.commit();
    }
    commit(database, 3, "large=" + "x".repeat(100_000));
    commit(database, 4, "key 5=");
    commit(database, 5, "none");
  }
}
