package dev.quicksilver.cli.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.storage.lmdb.NativeLibraries;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ProcessFileTest {
  private final String before = System.getProperty(NativeLibraries.FOLDER_PROPERTY);
  @TempDir private Path data;

  @AfterEach
  void restore() {
    if (before == null) {
      System.clearProperty(NativeLibraries.FOLDER_PROPERTY);
    }
  }

  @Test
  void whatAProcessLeftThatWasKilledWhileItLoadedALibraryGoes() throws IOException {
    Path loading = data.resolve("run/node.native/quicksilver-lmdb-1");
    Files.createDirectories(loading);
    Files.writeString(loading.resolve("liblmdb.so"), "cut off");
    try (ProcessFile _ = ProcessFile.claim(data, "node")) {
      assertThat(data.resolve("run/node.native")).isEmptyDirectory();
      assertThatThrownBy(() -> ProcessFile.claim(data, "node"))
          .isInstanceOf(CommandException.class)
          .hasMessageContaining("in use");
    }
    assertThat(data.resolve("run/node.native")).doesNotExist();
  }
}
