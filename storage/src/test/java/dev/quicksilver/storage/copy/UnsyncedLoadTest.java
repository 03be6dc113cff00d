package dev.quicksilver.storage.copy;

import static dev.quicksilver.storage.TestDatabases.DNS;
import static dev.quicksilver.storage.TestDatabases.at;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.fixtures.JavaCommand;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.lmdb.StorageOptions;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is being made does not wait for the disk: what may then be trusted, and what may not. */
final class UnsyncedLoadTest {
  private static final String BOOT = "8c1f8a34-0d0e-4c93-8a8e-6a2f0e3f5d11";
  private static final String LATER_BOOT = "1b2fd3a7-25a5-4f4b-9b77-60cf9b7bb0aa";
  private static final int COMMITTED = 200_000;

  @TempDir private Path folder;
  private Path loaded;
  private Path bootId;
  private StorageOptions options;

  @BeforeEach
  void boot() throws IOException {
    loaded = folder.resolve("loaded");
    bootId = folder.resolve("boot-id");
    options = LoadChild.options(bootId);
    Files.writeString(bootId, BOOT + "\n");
  }

  @Test
  void aKilledLoadGoesOnAfterItsLastCommit() throws Exception {
    killInMidLoad();
    assertThat(loaded.resolve("unsynced")).hasContent(BOOT);
    long pairs;
    try (BulkLoad load = BulkLoad.resume(loaded, options)) {
      pairs = load.pairs();
      assertThat(pairs).isGreaterThanOrEqualTo(COMMITTED).isEqualTo(pairs / 100_000 * 100_000);
      assertThat(load.lastKey()).isEqualTo(LoadChild.key(pairs - 1));
      load.add(LoadChild.key(pairs), LoadChild.value(pairs));
      load.finish(at(1));
    }
    assertThat(loaded.resolve("unsynced")).doesNotExist();
    try (Database database = Database.open(loaded, options)) {
      assertThat(Verifier.verify(database, VerifyProgress.NONE).requireClean().pairs())
          .isEqualTo(pairs + 1);
    }
  }

  @Test
  void aLoadThatTheMachineCutOffBeginsAnew() throws Exception {
    killInMidLoad();
    Files.writeString(bootId, LATER_BOOT + "\n");
    refused(() -> Database.open(loaded, options), ErrorCode.UNFINISHED);
    refused(() -> Database.openReadOnly(loaded, options), ErrorCode.UNFINISHED);
    refused(() -> BulkLoad.resume(loaded, options), ErrorCode.NOT_FOUND);
    assertThat(loaded).isEmptyDirectory();
    loadAnew();
  }

  @Test
  void nothingIsTrustedOfATornFileOfAnEarlierBoot() throws Exception {
    killInMidLoad();
    Files.writeString(bootId, LATER_BOOT + "\n");
    try (RandomAccessFile file = new RandomAccessFile(loaded.resolve("data.mdb").toFile(), "rw")) {
      long half = file.length() / 2 / 4096 * 4096;
      file.setLength(half); // the meta pages name pages that never came to the disk
      file.seek(8 * 4096);
      file.write(new byte[4096]);
    }
    refused(() -> Database.open(loaded, options), ErrorCode.UNFINISHED);
    loadAnew();
  }

  @Test
  void nothingIsTrustedWhereTheMachineDoesNotSayWhichBootItIs() throws Exception {
    killInMidLoad();
    Files.delete(bootId);
    refused(() -> Database.open(loaded, options), ErrorCode.UNFINISHED);
    loadAnew();
  }

  @Test
  void aLoadThatWasClosedGoesOnAfterARestartOfTheMachine() throws Exception {
    try (BulkLoad load = BulkLoad.begin(loaded, DNS, 1, options)) {
      add(load, 0, COMMITTED);
      assertThat(loaded.resolve("unsynced")).exists();
    }
    assertThat(loaded.resolve("unsynced")).doesNotExist();
    Files.writeString(bootId, LATER_BOOT + "\n");
    try (BulkLoad load = BulkLoad.resume(loaded, options)) {
      assertThat(load.pairs()).isEqualTo(COMMITTED);
      assertThat(loaded.resolve("unsynced")).hasContent(LATER_BOOT);
    }
  }

  @Test
  void whatTheDiskDidNotTakeIsNeverTrustedAgain() throws Exception {
    try (BulkLoad load = BulkLoad.begin(loaded, DNS, 1, options)) {
      add(load, 0, 100_000);
      Files.move(loaded.resolve("data.mdb"), folder.resolve("aside"));
      assertThatThrownBy(() -> add(load, 100_000, 500_000))
          .returns(ErrorCode.IO, e -> ((StorageException) e).code())
          .hasMessageContaining("could not be written to the disk");
      Files.move(folder.resolve("aside"), loaded.resolve("data.mdb"));
      assertThatThrownBy(() -> load.finish(at(1))).isInstanceOf(StorageException.class);
    }
    refused(() -> Database.open(loaded, options), ErrorCode.UNFINISHED);
    loadAnew();
  }

  private static void refused(ThrowingCallable call, ErrorCode code) {
    assertThatThrownBy(call).returns(code, e -> ((StorageException) e).code());
  }

  private void loadAnew() {
    try (BulkLoad load = BulkLoad.begin(loaded, DNS, 1, options)) {
      assertThat(load.lastKey()).isNull();
      add(load, 0, 1_000);
      load.finish(at(1));
    }
    try (Database database = Database.open(loaded, options)) {
      assertThat(Verifier.verify(database, VerifyProgress.NONE).requireClean().pairs())
          .isEqualTo(1_000);
    }
  }

  private static void add(BulkLoad load, long from, long to) {
    for (long number = from; number < to; number++) {
      load.add(LoadChild.key(number), LoadChild.value(number));
    }
  }

  /** Kills a process that loads as {@code kill -9} does, when it has committed often enough. */
  private void killInMidLoad() throws IOException, InterruptedException {
    Process child =
        JavaCommand.process(
                LoadChild.class, List.of("-Xmx128m"), List.of(loaded.toString(), bootId.toString()))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader output = child.inputReader(StandardCharsets.US_ASCII)) {
      for (String line = output.readLine(); line != null; line = output.readLine()) {
        if (Integer.parseInt(line) >= COMMITTED) {
          break;
        }
      }
      child.toHandle().destroyForcibly();
      assertThat(child.waitFor()).isEqualTo(137);
    }
  }
}
