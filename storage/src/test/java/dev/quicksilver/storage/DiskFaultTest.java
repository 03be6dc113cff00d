package dev.quicksilver.storage;

import static dev.quicksilver.storage.TestDatabases.DNS;
import static dev.quicksilver.storage.TestDatabases.FAST;
import static dev.quicksilver.storage.TestDatabases.at;
import static dev.quicksilver.storage.TestDatabases.bytes;
import static dev.quicksilver.storage.TestDatabases.commit;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.quicksilver.fixtures.JavaCommand;
import dev.quicksilver.storage.copy.Verifier;
import dev.quicksilver.storage.copy.VerifyProgress;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.record.Head;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What happens when the disk or the map is full, or the files are not ours. */
class DiskFaultTest {
  @TempDir Path folder;

  @Test
  void writingGoesOnInTheSameProcessOnceAFullDiskHasRoom() throws Exception {
    Ended child = onADiskOfItsOwn("mount -t tmpfs -o size=24m none \"$0\"", FullDiskChild.class);
    assertThat(child.output()).contains("written on after a full disk");
    assertThat(child.code()).isZero();
  }

  @Test
  void aReadOnlyDiskServesReadersAndRefusesWritersClearly() throws Exception {
    try (Database database = TestDatabases.create(folder)) {
      commit(database, 1, "a=1");
    }
    String mount = "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\"";
    for (boolean locked : List.of(true, false)) {
      if (!locked) {
        Files.delete(folder.resolve("lock.mdb"));
      }
      Ended child = onADiskOfItsOwn(mount, ReadOnlyDiskChild.class);
      assertThat(child.output())
          .contains("read 1", "refused IO", folder.toString())
          .containsAnyOf("mount its disk writable", "right to write");
      assertThat(child.code()).isZero();
    }
  }

  /** Runs a class in a namespace of its own, after a mount at the folder, its one argument. */
  private Ended onADiskOfItsOwn(String mount, Class<?> main) throws Exception {
    assumeThat(run(List.of("unshare", "-Urm", "true")).code())
        .as("user and mount namespaces are allowed here, so that a disk can be made")
        .isZero();
    List<String> command =
        new ArrayList<>(
            List.of("unshare", "-Urm", "sh", "-c", mount + " && exec \"$@\"", folder.toString()));
    command.addAll(JavaCommand.of(main, List.of(), List.of(folder.toString())));
    return run(command);
  }

  @Test
  void aFullMapLosesNothingAndTakesWritesAgainAfterDeletesAndInALargerMap() {
    Head last;
    try (Database database =
            Database.create(folder, DNS, FAST.withMapSize(8 << 20).withLog(FAST.logMaxAge(), 0));
        Snapshot reader = database.snapshot()) {
      int number = fillMap(database);
      assertThat(Verifier.verify(database, VerifyProgress.NONE).requireClean().pairs())
          .isEqualTo(number);
      assertThat(reader.head().lastSequence()).isZero();
      reader.renew();
      assertThat(reader.get(bytes("key 0"))).isNotNull();
    }
    try (Database database =
        Database.open(folder, FAST.withMapSize(64 << 20).withLog(FAST.logMaxAge(), 0))) {
      last = put(database, 1_000, 100_000);
    }
    try (Database database = Database.open(folder, FAST.withMapSize(64 << 20))) {
      assertThat(Verifier.verify(database, VerifyProgress.NONE).requireClean().head())
          .isEqualTo(last);
    }
  }

  @Test
  void deletesMakeRoomInAFullMap() {
    try (Database database =
        Database.create(
            folder, DNS, FAST.withMapSize(8 << 20).withLog(FAST.logMaxAge(), 1 << 20))) {
      int number = fillMap(database);
      for (int i = 0; i < number / 2; i++) {
        commit(database, 10_000 + i, "key " + i);
      }
      put(database, 5_000, 100_000);
      Verifier.verify(database, VerifyProgress.NONE).requireClean();
    }
  }

  @Test
  void namesAFileThatIsNoEnvironment() throws IOException {
    for (byte[] content :
        List.of(
            new byte[100_000], bytes("a"), bytes("no database ".repeat(1_000)), new byte[4_096])) {
      Files.write(folder.resolve("data.mdb"), content);
      assertThatThrownBy(() -> Database.open(folder, FAST))
          .as("%d bytes", content.length)
          .isInstanceOf(StorageException.class)
          .hasMessageContaining(folder.toString());
      assertThat(Files.readAllBytes(folder.resolve("data.mdb"))).isEqualTo(content);
    }
  }

  @Test
  void anEmptyFileIsRefusedAndNotFilled() throws IOException {
    Path file = Files.createFile(folder.resolve("data.mdb"));
    assertThatThrownBy(() -> Database.open(folder, FAST))
        .isInstanceOf(StorageException.class)
        .hasMessageContaining(folder.toString());
    assertThat(Files.size(file)).isZero();
  }

  private static int fillMap(Database database) {
    for (int number = 0; ; number++) {
      try {
        put(database, number, 100_000);
      } catch (StorageException e) {
        assertThat(e.code()).isEqualTo(ErrorCode.NO_SPACE);
        assertThat(e).hasMessageContaining("raise the map size");
        return number;
      }
    }
  }

  private static Head put(Database database, int number, int length) {
    byte[] value = new byte[length];
    new Random(number).nextBytes(value);
    try (Appender appender = database.append()) {
      appender.begin(number + 1, number + 1);
      appender.set(bytes("key " + number), value);
      appender.end(at(number + 1));
      return appender.commit();
    }
  }

  private record Ended(int code, String output) {}

  private static Ended run(List<String> command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new Ended(process.waitFor(), output);
  }
}
