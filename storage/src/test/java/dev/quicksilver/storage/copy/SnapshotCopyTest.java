package dev.quicksilver.storage.copy;

import static dev.quicksilver.storage.TestDatabases.DNS;
import static dev.quicksilver.storage.TestDatabases.FAST;
import static dev.quicksilver.storage.TestDatabases.bytes;
import static dev.quicksilver.storage.TestDatabases.commit;
import static dev.quicksilver.storage.TestDatabases.content;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.Direction;
import dev.quicksilver.storage.KeyRange;
import dev.quicksilver.storage.Scan;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.TestDatabases;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.log.BlockHeader;
import dev.quicksilver.storage.log.LogReader;
import dev.quicksilver.storage.record.ContentDigest;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Head;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SnapshotCopyTest {
  private static final int SMALL = 2_000;

  @TempDir Path folder;
  private long lsn;

  @Test
  void copiesALiveDatabaseWithoutItsFreePagesAndVerifiesTheCopy() {
    try (Database database = TestDatabases.create(folder.resolve("live"))) {
      commit(database, 1, "large=" + "x".repeat(2_000_000), "a=1");
      commit(database, 2, "large", "b=2");
      Verification verified =
          SnapshotCopy.copy(database, folder.resolve("copy"), VerifyProgress.NONE);
      commit(database, 3, "a=3");
      assertThat(verified.pairs()).isEqualTo(2);
      try (Database copy = Database.open(folder.resolve("copy"), FAST)) {
        assertThat(copy.identity()).isEqualTo(DNS);
        assertThat(copy.head()).isEqualTo(verified.head());
        assertThat(copy.head().oldestSequence()).isEqualTo(5);
        assertThat(copy.fileBytes()).isLessThan(database.fileBytes() / 2);
        commit(copy, 3, "a=3");
        requireSame(copy, database);
      }
      assertThatThrownBy(
              () -> SnapshotCopy.copy(database, folder.resolve("copy"), VerifyProgress.NONE))
          .returns(ErrorCode.ALREADY_EXISTS, e -> ((StorageException) e).code())
          .hasMessageContaining("finished database in");
    }
  }

  @Test
  void holdsExactlyThePairsUpToItsBoundAfterEachStepWhileTheSourceChanges() throws IOException {
    Random random = new Random(3);
    try (Database source = TestDatabases.create(folder.resolve("live"))) {
      change(source, random, 300);
      try (PrefixReplica copy = begin(source)) {
        int steps = 0;
        while (!copy.complete()) {
          change(source, random, steps == 7 ? 0 : 30); // 0 clears
          step(source, copy);
          requirePrefix(source, copy);
          steps++;
        }
        assertThat(steps).isGreaterThan(10);
        change(source, random, 50);
        catchUp(source, copy);
        assertThat(copy.finish(VerifyProgress.NONE).clean()).isTrue();
      }
      try (Database copy = Database.open(folder.resolve("copy"), FAST)) {
        requireSame(copy, source);
        change(source, random, 20);
        TestDatabases.follow(source, copy);
        requireSame(copy, source);
      }
    }
  }

  @Test
  void cannotBeOpenedBeforeItIsFinishedAndGoesOnWhereItStopped() throws IOException {
    Path target = folder.resolve("copy");
    try (Database source = TestDatabases.create(folder.resolve("live"))) {
      change(source, new Random(5), 300);
      byte[] bound;
      try (PrefixReplica copy = begin(source)) {
        step(source, copy);
        bound = copy.bound();
        assertThat(bound).isNotNull();
      }
      assertThatThrownBy(() -> Database.open(target, FAST))
          .returns(ErrorCode.UNFINISHED, e -> ((StorageException) e).code())
          .hasMessageContaining("resume the snapshot");
      assertThatThrownBy(() -> Database.openReadOnly(target, FAST))
          .returns(ErrorCode.UNFINISHED, e -> ((StorageException) e).code());
      try (PrefixReplica copy = PrefixReplica.resume(target, FAST)) {
        assertThat(copy.bound()).isEqualTo(bound);
        assertThatThrownBy(() -> copy.finish(VerifyProgress.NONE))
            .returns(ErrorCode.UNFINISHED, e -> ((StorageException) e).code());
      }
      SnapshotCopy.copy(source, target, VerifyProgress.NONE);
      try (Database copy = Database.open(target, FAST)) {
        requireSame(copy, source);
      }
    }
  }

  @Test
  void resumesFromAnotherPeerWithTheSameHistoryAndRefusesOneWithAnother() throws IOException {
    Random random = new Random(7);
    Path target = folder.resolve("copy");
    try (Database source = TestDatabases.create(folder.resolve("live"));
        Database peer = TestDatabases.create(folder.resolve("peer"));
        Database behind = TestDatabases.create(folder.resolve("behind"));
        Database fork = TestDatabases.create(folder.resolve("fork"));
        Database other =
            Database.create(
                folder.resolve("other"),
                new DatabaseIdentity(new UUID(1, 1), "other", "text", "text"),
                FAST)) {
      change(source, random, 300);
      TestDatabases.follow(source, behind);
      TestDatabases.follow(source, fork);
      change(source, random, 30);
      try (PrefixReplica copy = begin(source)) {
        step(source, copy);
      }
      change(source, random, 30);
      TestDatabases.follow(source, peer);
      change(fork, random, 90);
      refused(behind, target, ErrorCode.NOT_IN_LOG, "wait for the source");
      refused(fork, target, ErrorCode.DIVERGED, "another history");
      refused(other, target, ErrorCode.ALREADY_EXISTS, "another database");
      SnapshotCopy.copy(peer, target, VerifyProgress.NONE);
      try (Database copy = Database.open(target, FAST)) {
        requireSame(copy, peer);
      }
    }
  }

  @Test
  void saysThatTheSourcesLogNoLongerReachesBack() throws IOException {
    StorageOptions trimming = FAST.withLog(Duration.ZERO, 0);
    try (Database source = Database.create(folder.resolve("live"), DNS, trimming)) {
      change(source, new Random(9), 100);
      try (PrefixReplica copy = begin(source)) {
        step(source, copy);
      }
      change(source, new Random(9), 10);
      change(source, new Random(9), 10);
      refused(source, folder.resolve("copy"), ErrorCode.NOT_IN_LOG, "begin anew");
    }
  }

  @Test
  void copiesAnEmptyDatabaseAndOneWithAnEmptyLog() {
    try (Database source = TestDatabases.create(folder.resolve("live"))) {
      SnapshotCopy.copy(source, folder.resolve("one"), VerifyProgress.NONE);
      commit(source, 1, "a=1", "b=");
      SnapshotCopy.copy(source, folder.resolve("two"), VerifyProgress.NONE);
    }
    try (Database one = Database.open(folder.resolve("one"), FAST);
        Database two = Database.open(folder.resolve("two"), FAST)) {
      assertThat(one.head().lastSequence()).isZero();
      SnapshotCopy.copy(two, folder.resolve("three"), VerifyProgress.NONE);
      try (Database three = Database.open(folder.resolve("three"), FAST)) {
        requireSame(three, two);
      }
    }
  }

  @Test
  void refusesAPieceThatIsNotTheNextOrWasReadAtAnotherSequence() throws IOException {
    try (Database source = TestDatabases.create(folder.resolve("live"))) {
      change(source, new Random(11), 100);
      try (PrefixReplica copy = begin(source)) {
        step(source, copy);
        try (SnapshotPiece first = SnapshotPiece.read(source, null, SMALL);
            PrefixSession session = copy.write()) {
          assertThatThrownBy(() -> session.append(first.header(), first))
              .hasMessageContaining("does not continue");
        }
        commit(source, ++lsn, "k=v");
        try (PrefixSession session = copy.write();
            SnapshotPiece next = SnapshotPiece.read(source, session.bound(), SMALL)) {
          assertThatThrownBy(() -> session.append(next.header(), next))
              .returns(ErrorCode.DIVERGED, e -> ((StorageException) e).code());
          assertThatThrownBy(session::commit).hasMessageContaining("failed");
        }
        assertThat(copy.complete()).isFalse();
      }
    }
  }

  @Test
  void isNotFinishedIfTheContentIsNotWhatTheLastPieceSays() throws IOException {
    try (Database source = TestDatabases.create(folder.resolve("live"))) {
      change(source, new Random(13), 100);
      try (PrefixReplica copy = begin(source)) {
        while (!copy.complete()) {
          try (PrefixSession session = copy.write();
              SnapshotPiece piece = SnapshotPiece.read(source, session.bound(), SMALL)) {
            session.append(withAnotherDigest(piece.header()), piece);
            session.commit();
          }
        }
        assertThatThrownBy(() -> copy.finish(VerifyProgress.NONE))
            .returns(ErrorCode.CORRUPT, e -> ((StorageException) e).code())
            .hasMessageContaining("the content digest at sequence");
      }
      assertThatThrownBy(() -> Database.open(folder.resolve("copy"), FAST))
          .returns(ErrorCode.UNFINISHED, e -> ((StorageException) e).code());
    }
  }

  private static SnapshotPieceHeader withAnotherDigest(SnapshotPieceHeader header) {
    Head head = header.head();
    return new SnapshotPieceHeader(
        header.databaseId(),
        new Head(
            head.lastSequence(),
            head.chainHash(),
            head.contentDigest().plus(new ContentDigest(0, 1)),
            head.position(),
            head.commitTime(),
            head.oldestSequence()),
        header.after(),
        header.upTo(),
        header.pairs(),
        header.uncompressedLength());
  }

  @Test
  void aGenerationBeingCopiedIntoIsFoundAgainUntilItIsUsed() {
    DatabaseDirectory directory = new DatabaseDirectory(folder);
    Path copying = directory.copyGeneration("dns");
    assertThat(directory.copyGeneration("dns")).isEqualTo(copying);
    assertThat(directory.names()).isEmpty();
    directory.abandonCopy("dns");
    assertThat(copying).doesNotExist();
    Path again = directory.copyGeneration("dns");
    directory.use("dns", again);
    assertThat(directory.environment("dns")).contains(again);
    assertThat(directory.copyGeneration("dns")).isNotEqualTo(again);
    directory.abandonCopy("dns");
    assertThat(again).exists();
  }

  @Test
  void generationsThatNeverCameIntoUseGoWhenTheNodeStartsAndACopyInProgressStays() {
    DatabaseDirectory directory = new DatabaseDirectory(folder);
    Path halted = directory.newGeneration("dns");
    Path ofNoDatabase = directory.newGeneration("never");
    Path copying = directory.copyGeneration("dns");
    try (DatabaseSet set = DatabaseSet.open(folder, FAST)) {
      assertThat(halted).doesNotExist();
      assertThat(ofNoDatabase).doesNotExist();
      assertThat(set.copyFolder("dns")).isEqualTo(copying).exists();
      set.create(TestDatabases.DNS);
    }
    Path replaced = directory.environment("dns").orElseThrow();
    directory.use("dns", copying);
    try (DatabaseSet _ = DatabaseSet.open(folder.resolve("elsewhere"), FAST)) {
      assertThat(replaced).exists();
    }
    directory.use("dns", replaced);
    DatabaseSet.open(folder, FAST).close();
    assertThat(copying).doesNotExist();
    assertThat(replaced).exists();
  }

  private PrefixReplica begin(Database source) {
    return PrefixReplica.create(folder.resolve("copy"), source.identity(), source.head(), FAST);
  }

  private static void step(Database source, PrefixReplica copy) throws IOException {
    try (PrefixSession session = copy.write();
        SnapshotPiece piece = SnapshotPiece.read(source, session.bound(), SMALL)) {
      apply(session, piece.log(session.head().lastSequence() + 1));
      session.append(SnapshotPieceHeader.decode(piece.header().encode()), piece);
      session.commit();
    }
  }

  private static void catchUp(Database source, PrefixReplica copy) throws IOException {
    try (PrefixSession session = copy.write()) {
      apply(session, source.readLog(session.head().lastSequence() + 1));
      session.commit();
    }
  }

  private static void apply(PrefixSession session, LogReader log) throws IOException {
    for (BlockHeader block = log.nextBlock(); block != null; block = log.nextBlock()) {
      session.apply(block, log::nextSegment);
    }
  }

  private static void requirePrefix(Database source, PrefixReplica copy) {
    byte @Nullable [] bound = copy.bound();
    KeyRange range = copy.complete() ? KeyRange.ALL : new KeyRange(null, true, bound, true);
    StringBuilder expected = new StringBuilder();
    StringBuilder found = new StringBuilder();
    list(source, range, expected);
    list(copy.database(), KeyRange.ALL, found);
    assertThat(found.toString()).isEqualTo(expected.toString());
    assertThat(copy.head().chainHash()).isEqualTo(source.head().chainHash());
  }

  private static void list(Database database, KeyRange range, StringBuilder to) {
    try (Snapshot snapshot = database.snapshot();
        Scan scan = snapshot.scan(range, Direction.FORWARD)) {
      while (scan.next()) {
        to.append(TestDatabases.text(scan.key()))
            .append('=')
            .append(TestDatabases.text(scan.value()))
            .append(' ')
            .append(scan.sequence())
            .append('@')
            .append(scan.commitTime())
            .append('\n');
      }
    }
  }

  private static void requireSame(Database copy, Database source) {
    assertThat(content(copy)).isEqualTo(content(source));
    Head ours = copy.head();
    Head theirs = source.head();
    assertThat(ours).usingRecursiveComparison().ignoringFields("oldestSequence").isEqualTo(theirs);
    assertThat(Verifier.verify(copy, VerifyProgress.NONE).problems()).isEmpty();
  }

  private static void refused(Database source, Path target, ErrorCode code, String words) {
    assertThatThrownBy(() -> SnapshotCopy.copy(source, target, VerifyProgress.NONE))
        .returns(code, e -> ((StorageException) e).code())
        .hasMessageContaining(words);
  }

  /** Commits random changes, values also larger than a piece; clears everything first for 0. */
  private void change(Database database, Random random, int changes) {
    try (Appender appender = database.append()) {
      appender.begin(++lsn, lsn * 10);
      if (changes == 0) {
        appender.clear();
      }
      for (int i = 0; i < Math.max(changes, 100); i++) {
        byte[] key = bytes("key " + random.nextInt(500));
        if (random.nextInt(4) == 0) {
          appender.delete(key);
        } else {
          int length = random.nextInt(40) == 0 ? random.nextInt(20_000) : random.nextInt(100);
          appender.set(key, bytes(Character.toString('a' + random.nextInt(26)).repeat(length)));
        }
      }
      appender.end(TestDatabases.at(++lsn));
      appender.commit();
    }
  }
}
