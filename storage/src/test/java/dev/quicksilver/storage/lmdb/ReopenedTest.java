package dev.quicksilver.storage.lmdb;

import static dev.quicksilver.storage.TestDatabases.DNS;
import static dev.quicksilver.storage.TestDatabases.FAST;
import static dev.quicksilver.storage.TestDatabases.at;
import static dev.quicksilver.storage.TestDatabases.bytes;
import static dev.quicksilver.storage.TestDatabases.commit;
import static dev.quicksilver.storage.TestDatabases.content;
import static dev.quicksilver.storage.TestDatabases.text;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.quicksilver.fixtures.JavaCommand;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.TestDatabases;
import dev.quicksilver.storage.copy.Verifier;
import dev.quicksilver.storage.record.Head;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An environment that is opened anew while the database is in use. */
class ReopenedTest {
  private static final int MANY = 20_000;
  private static final int OPENED = 50;
  private static final int MOST_COMMITS = 50_000;

  @TempDir Path temporary;
  private Path folder;
  private Database database;
  private Environment environment;

  @BeforeEach
  void open() {
    folder = temporary.resolve("dns");
    database = TestDatabases.create(folder);
    environment = database.environment();
    commit(database, 10, "a=1", "b=2");
  }

  @AfterEach
  void close() {
    database.close();
  }

  @Test
  void whatItHoldsIsThereAndGoesOn() {
    Head before = database.head();
    assertThat(environment.reopened()).isTrue();
    assertThat(database.head()).isEqualTo(before);
    assertThat(content(database)).isEqualTo(Map.of("a", "1", "b", "2"));
    commit(database, 20, "b=3");
    assertThat(environment.reopened()).isTrue();
    assertThat(content(database)).isEqualTo(Map.of("a", "1", "b", "3"));
    assertThat(Verifier.verify(database, (stage, done, total) -> {}).requireClean().head())
        .isEqualTo(database.head());
  }

  @Test
  void snapshotsAndWritersComeFirst() {
    try (Snapshot snapshot = database.snapshot()) {
      assertThat(environment.reopened()).isFalse();
      assertThat(value(snapshot, "a")).isEqualTo("1");
      snapshot.rest(); // it has pages no more, but wants some again
      assertThat(environment.reopened()).isFalse();
      snapshot.renew();
      assertThat(value(snapshot, "a")).isEqualTo("1");
    }
    try (var appender = database.append()) {
      assertThat(environment.reopened()).isFalse();
      TestDatabases.transaction(appender, 20, "a=2");
      appender.commit();
    }
    assertThat(environment.reopened()).isTrue();
    assertThat(content(database)).containsEntry("a", "2");
  }

  @Test
  void readersAndAWriterSeeNothingOfIt() throws Exception {
    AtomicBoolean ended = new AtomicBoolean();
    AtomicInteger opened = new AtomicInteger();
    int commits = 0;
    try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
      List<Future<?>> all =
          List.of(
              threads.submit(() -> readUntil(ended)),
              threads.submit(() -> readUntil(ended)),
              threads.submit(
                  () -> {
                    while (!ended.get()) {
                      opened.addAndGet(environment.reopened() ? 1 : 0);
                      LockSupport.parkNanos(200_000);
                    }
                  }));
      try {
        while (opened.get() < OPENED && commits < MOST_COMMITS) {
          commits++;
          commit(database, 10 + 10 * commits, "a=" + commits, "b=" + commits, "c" + commits + "=x");
          LockSupport.parkNanos(200_000); // the others have a processor, too, where there is one
        }
      } finally {
        ended.set(true);
      }
      for (Future<?> each : all) {
        each.get();
      }
    }
    assertThat(opened.get()).isGreaterThanOrEqualTo(OPENED);
    Verifier.verify(database, (stage, done, total) -> {}).requireClean();
    assertThat(content(database)).hasSize(commits + 2);
  }

  /** Both keys are written together, so whoever finds them unlike has read what never was. */
  private void readUntil(AtomicBoolean ended) {
    long last = 0;
    while (!ended.get()) {
      try (Snapshot snapshot = database.snapshot()) {
        long sequence = snapshot.head().lastSequence();
        assertThat(sequence).isGreaterThanOrEqualTo(last);
        last = sequence;
        if (sequence > 2) {
          assertThat(value(snapshot, "a")).isEqualTo(value(snapshot, "b"));
        }
      }
      LockSupport.parkNanos(200_000);
    }
  }

  private static String value(Snapshot snapshot, String key) {
    return text(requireNonNull(snapshot.get(bytes(key))).value());
  }

  @Test
  void aSessionThatHasChangedMuchLeadsToIt() throws Exception {
    Path own = temporary.resolve("durable");
    try (Database durable =
        Database.create(own, DNS, StorageOptions.DEFAULT.withMapSize(1L << 30))) {
      commit(durable, 10, "a=1");
      try (var appender = durable.append()) {
        appender.begin(20, 20_000);
        for (int i = 0; i < MANY; i++) {
          appender.set(bytes("key " + i), bytes("x"));
        }
        appender.end(at(28));
        appender.commit();
      }
      Head after = durable.head();
      long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
      while (durable.environment().openings() == 0) {
        assertThat(System.nanoTime()).as("it is opened anew").isLessThan(deadline);
        Thread.sleep(20);
      }
      assertThat(durable.head()).isEqualTo(after);
      commit(durable, 30, "a=2");
      assertThat(content(durable)).containsEntry("a", "2").hasSize(MANY + 1);
    }
  }

  @Test
  void nobodyWaitsForWhatAnotherProcessWrites() throws Exception {
    Process writer =
        JavaCommand.process(WriterChild.class, List.of("-Xmx64m"), List.of(folder.toString()))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      assertThat(writer.getInputStream().read()).isEqualTo('.');
      assertThat(environment.reopened()).isTrue();
      assertThat(content(database)).containsEntry("a", "1");
      assertThat(writer.isAlive()).isTrue(); // and it has the lock still
    } finally {
      writer.destroyForcibly().onExit().join();
    }
    commit(database, 20, "a=2");
    assertThat(content(database)).containsEntry("a", "2");
  }

  @Test
  void anotherFolderInItsPlaceIsNotOpened() throws IOException {
    Path aside = temporary.resolve("aside");
    Files.move(folder, aside);
    assertThat(environment.reopened()).isTrue();
    Files.createDirectory(folder);
    assertThat(environment.reopened()).isTrue();
    assertThat(content(database)).containsEntry("a", "1");
    commit(database, 20, "a=2");
    database.close();
    try (Database moved = Database.open(aside, FAST)) {
      assertThat(content(moved)).containsEntry("a", "2");
    }
  }

  @Test
  void whatCannotBeOpenedIsToldAndTriedAgain() throws IOException {
    Path data = folder.resolve(Environment.FILE);
    byte[] whole = Files.readAllBytes(data);
    Files.write(data, Arrays.copyOf(whole, 2 * environment.pageSize)); // read by nobody meanwhile
    assertThat(environment.reopened()).isTrue();
    assertThatExceptionOfType(StorageException.class)
        .isThrownBy(database::head)
        .withMessageContaining(folder.toString());
    assertThatExceptionOfType(StorageException.class).isThrownBy(database::append);
    Files.write(data, whole);
    assertThat(content(database)).containsEntry("a", "1");
    commit(database, 20, "a=2");
    assertThat(content(database)).containsEntry("a", "2");
  }

  @Test
  void whatCouldNotBeOpenedStaysOpen() throws IOException {
    Path data = folder.resolve(Environment.FILE);
    Path aside = temporary.resolve("aside.mdb");
    Files.move(data, aside);
    assertThat(environment.reopened()).isTrue();
    assertThat(environment.openings()).isZero();
    assertThat(content(database)).containsEntry("a", "1");
    assertThat(data).doesNotExist(); // no empty one was made in its place
  }

  @Test
  void closedIsClosed() {
    database.close();
    assertThat(environment.reopened()).isTrue();
    assertThatExceptionOfType(StorageException.class)
        .isThrownBy(database::head)
        .withMessageContaining("closed");
  }
}
