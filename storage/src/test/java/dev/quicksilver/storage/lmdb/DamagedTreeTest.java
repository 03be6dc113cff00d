package dev.quicksilver.storage.lmdb;

import static dev.quicksilver.storage.TestDatabases.DNS;
import static dev.quicksilver.storage.TestDatabases.FAST;
import static dev.quicksilver.storage.TestDatabases.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.Direction;
import dev.quicksilver.storage.KeyRange;
import dev.quicksilver.storage.Scan;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.copy.Verifier;
import dev.quicksilver.storage.copy.VerifyProgress;
import dev.quicksilver.storage.record.Pair;
import dev.quicksilver.storage.record.Position;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What readers and {@code verify} say of pages of the tree itself that were changed on the disk.
 */
class DamagedTreeTest {
  private static final int PAIRS = 2_000;
  private static final int PAGE = 4_096;
  private static final int HEADER = 16;

  @TempDir Path folder;

  @BeforeEach
  void fill() {
    try (Database database = Database.create(folder, DNS, FAST);
        Appender appender = database.append()) {
      appender.begin(1, 1);
      for (int i = 0; i < PAIRS; i++) {
        appender.set(key(i), bytes("value " + i));
      }
      appender.end(new Position(1, 1, 2));
      appender.commit();
    }
  }

  private static byte[] key(int number) {
    return bytes(String.format("key %06d", number));
  }

  @Test
  void aLeafThatLostItsLastNodesNeverMakesTheirKeysVanish() throws IOException {
    try (Database database = Database.openReadOnly(folder, FAST)) {
      try (Snapshot snapshot = database.snapshot()) {
        TreeCursor cursor = snapshot.transaction().newCursor();
        assertThat(cursor.find(Tree.DATA, key(700), key(700).length)).isTrue();
      }
      long leaf = leafOf(database, 700);
      int lower = u16(leaf * PAGE + 12);
      write(leaf * PAGE + 12, lower - 2);
      for (int i = 0; i < PAIRS; i++) {
        requireRightOrRefused(database, i);
      }
      requireScanRefused(database);
      assertThat(Verifier.verify(database, VerifyProgress.NONE).problems())
          .anyMatch(problem -> problem.contains("page " + leaf) && problem.contains("fill"));
    }
  }

  @Test
  void aBranchThatLeadsToTheWrongLeafIsRefused() throws IOException {
    try (Database database = Database.openReadOnly(folder, FAST)) {
      long root;
      try (Snapshot snapshot = database.snapshot()) {
        root = snapshot.transaction().root(Tree.DATA);
        assertThat(snapshot.transaction().depth(Tree.DATA)).isEqualTo(2);
      }
      int third = u16(root * PAGE + HEADER + 4);
      int fourth = u16(root * PAGE + HEADER + 6);
      write(root * PAGE + third, u16(root * PAGE + fourth)); // the child's number
      int refused = 0;
      for (int i = 0; i < PAIRS; i++) {
        refused += requireRightOrRefused(database, i) ? 0 : 1;
      }
      assertThat(refused).isGreaterThan(10);
      requireScanRefused(database);
      assertThat(database.corruptReads()).isGreaterThan(10);
      assertThat(Verifier.verify(database, VerifyProgress.NONE).problems())
          .anyMatch(problem -> problem.contains("is used twice"))
          .anyMatch(problem -> problem.contains("neither used nor free"));
    }
  }

  @Test
  void aFileThatWasCutIsRefusedAndTheProcessLivesOn() throws IOException {
    try (FileChannel file = open()) {
      file.truncate(12L * PAGE);
    }
    assertThatThrownBy(
            () -> {
              try (Database database = Database.openReadOnly(folder, FAST);
                  Snapshot snapshot = database.snapshot()) {
                for (int i = 0; i < PAIRS; i++) {
                  snapshot.get(key(i));
                }
              }
            })
        .asInstanceOf(InstanceOfAssertFactories.type(StorageException.class))
        .returns(ErrorCode.CORRUPT, StorageException::code);
  }

  /** Looks a key up, which is there; says whether it was found. */
  private static boolean requireRightOrRefused(Database database, int number) {
    try (Snapshot snapshot = database.snapshot()) {
      Pair found = snapshot.get(key(number));
      assertThat(found).isNotNull();
      assertThat(found.value()).isEqualTo(bytes("value " + number));
      return true;
    } catch (StorageException e) {
      assertThat(e.code()).isEqualTo(ErrorCode.CORRUPT);
      return false;
    }
  }

  private static void requireScanRefused(Database database) {
    try (Snapshot snapshot = database.snapshot();
        Scan scan = snapshot.scan(KeyRange.ALL, Direction.FORWARD)) {
      assertThatThrownBy(
              () -> {
                while (scan.next()) {
                  assertThat(scan.keyLength()).isPositive();
                }
              })
          .asInstanceOf(InstanceOfAssertFactories.type(StorageException.class))
          .returns(ErrorCode.CORRUPT, StorageException::code);
    }
  }

  private static long leafOf(Database database, int number) {
    try (Snapshot snapshot = database.snapshot()) {
      ReadTransaction transaction = snapshot.transaction();
      PageMap map = transaction.map();
      long root = map.page(transaction.root(Tree.DATA), transaction.lastPage(), PageMap.BRANCH);
      int found = map.search(root, 1, key(number), key(number).length);
      return PageMap.child(map.node(root, found < 0 ? -found - 2 : found));
    }
  }

  private FileChannel open() throws IOException {
    return FileChannel.open(
        folder.resolve("data.mdb"), StandardOpenOption.READ, StandardOpenOption.WRITE);
  }

  private int u16(long at) throws IOException {
    try (FileChannel file = open()) {
      ByteBuffer two = ByteBuffer.allocate(2).order(java.nio.ByteOrder.nativeOrder());
      file.read(two, at);
      return Short.toUnsignedInt(two.getShort(0));
    }
  }

  private void write(long at, int value) throws IOException {
    try (FileChannel file = open()) {
      ByteBuffer two = ByteBuffer.allocate(2).order(java.nio.ByteOrder.nativeOrder());
      file.write(two.putShort(0, (short) value), at);
    }
  }
}
