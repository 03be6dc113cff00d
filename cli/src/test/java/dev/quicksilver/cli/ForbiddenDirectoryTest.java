package dev.quicksilver.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.fixtures.JavaCommand;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A user who may not look into a data directory is told so, and who may. */
final class ForbiddenDirectoryTest {
  @TempDir private Path folder;
  private Path data;
  private String user;

  @BeforeEach
  void close() throws Exception {
    user = Files.getOwner(folder).getName();
    data = Files.createDirectories(folder.resolve("quicksilver/replica"));
    setRights("---------");
  }

  @AfterEach
  void open() throws Exception {
    setRights("rwx------");
  }

  private void setRights(String rights) throws Exception {
    Files.setPosixFilePermissions(data.getParent(), PosixFilePermissions.fromString(rights));
  }

  @Test
  void everyCommandOfADataDirectorySaysWhoMayLook() throws Exception {
    for (String command : new String[] {"get dns key", "log dns", "status", "reload"}) {
      List<String> arguments = new ArrayList<>(List.of(command.split(" ")));
      arguments.add("--data-directory=" + data);
      ProcessBuilder builder =
          JavaCommand.process(Quicksilver.class, List.of(), arguments).redirectErrorStream(true);
      if (user.equals("root")) { // whom rights hold back only without this capability
        builder
            .command()
            .addAll(0, List.of("setpriv", "--bounding-set=-dac_override,-dac_read_search"));
      }
      Process process = builder.start();
      String printed = new String(process.getInputStream().readAllBytes(), UTF_8);
      assertThat(printed)
          .as(command)
          .hasLineCount(1)
          .contains("may not look into the data directory " + data)
          .contains("run this as the user who may (" + user + "): sudo -u " + user + " quicksilver")
          .doesNotContain("is not there");
      assertThat(process.waitFor()).as(command).isEqualTo(ExitCode.FAILURE);
    }
  }
}
