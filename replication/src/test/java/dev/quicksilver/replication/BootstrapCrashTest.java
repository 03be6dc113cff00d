package dev.quicksilver.replication;

import static dev.quicksilver.replication.TestNode.set;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.storage.copy.Verifier;
import dev.quicksilver.storage.copy.VerifyProgress;
import dev.quicksilver.storage.lmdb.StorageOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A follower's process that dies while it copies a snapshot goes on when it starts again. */
@Execution(ExecutionMode.CONCURRENT)
final class BootstrapCrashTest {
  private static final StorageOptions FORGETFUL =
      StorageOptions.DEFAULT.withoutDurability().withLog(Duration.ofDays(365), 1);

  @TempDir private static Path source;
  private static TestNode root;

  @TempDir private Path data;

  /** Where a follower died when it had all pairs, and before it used them. */
  @TempDir private static Path whole;

  @BeforeAll
  static void startTheSource() throws Exception {
    root = TestNode.root("root", source, FORGETFUL);
    root.create("dns", new UUID(1, 1));
    Random random = new Random(3);
    byte[] value = new byte[8_000];
    for (int i = 0; i < 11; i++) {
      int from = i * 250;
      root.commit(
          "dns",
          a -> {
            for (int j = from; j < from + 250; j++) {
              random.nextBytes(value);
              a.set(String.format("key%06d", j).getBytes(UTF_8), value);
            }
          });
    }
    root.commit("dns", set("last", "1"));
    kill(whole, "bootstrap.after-commit:2");
  }

  @AfterAll
  static void stopTheSource() {
    root.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "copy.before-start",
        "copy.after-start",
        "copy.after-mark",
        "copy.before-commit",
        "copy.after-commit",
        "bootstrap.after-commit",
        "bootstrap.after-commit:2"
      })
  void goesOnWhereItWasKilled(String point) throws Exception {
    kill(data, point);
    requireTheWhole();
  }

  /** Each goes on from the same place, so that not each has to copy it all. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "bootstrap.resumed",
        "copy.before-verify",
        "copy.before-finish",
        "copy.after-sync",
        "copy.after-unmark",
        "copy.after-finish",
        "bootstrap.before-swap",
        "storage.between-generations",
        "bootstrap.after-swap"
      })
  void goesOnWhereItWasKilledWithAllPairs(String point) throws Exception {
    Process copied =
        new ProcessBuilder("cp", "-a", whole.resolve("edge").toString(), data.toString()).start();
    assertThat(copied.waitFor()).isZero();
    kill(data, point);
    requireTheWhole();
  }

  private static void kill(Path folder, String point) throws Exception {
    Process killed = start(folder, point);
    assertThat(killed.waitFor(90, TimeUnit.SECONDS)).isTrue();
    assertThat(killed.exitValue()).isEqualTo(137);
  }

  @Test
  void goesOnAfterASigkillAtAnyTime() throws Exception {
    for (int kill = 0; kill < 3; kill++) {
      Process child = start(data, "none");
      child.waitFor(500 + 150L * kill, TimeUnit.MILLISECONDS);
      child.destroyForcibly().waitFor();
    }
    requireTheWhole();
  }

  /**
   * Goes on in this process; in the end there is one generation, and it is what the source holds.
   */
  private void requireTheWhole() throws Exception {
    try (TestNode again = TestNode.open("again", data.resolve("edge"), FORGETFUL)) {
      again.follow(root.port());
      again.awaitEqual("dns", root);
      again.stopFollowing();
      assertThat(Verifier.verify(again.database("dns"), VerifyProgress.NONE).problems()).isEmpty();
      assertThat(again.databases.copyBegun("dns")).isFalse();
    }
    try (Stream<Path> left = Files.list(data.resolve("edge/databases/dns"))) {
      assertThat(left).as("the link and one generation").hasSize(2);
    }
  }

  private static Process start(Path folder, String failPoint) throws IOException {
    return BootstrapChild.start(
        folder,
        root.port(),
        root.database("dns").head().lastSequence(),
        List.of("-Xmx256m", "-Dquicksilver.failpoint=" + failPoint));
  }
}
