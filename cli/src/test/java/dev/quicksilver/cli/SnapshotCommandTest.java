package dev.quicksilver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.fixtures.JavaCommand;
import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Completeness;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.Direction;
import dev.quicksilver.storage.KeyRange;
import dev.quicksilver.storage.Scan;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.copy.Verifier;
import dev.quicksilver.storage.copy.VerifyProgress;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Head;
import dev.quicksilver.storage.record.Position;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** {@code snapshot}, {@code verify} and {@code compact} as processes beside one that writes. */
@Execution(ExecutionMode.CONCURRENT)
final class SnapshotCommandTest {
  private static final StorageOptions OPTIONS =
      StorageOptions.DEFAULT
          .withMapSize(1L << 30)
          .withLog(Duration.ofDays(365_000), 1L << 30)
          .withoutDurability();
  private static final List<String> FAIL_POINTS =
      List.of(
          "copy.before-start",
          "copy.after-start",
          "copy.before-commit",
          "copy.after-commit",
          "copy.before-commit:4",
          "copy.after-commit:4",
          "copy.before-verify",
          "copy.before-finish");
  private static final int KEYS = 40_000;

  @TempDir Path folder;
  private final Random random = new Random(17);
  private long lsn;

  private record Ended(int exitCode, String output, String errors) {}

  @Test
  void aSnapshotKilledAnywhereIsResumedWhileAWriterAndAReaderGoOn() throws Exception {
    Path data = folder.resolve("data");
    Path copy = folder.resolve("copy");
    Path killed = folder.resolve("killed");
    try (DatabaseSet set = DatabaseSet.open(data, OPTIONS)) {
      Database live = set.create(new DatabaseIdentity(new UUID(1, 2), "dns", "text", "text"));
      for (int i = 0; i < 40; i++) {
        change(live, 1_000);
      }
      AtomicBoolean stop = new AtomicBoolean();
      AtomicReference<Throwable> failure = new AtomicReference<>();
      Thread writer = thread(failure, () -> write(live, stop));
      Thread reader = thread(failure, () -> read(live, stop));
      try {
        for (String point : FAIL_POINTS) {
          Ended halted = run(point, "snapshot", "dns", copy.toString(), data);
          assertThat(halted.exitCode()).as("%s: %s", point, halted).isEqualTo(137);
        }
        Ended opened = run("", "verify", copy.toString(), data);
        assertThat(opened.exitCode()).isEqualTo(ExitCode.FAILURE);
        assertThat(opened.errors()).contains("resume the snapshot").contains("[UNFINISHED]");
        for (int kill = 0; kill < 6; kill++) {
          Process process = start("", "snapshot", "dns", killed.toString(), data);
          process.waitFor(300 + random.nextInt(900), TimeUnit.MILLISECONDS);
          process.toHandle().destroyForcibly();
          process.waitFor();
        }
      } finally {
        stop.set(true);
        writer.join();
        reader.join();
      }
      assertThat(failure.get()).isNull();
      for (Path each : List.of(copy, killed)) {
        if (!finished(each)) {
          Ended done = run("", "snapshot", "dns", each.toString(), data);
          assertThat(done.exitCode()).as(done.errors()).isZero();
          assertThat(done.output()).contains("dns: ").contains("verified");
        }
        try (Database copied = Database.open(each, OPTIONS)) {
          assertThat(Verifier.verify(copied, VerifyProgress.NONE).problems()).isEmpty();
          Head head = copied.head();
          assertThat(live.chainHashAt(head.lastSequence())).isEqualTo(head.chainHash());
        }
      }
      Ended again = run("", "snapshot", "dns", folder.resolve("second").toString(), data);
      assertThat(again.output()).contains(live.head().contentDigest().toString());
      Ended clean = run("", "verify", "dns", data);
      assertThat(clean.exitCode()).as(clean.errors()).isZero();
      assertThat(clean.output())
          .contains("dns is clean")
          .contains(live.head().contentDigest().toString());
      Ended busy = run("", "compact", "dns", data);
      assertThat(busy.exitCode()).isEqualTo(ExitCode.FAILURE);
      assertThat(busy.errors()).contains("open in some process");
    }
    Ended compacted = run("", "compact", "dns", data);
    assertThat(compacted.exitCode()).as(compacted.errors()).isZero();
    assertThat(compacted.output()).contains("bytes before").contains("bytes now");
  }

  @Test
  void aBackupKilledAnywhereIsResumedAndBringsTheLog() throws Exception {
    Path data = folder.resolve("data");
    Path to = folder.resolve("backup");
    try (DatabaseSet set = DatabaseSet.open(data, OPTIONS)) {
      DatabaseIdentity identity = new DatabaseIdentity(new UUID(1, 2), "dns", "text", "text");
      Database catalog =
          set.create(new DatabaseIdentity(new UUID(1, 1), DatabaseSet.CATALOG, "text", "text"));
      try (Appender appender = catalog.append()) {
        appender.begin(1, 1);
        appender.set(
            bytes("dns"),
            bytes(
                "{\"id\":\""
                    + identity.id()
                    + "\",\"key_type\":\"text\",\"value_type\":\"text\"}"));
        appender.end(new Position(1, 1, 2));
        appender.commit();
      }
      Database live = set.create(identity);
      for (int i = 0; i < 80; i++) { // more log than a copy commits at once
        change(live, 1_000);
      }
      set.complete(Completeness.of(new Position(1, 1, lsn), set));
      // The first one copies the catalog, too.
      for (String point :
          List.of(
              "copy.after-start:2",
              "copy.after-commit",
              "copy.before-commit:2",
              "copy.after-commit:2",
              "copy.before-verify")) {
        Ended halted = run(point, "snapshot", "--all", to.toString(), data);
        assertThat(halted.exitCode()).as("%s: %s", point, halted).isEqualTo(137);
      }
      Ended done = run("", "snapshot", "--all", to.toString(), data);
      assertThat(done.exitCode()).as(done.errors()).isZero();
      assertThat(done.output()).contains("dns: ", "complete up to");
      Path copied = new DatabaseDirectory(to).environment("dns").orElseThrow();
      try (Database copy = Database.openReadOnly(copied, OPTIONS)) {
        assertThat(copy.head()).isEqualTo(live.head());
        assertThat(copy.head().oldestSequence()).isEqualTo(1);
        assertThat(Verifier.verify(copy, VerifyProgress.NONE).problems()).isEmpty();
      }
    }
  }

  @Test
  void verifyPrintsEachFindingAndFails() throws Exception {
    Path data = folder.resolve("data");
    try (DatabaseSet set = DatabaseSet.open(data, OPTIONS)) {
      Database live = set.create(new DatabaseIdentity(new UUID(1, 2), "dns", "text", "text"));
      try (Appender appender = live.append()) {
        appender.begin(1, 1);
        appender.set(bytes("www.example.org"), bytes("192.0.2.1 marked"));
        appender.end(new Position(1, 1, 2));
        appender.commit();
      }
    }
    Path file = new DatabaseDirectory(data).environment("dns").orElseThrow().resolve("data.mdb");
    byte[] image = Files.readAllBytes(file);
    String text = new String(image, StandardCharsets.ISO_8859_1);
    for (int at = text.indexOf("marked"); at >= 0; at = text.indexOf("marked", at + 1)) {
      image[at] ^= 1; // in the record and in the log
    }
    Files.write(file, image, StandardOpenOption.WRITE);
    Ended damaged = run("", "verify", "dns", data);
    assertThat(damaged.exitCode()).as(damaged.toString()).isEqualTo(ExitCode.REFUSED);
    assertThat(damaged.output()).contains("checksum").doesNotContain("clean");
    Ended json = run("", "verify", "dns", "--json", data);
    assertThat(json.output()).contains("\"clean\" : false");
    assertThat(run("", "verify", "nothing", data).exitCode()).isEqualTo(ExitCode.NOT_FOUND);
  }

  private static boolean finished(Path copy) {
    try (Database opened = Database.openReadOnly(copy, OPTIONS)) {
      return opened.head() != null;
    } catch (dev.quicksilver.storage.lmdb.StorageException e) {
      return false;
    }
  }

  private interface Work {
    void run() throws Exception;
  }

  private static Thread thread(AtomicReference<Throwable> failure, Work work) {
    return Thread.ofPlatform()
        .start(
            () -> {
              try {
                work.run();
              } catch (Throwable e) {
                failure.set(e);
              }
            });
  }

  private void write(Database live, AtomicBoolean stop) throws InterruptedException {
    while (!stop.get()) {
      change(live, 20);
      live.awaitCommit(Long.MAX_VALUE, TimeUnit.MILLISECONDS.toNanos(5)); // 200 commits a second
    }
  }

  private static void read(Database live, AtomicBoolean stop) {
    while (!stop.get()) {
      try (Snapshot snapshot = live.snapshot();
          Scan scan = snapshot.scan(KeyRange.ALL, Direction.FORWARD)) {
        while (scan.next() && !stop.get()) {
          assertThat(scan.sequence()).isPositive();
        }
      }
    }
  }

  private void change(Database live, int changes) {
    try (Appender appender = live.append()) {
      appender.begin(++lsn, lsn);
      for (int i = 0; i < changes; i++) {
        byte[] key = bytes("key " + random.nextInt(KEYS));
        if (random.nextInt(5) == 0) {
          appender.delete(key);
        } else {
          appender.set(key, new byte[random.nextInt(100) == 0 ? 20_000 : random.nextInt(900)]);
        }
      }
      appender.end(new Position(1, 1, ++lsn));
      appender.commit();
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private Process start(String failPoint, Object... arguments) throws IOException {
    List<String> words = new ArrayList<>();
    for (int i = 0; i < arguments.length - 1; i++) {
      words.add(arguments[i].toString());
    }
    words.add("--data-directory");
    words.add(arguments[arguments.length - 1].toString());
    words.add("--data-map-size");
    words.add("1024");
    return new ProcessBuilder(
            JavaCommand.of(
                Quicksilver.class,
                List.of("-Xmx256m", "-Dquicksilver.failpoint=" + failPoint),
                words))
        .redirectOutput(folder.resolve("output").toFile())
        .redirectError(folder.resolve("errors").toFile())
        .start();
  }

  private Ended run(String failPoint, Object... arguments) throws Exception {
    Process process = start(failPoint, arguments);
    int exitCode = process.waitFor();
    return new Ended(
        exitCode,
        Files.readString(folder.resolve("output")),
        Files.readString(folder.resolve("errors")));
  }
}
