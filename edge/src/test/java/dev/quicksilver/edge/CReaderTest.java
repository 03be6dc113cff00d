package dev.quicksilver.edge;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.PidNamespace;
import dev.quicksilver.storage.copy.SnapshotCopy;
import dev.quicksilver.storage.copy.VerifyProgress;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Position;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.lmdbjava.Dbi;
import org.lmdbjava.Env;
import org.lmdbjava.EnvFlags;
import org.lmdbjava.Txn;

/** The reader in C, {@code src/main/c/quicksilver_get.c}, beside a node that writes. */
final class CReaderTest {
  private static final StorageOptions OPTIONS =
      StorageOptions.DEFAULT.withMapSize(256L << 20).withoutDurability();
  private static final Path SOURCE = Path.of("src/main/c/quicksilver_get.c");
  private static final int LARGEST_INLINE = 4_059;

  @TempDir private static Path built;
  @TempDir private Path data;
  private DatabaseSet node;
  private long lsn;

  /** What a run of the program came to. */
  private record Run(int exit, String output, String errors) {}

  @BeforeAll
  static void compile() throws Exception {
    boolean possible =
        canRun("gcc", "--version")
            && Stream.of("/usr/include", "/usr/local/include")
                .anyMatch(folder -> Files.exists(Path.of(folder, "lmdb.h")));
    if (!possible) {
      System.err.println(
          "CReaderTest is skipped: it needs gcc and LMDB's header; apt-get install gcc libc6-dev"
              + " liblmdb-dev");
    }
    assumeTrue(possible, "gcc or lmdb.h is missing: apt-get install gcc libc6-dev liblmdb-dev");
    assertThat(
            run(
                "gcc",
                "-std=c11",
                "-O2",
                "-Wall",
                "-Wextra",
                "-Werror",
                "-o",
                program(),
                SOURCE.toString(),
                "-llmdb"))
        .isEqualTo(new Run(0, "", ""));
  }

  private static String program() {
    return built.resolve("quicksilver_get").toString();
  }

  private static boolean canRun(String... command) throws InterruptedException {
    try {
      return run(command).exit == 0;
    } catch (IOException e) {
      return false;
    }
  }

  private static Run run(String... command) throws IOException, InterruptedException {
    Path errors = Files.createTempFile(built, "errors", "");
    Process process = new ProcessBuilder(command).redirectError(errors.toFile()).start();
    String output = new String(process.getInputStream().readAllBytes(), ISO_8859_1);
    return new Run(process.waitFor(), output, Files.readString(errors));
  }

  private Run get(String... keys) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(program(), data.toString(), "edge"));
    command.addAll(List.of(keys));
    return run(command.toArray(String[]::new));
  }

  @BeforeEach
  void startTheNode() {
    node = DatabaseSet.open(data, OPTIONS);
    node.create(identity());
  }

  @AfterEach
  void stopTheNode() {
    node.close();
  }

  private static DatabaseIdentity identity() {
    return new DatabaseIdentity(UUID.randomUUID(), "edge", "text", "text");
  }

  private Database database() {
    return node.get("edge").orElseThrow();
  }

  private void write(Consumer<Appender> changes) {
    lsn += 8;
    try (Appender appender = database().append()) {
      appender.begin(lsn, lsn);
      changes.accept(appender);
      appender.end(new Position(1, 1, lsn));
      appender.commit();
    }
  }

  private void set(String key, String value) {
    write(appender -> appender.set(key.getBytes(UTF_8), value.getBytes(UTF_8)));
  }

  /** A value that says which bytes are missing or in the wrong place. */
  private static String ofLength(int length) {
    StringBuilder text = new StringBuilder();
    for (int at = 0; text.length() < length; at++) {
      text.append(at).append(',');
    }
    return text.substring(0, length);
  }

  @Test
  void printsSmallEmptyAndLargeValues() throws Exception {
    set("small", "one");
    set("empty", "");
    assertThat(get("small", "empty")).isEqualTo(new Run(0, "one\n\n", ""));
    for (int length :
        new int[] {LARGEST_INLINE, LARGEST_INLINE + 1, 4_080, 4_081, 3 * 4_080, 2_000_003}) {
      set("value", ofLength(length));
      assertThat(get("value")).isEqualTo(new Run(0, ofLength(length) + "\n", ""));
    }
  }

  @Test
  void tellsAMissingKeyFromAnError() throws Exception {
    set("a", "one");
    assertThat(get("b")).isEqualTo(new Run(1, "", "b: there is no such key\n"));
    assertThat(get("b", "a")).isEqualTo(new Run(1, "one\n", "b: there is no such key\n"));
    assertThat(get("k".repeat(512)).errors).contains("keys of 1 to 511 bytes");
    Run other = run(program(), data.toString(), "other", "a");
    assertThat(other.exit).isEqualTo(2);
    assertThat(other.errors)
        .contains("database \"other\"")
        .contains(data.toString())
        .contains("No such file");
  }

  @Test
  void givesAnErrorInsteadOfADamagedValue() throws Exception {
    set("small", "a marked value");
    set("large", "the first piece" + ofLength(10_000) + "the last piece");
    set("sound", "as it was");
    flip("a marked value");
    flip("the last piece");

    for (String key : List.of("small", "large")) {
      Run damaged = get(key);
      assertThat(damaged.exit).isEqualTo(2);
      assertThat(damaged.output).isEmpty();
      assertThat(damaged.errors).contains("is damaged").contains("does not match its checksum");
    }
    assertThat(get("sound")).isEqualTo(new Run(0, "as it was\n", ""));
  }

  /** Changes a bit of each place where a text stands in the file, free pages among them. */
  private void flip(String text) throws IOException {
    Path path = database().folder().resolve("data.mdb");
    String content = Files.readString(path, ISO_8859_1);
    int flipped = 0;
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      for (int at = content.indexOf(text); at >= 0; at = content.indexOf(text, at + 1)) {
        file.seek(at + 3);
        file.write(content.charAt(at + 3) ^ 1);
        flipped++;
      }
    }
    assertThat(flipped).isPositive();
  }

  /** A program that runs on and is asked key by key. */
  private final class Asked implements AutoCloseable {
    private final Process process;
    private final BufferedWriter questions;
    private final BufferedReader answers;

    Asked() throws IOException {
      process =
          new ProcessBuilder(program(), data.toString(), "edge", "-")
              .redirectErrorStream(true)
              .start();
      questions = process.outputWriter(StandardCharsets.UTF_8);
      answers = process.inputReader(StandardCharsets.UTF_8);
    }

    /** Returns its lines; the last one is the code. */
    String get(String key) throws IOException {
      questions.write(key + "\n");
      questions.flush();
      StringBuilder lines = new StringBuilder();
      while (true) {
        String line = answers.readLine();
        assertThat(line).as("the program has ended after %s", lines).isNotNull();
        lines.append(line);
        if (line.startsWith("= ")) {
          return lines.toString();
        }
        lines.append('\n');
      }
    }

    @Override
    public void close() {
      process.destroyForcibly().onExit().join();
    }
  }

  @Test
  void followsTheGenerationInUseAndStopsWhenItIsWithheld() throws Exception {
    set("key", "old");
    try (Asked program = new Asked()) {
      assertThat(program.get("key")).isEqualTo("old\n= 0");
      set("key", "newer");
      assertThat(program.get("key")).isEqualTo("newer\n= 0");

      SnapshotCopy.copy(database(), node.copyFolder("edge"), VerifyProgress.NONE);
      node.useCopy("edge");
      set("key", "in the copy");
      assertThat(program.get("key")).isEqualTo("in the copy\n= 0");

      node.withhold("edge", "its history is another one");
      assertThat(program.get("key"))
          .contains("is not served by its node: its history is another one")
          .endsWith("= 2");
      node.serveAgain("edge");
      assertThat(program.get("key")).isEqualTo("in the copy\n= 0");

      node.replace(identity());
      assertThat(program.get("key")).endsWith("there is no such key\n= 1");
      node.drop("edge");
      assertThat(program.get("key")).contains("is not there").endsWith("= 2");
      node.create(identity());
      set("key", "again");
      assertThat(program.get("key")).isEqualTo("again\n= 0");
    }
  }

  @Test
  void readsWholeValuesOfGrowingSequencesWhileTheNodeWrites() throws Exception {
    int commits = 3_000;
    AtomicInteger committed = new AtomicInteger();
    AtomicBoolean stop = new AtomicBoolean();
    set("number", "0");
    try (Asked program = new Asked();
        ExecutorService threads = Executors.newSingleThreadExecutor()) {
      Future<?> writing =
          threads.submit(
              () -> {
                for (int i = 1; i <= commits && !stop.get(); i++) {
                  // of all kinds: in the leaf, in a page of its own, in pieces
                  set("number", (i + ",").repeat(1 + i * 37 % 2_500) + i);
                  committed.set(i);
                }
              });
      int last = 0;
      int seen = 0;
      try {
        while (last < commits) {
          String answer = program.get("number");
          assertThat(answer).endsWith("\n= 0");
          String[] numbers = answer.substring(0, answer.length() - 4).split(",", -1);
          assertThat(Arrays.stream(numbers).distinct()).hasSize(1);
          int number = Integer.parseInt(numbers[0]);
          assertThat(number).isBetween(last, Math.min(commits, committed.get() + 1));
          seen += number == last ? 0 : 1;
          last = number;
          if (writing.isDone()) {
            writing.get(); // if the writer has failed, so does this
          }
        }
      } finally {
        stop.set(true);
      }
      writing.get(1, TimeUnit.MINUTES);
      assertThat(seen).isGreaterThan(10);
    }
  }

  @Test
  void refusesTheFilesOfANodeInAnotherPidNamespace() throws Exception {
    Namespaces.assumeTheyCanBeMade();
    set("key", "value");
    List<String> apart = new ArrayList<>(Namespaces.OF_ITS_OWN);
    apart.addAll(List.of(program(), data.toString(), "edge", "key"));
    assertThat(run(apart.toArray(String[]::new)).output).isEqualTo("value\n"); // nobody has said
    try (PidNamespace here = PidNamespace.claim(data)) {
      assertThat(here).isNotNull();
      Run refused = run(apart.toArray(String[]::new));
      assertThat(refused.exit).isEqualTo(2);
      assertThat(refused.output).isEmpty();
      assertThat(refused.errors).contains("another PID namespace").contains("share it");
      assertThat(get("key")).isEqualTo(new Run(0, "value\n", ""));
    }
    assertThat(run(apart.toArray(String[]::new)).output).isEqualTo("value\n"); // it runs no more
  }

  @Test
  void theLayoutDocumentShowsARecordAsItIsStored() throws Exception {
    write(appender -> appender.set("hello".getBytes(UTF_8), "world".getBytes(UTF_8)));
    Path folder = database().folder();
    node.close();
    byte[] record;
    try (Env<ByteBuffer> env =
        Env.create().setMaxDbs(4).open(folder.toFile(), EnvFlags.MDB_RDONLY_ENV)) {
      Dbi<ByteBuffer> pairs = env.openDbi("data");
      try (Txn<ByteBuffer> txn = env.txnRead()) {
        ByteBuffer key = ByteBuffer.allocateDirect(5).put("hello".getBytes(UTF_8)).flip();
        ByteBuffer found = pairs.get(txn, key);
        record = new byte[found.remaining()];
        found.get(record);
      }
    }
    String document = Files.readString(Path.of("../docs/layout.md"));
    assertThat(document).contains(HexFormat.ofDelimiter(" ").formatHex(record));
  }
}
