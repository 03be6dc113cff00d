package dev.quicksilver.replication;

import static dev.quicksilver.replication.TestNode.set;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.copy.Verifier;
import dev.quicksilver.storage.copy.VerifyProgress;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.Head;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** A transaction that is several times as large as its followers' heap. */
@Execution(ExecutionMode.CONCURRENT)
final class LargeTransactionTest {
  private static final int ENTRIES = 12_000;
  private static final int VALUE = 8_000;
  private static final String HEAP = "-Xmx32m";

  @TempDir private Path data;

  @Test
  void isAppliedAllOrNothing() throws Exception {
    try (TestNode root =
        TestNode.root("root", data.resolve("root"), StorageOptions.DEFAULT.withoutDurability())) {
      root.create("dns", new UUID(1, 1));
      root.commit("dns", set("before", "1"));
      assertThat(follow(root, 1)).as("exit code").isZero();
      Head before = head();
      Random random = new Random(5);
      byte[] value = new byte[VALUE];
      root.commit(
          "dns",
          a -> {
            for (int i = 0; i < ENTRIES; i++) {
              random.nextBytes(value);
              a.set(("key" + i).getBytes(UTF_8), value);
            }
          });
      assertThat(follow(root, ENTRIES + 1, "-Dquicksilver.failpoint=replica.before-commit"))
          .as("killed when all of it was applied")
          .isEqualTo(137);
      assertThat(head()).isEqualTo(before);
      assertThat(follow(root, ENTRIES + 1)).as("exit code").isZero();
      assertThat(head()).isEqualTo(root.database("dns").head());
    }
  }

  private int follow(TestNode root, long until, String... flags) throws Exception {
    List<String> all = new ArrayList<>(List.of(HEAP));
    all.addAll(List.of(flags));
    Process child = BootstrapChild.start(data, root.port(), until, all);
    assertThat(child.waitFor(90, TimeUnit.SECONDS)).isTrue();
    return child.exitValue();
  }

  private Head head() {
    try (DatabaseSet databases =
        DatabaseSet.open(data.resolve("edge"), StorageOptions.DEFAULT.withoutDurability())) {
      assertThat(
              Verifier.verify(databases.get("dns").orElseThrow(), VerifyProgress.NONE).problems())
          .isEmpty();
      return databases.get("dns").orElseThrow().head();
    }
  }
}
