package dev.quicksilver.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.gateway.GatewayException.ErrorCode;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.storage.log.LogEntry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Roots in processes of their own that die at the named fail points, one after the other. */
@ExtendWith(SharedPostgres.class)
final class GatewayCrashTest {
  private static final int KILLED = 137;
  private static final Duration WRITE_PAUSE = Duration.ofMillis(20);

  /** What the pairs of those who may read at the edges have to be. */
  private static final String READERS =
      "SELECT coalesce(string_agg(format('role:%s={\"verifier\":\"%s\",\"databases\":%s}', role,"
          + " verifier, array_to_json(databases)), ' ' ORDER BY role), '') FROM quicksilver.reader";

  private static final List<String> FAIL_POINTS =
      List.of(
          "gateway.before-commit:2",
          "gateway.between-commits:3",
          "gateway.between-commits:4",
          "storage.between-generations:2",
          "gateway.after-commit:2",
          "gateway.before-confirm:2");

  @TempDir Path data;

  @Test
  void losesDoublesAndReordersNothingWhereverItDies(EmbeddedPostgres postgres) throws Exception {
    long seed = Long.getLong("quicksilver.seed", System.nanoTime());
    System.out.println("random commits: -Dquicksilver.seed=" + seed);
    Random random = new Random(seed);
    try (Root root = new Root(postgres, "crash", data).start()) {
      for (String name : List.of("one", "two")) {
        root.execute("SELECT quicksilver.create_database('" + name + "')");
      }
      root.execute("CREATE ROLE crash_reader LOGIN PASSWORD 'p'");
      root.catchUp();
      root.stop();
      AtomicInteger round = new AtomicInteger();
      for (String failPoint : FAIL_POINTS) {
        Process process = launch(root, data, failPoint);
        try {
          Root.await(
              "it dies at " + failPoint,
              () -> {
                write(root, random, round.getAndIncrement());
                // What is written faster than a process starts is only read again and again.
                LockSupport.parkNanos(WRITE_PAUSE.toNanos());
                return process.isAlive();
              },
              alive -> !alive);
          assertThat(process.exitValue()).as(failPoint).isEqualTo(KILLED);
        } finally {
          process.destroyForcibly().waitFor();
        }
      }
      root.start();
      root.catchUp();
      assertThat(readers(root)).isEqualTo(root.query(READERS));
      for (String name : List.of("one", "two", "passing")) {
        assertThat(root.pairs(name)).as(name).isEqualTo(root.table(name));
        List<LogEntry> entries = root.entries(name);
        assertThat(entries.stream().mapToLong(LogEntry::sequence))
            .as(name)
            .containsExactlyElementsOf(LongStream.rangeClosed(1, entries.size()).boxed().toList());
      }
    }
  }

  /** One commit that touches both databases and, now and then, makes a third one anew. */
  private static void write(Root root, Random random, int round) throws Exception {
    root.connection.setAutoCommit(false);
    for (String name : List.of("one", "two")) {
      root.execute(
          "INSERT INTO %s SELECT 'k' || (i * %d) %% 500, '%d/' || i FROM generate_series(1, %d) i"
                  .formatted(name, 1 + random.nextInt(400), round, 1 + random.nextInt(50))
              + " ON CONFLICT (key) DO NOTHING");
      root.execute("DELETE FROM %s WHERE key = 'k%d'".formatted(name, random.nextInt(500)));
    }
    if (round % 7 == 0) {
      if (round > 0) {
        root.execute("SELECT quicksilver.drop_database('passing')");
      }
      root.execute("SELECT quicksilver.create_database('passing')");
    }
    root.execute("INSERT INTO passing VALUES ('%d', '')".formatted(round));
    root.execute(
        "SELECT quicksilver.%s_read('crash_reader', '%s')"
            .formatted(
                random.nextBoolean() ? "grant" : "revoke",
                random.nextBoolean() ? "one" : "passing"));
    root.connection.commit();
    root.connection.setAutoCommit(true);
  }

  @Test
  void beginsAfterAllWhereverItsFirstStartDied(EmbeddedPostgres postgres) throws Exception {
    for (String point : List.of("before-position", "before-slot", "after-slot")) {
      Path directory = data.resolve(point);
      try (Root root = new Root(postgres, "first_" + point.replace('-', '_'), directory)) {
        root.execute("SELECT quicksilver.create_database('early')");
        root.execute("INSERT INTO early SELECT i, 'before' FROM generate_series(1, 2500) i");
        String early = "early_" + point.replace('-', '_');
        root.execute("CREATE ROLE " + early + " LOGIN PASSWORD 'p'");
        root.execute("SELECT quicksilver.grant_read('" + early + "', 'early')");
        root.execute("CREATE ROLE late_" + early + " LOGIN PASSWORD 'p'");
        root.execute("SELECT quicksilver.grant_read('late_" + early + "', '*')");
        Process process = launch(root, directory, "gateway.first-start-" + point);
        try {
          assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
          assertThat(process.exitValue()).as(point).isEqualTo(KILLED);
        } finally {
          process.destroyForcibly().waitFor();
        }
        root.execute("SELECT quicksilver.create_database('between')");
        root.execute("SELECT quicksilver.grant_read('" + early + "', 'between')");
        root.execute("SELECT quicksilver.revoke_read('late_" + early + "', '*')");
        root.start();
        root.execute("INSERT INTO early VALUES ('a', '1')");
        root.execute("DELETE FROM early WHERE key = '7'");
        root.execute("INSERT INTO between VALUES ('b', '2')");
        root.catchUp();
        assertThat(root.pairs("early")).isEqualTo(root.table("early"));
        assertThat(root.log("early")).hasSize(2502).endsWith("SET a 1", "DEL 7");
        assertThat(readers(root)).contains(early).isEqualTo(root.query(READERS));
        assertThat(root.log("between")).containsExactly("SET b 2");
      }
    }
  }

  @Test
  void dropsItsFirstCopyIfAnotherRootHasMadeTheSlotSince(EmbeddedPostgres postgres)
      throws Exception {
    try (Root root = new Root(postgres, "superseded", data.resolve("first"))) {
      root.execute("SELECT quicksilver.create_database('early')");
      root.execute("INSERT INTO early SELECT i, 'before' FROM generate_series(1, 100) i");
      Process process = launch(root, data.resolve("first"), "gateway.first-start-before-slot");
      try {
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).isEqualTo(KILLED);
      } finally {
        process.destroyForcibly().waitFor();
      }
      root.execute("DELETE FROM early WHERE key = '7'");
      root.moveTo(data.resolve("second"));
      root.start();
      root.execute("INSERT INTO early VALUES ('a', '1')");
      root.catchUp();
      root.stop();

      root.moveTo(data.resolve("first"));
      root.launch(root.config);
      GatewayRefusalTest.refused(root, ErrorCode.SLOT_AHEAD, "this node holds nothing yet");
      assertThat(root.databases().all()).isEmpty();
      root.stop();
      assertThat(data.resolve("first/first-start")).doesNotExist();

      root.moveTo(data.resolve("second"));
      root.start();
      assertThat(data.resolve("second/first-start")).doesNotExist();
      root.execute("INSERT INTO early VALUES ('b', '2')");
      root.catchUp();
      assertThat(root.pairs("early")).isEqualTo(root.table("early"));
    }
  }

  /** The pairs of those who may read at the edges. */
  private static String readers(Root root) {
    return root.pairs("quicksilver").entrySet().stream()
        .filter(pair -> pair.getKey().startsWith("role:"))
        .map(pair -> pair.getKey() + "=" + pair.getValue())
        .collect(Collectors.joining(" "));
  }

  private static Process launch(Root root, Path directory, String failPoint) throws Exception {
    return RootProcess.start(
        root, directory, Duration.ofSeconds(1), "-Dquicksilver.failpoint=" + failPoint);
  }
}
