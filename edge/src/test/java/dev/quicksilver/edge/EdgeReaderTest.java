package dev.quicksilver.edge;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.PidNamespace;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.Pair;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads what another process writes. */
final class EdgeReaderTest {
  private static final StorageOptions OPTIONS = StorageOptions.DEFAULT.withMapSize(64L << 20);

  @TempDir private Path data;
  private final AtomicLong clock = new AtomicLong();
  private Writer writer;

  @BeforeEach
  void startTheWriter() throws IOException {
    writer = Writer.start(data);
  }

  @AfterEach
  void stopTheWriter() throws InterruptedException {
    writer.kill();
  }

  private void write(String command) throws IOException {
    writer.write(command);
  }

  private EdgeReader open() {
    return EdgeReader.open(data, "edge", OPTIONS, clock::get);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  private static String get(EdgeReader reader, String key) {
    return reader.get(bytes(key)).map(pair -> new String(pair.value(), UTF_8)).orElse("absent");
  }

  @Test
  void seesEachCommitOfTheOtherProcess() throws IOException {
    try (EdgeReader reader = open()) {
      assertThat(get(reader, "hello")).isEqualTo("absent");
      write("set hello world");
      assertThat(get(reader, "hello")).isEqualTo("world");
      assertThat(reader.head().lastSequence()).isEqualTo(1);
      write("set hello you");
      assertThat(get(reader, "hello")).isEqualTo("you");
      write("delete hello");
      assertThat(get(reader, "hello")).isEqualTo("absent");
    }
  }

  @Test
  void goesOnReadingWhenTheWriterIsKilled() throws Exception {
    write("set hello world");
    try (EdgeReader reader = open()) {
      writer.kill();
      assertThat(get(reader, "hello")).isEqualTo("world");
    }
    try (EdgeReader reader = open()) {
      assertThat(get(reader, "hello")).isEqualTo("world");
    }
  }

  @Test
  void readsNothingWhileTheNodeWithholdsTheDatabase() throws IOException {
    write("set hello world");
    DatabaseDirectory directory = new DatabaseDirectory(data);
    try (EdgeReader reader = open()) {
      assertThat(get(reader, "hello")).isEqualTo("world");
      directory.withhold("edge", "it diverged");
      clock.addAndGet(Duration.ofMillis(100).toNanos());
      for (int i = 0; i < 2; i++) {
        assertThatExceptionOfType(StorageException.class)
            .isThrownBy(() -> get(reader, "hello"))
            .withMessageContaining("it diverged")
            .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.DIVERGED));
      }
      directory.serveAgain("edge");
      clock.addAndGet(Duration.ofMillis(100).toNanos());
      assertThat(get(reader, "hello")).isEqualTo("world");
    }
  }

  @Test
  void scansAPrefixInOrder() throws IOException {
    write("set b/2 two");
    write("set b/1 one");
    write("set a/1 no");
    write("set c no");
    List<String> found = new ArrayList<>();
    try (EdgeReader reader = open()) {
      long visited = reader.scan(bytes("b/"), pair -> found.add(new String(pair.key(), UTF_8)));

      assertThat(visited).isEqualTo(2);
      assertThat(found).containsExactly("b/1", "b/2");
      assertThat(reader.scan(new byte[0], pair -> false)).isEqualTo(1);
    }
  }

  @Test
  void movesToANewGenerationByItself() throws IOException {
    write("set hello old");
    try (EdgeReader reader = open()) {
      assertThat(get(reader, "hello")).isEqualTo("old");
      write("generation");
      write("set hello new");
      clock.addAndGet(Duration.ofSeconds(1).toNanos());
      assertThat(get(reader, "hello")).isEqualTo("new");
    }
  }

  @Test
  void tellsADatabaseOfTheSameNameFromTheOneThatWasDropped() throws IOException {
    write("set hello old");
    try (EdgeReader reader = open()) {
      write("drop");
      write("generation");
      write("set hello new");
      clock.addAndGet(Duration.ofSeconds(1).toNanos());
      assertThat(get(reader, "hello")).isEqualTo("new");
    }
  }

  @Test
  void saysSoWhenTheDatabaseIsDroppedAndComesBackWithIt() throws IOException {
    write("set hello old");
    try (EdgeReader reader = open()) {
      write("drop");
      clock.addAndGet(Duration.ofSeconds(1).toNanos());
      assertNotFound(() -> get(reader, "hello"));
      write("generation");
      clock.addAndGet(Duration.ofSeconds(1).toNanos());
      assertThat(get(reader, "hello")).isEqualTo("absent");
    }
  }

  private static String run(List<String> command) throws IOException {
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    return new String(process.getInputStream().readAllBytes(), UTF_8);
  }

  @Test
  void aReaderInAnotherPidNamespaceIsRefusedWhileTheNodeRuns() throws Exception {
    Namespaces.assumeTheyCanBeMade();
    write("set hello world");
    List<String> beside = Writer.java(ReaderProcess.class, data.toString(), "hello");
    List<String> apart = new ArrayList<>(Namespaces.OF_ITS_OWN);
    apart.addAll(beside);
    try (PidNamespace here = PidNamespace.claim(data)) {
      assertThat(here).isNotNull();
      assertThat(run(apart))
          .startsWith("UNSUPPORTED: ")
          .contains(data.toString(), "another PID namespace", "--pid=container:NODE");
      assertThat(run(beside)).isEqualTo("world\n");
    }
    assertThat(run(apart)).isEqualTo("world\n");
  }

  @Test
  void theNodesGroupMayReadWhatTheUmaskAllows() throws Exception {
    Path other = Files.createDirectory(data.resolve("other"));
    List<String> command = new ArrayList<>(List.of("sh", "-c", "umask 007; exec \"$@\"", "sh"));
    command.addAll(Writer.java(WriterProcess.class, other.toString()));
    Process node =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    try (BufferedReader said = node.inputReader()) {
      assertThat(said.readLine()).isEqualTo("ready");
      Path generation = new DatabaseDirectory(other).environment("edge").orElseThrow();
      assertThat(rights(generation)).isEqualTo("rwxrwx---");
      assertThat(rights(generation.resolve("lock.mdb"))).isEqualTo("rw-rw----");
      assertThat(rights(generation.resolve("data.mdb"))).isEqualTo("rw-r-----");
    } finally {
      node.destroyForcibly().waitFor();
    }
  }

  private static String rights(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }

  @Test
  void aDatabaseThatIsNotThereIsNotFound() {
    assertNotFound(() -> EdgeReader.open(data, "other"));
  }

  @Test
  void aClosedReaderSaysSo() {
    EdgeReader reader = open();
    reader.close();
    reader.close();
    assertNotFound(() -> get(reader, "hello"));
  }

  private static void assertNotFound(Callable<?> read) {
    assertThatExceptionOfType(StorageException.class)
        .isThrownBy(read::call)
        .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.NOT_FOUND));
  }

  /** Gives the processor to the writer meanwhile, unlike a loop that spins. */
  private static void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!condition.getAsBoolean() && System.nanoTime() < deadline) {
      LockSupport.parkNanos(1_000_000);
    }
  }

  @Test
  void noReadFailsWhenACopyTakesThePlaceOfTheOldOne() throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    AtomicLong reads = new AtomicLong();
    write("set always here");
    try (EdgeReader looking = EdgeReader.open(data, "edge", OPTIONS);
        ExecutorService threads = Executors.newFixedThreadPool(2)) {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        running.add(
            threads.submit(
                () -> {
                  while (!stop.get()) {
                    assertThat(get(looking, "always")).isEqualTo("here");
                    reads.incrementAndGet();
                  }
                }));
      }
      for (int copy = 0; copy < 10; copy++) {
        write("set number " + copy);
        write("copy");
      }
      write("set number last");
      await(() -> reads.get() > 0 && get(looking, "number").equals("last"));
      stop.set(true);
      for (Future<?> each : running) {
        each.get();
      }
      assertThat(get(looking, "number")).isEqualTo("last");
    }
    assertThat(reads).hasPositiveValue();
  }

  @Test
  void manyThreadsSeeWholeTransactionsAcrossGenerations() throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    AtomicLong reads = new AtomicLong();
    try (EdgeReader reader = EdgeReader.open(data, "edge", OPTIONS);
        ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        running.add(
            threads.submit(
                () -> {
                  while (!stop.get()) {
                    Set<String> values = new TreeSet<>();
                    reader.scan(
                        bytes("fill-"),
                        (Pair pair) -> {
                          values.add(new String(pair.value(), UTF_8));
                          return true;
                        });
                    assertThat(values).hasSizeLessThanOrEqualTo(1);
                    reads.incrementAndGet();
                  }
                }));
      }
      for (int generation = 0; generation < 5; generation++) {
        write("fill 40");
        write("generation");
      }
      write("set last one");
      await(() -> reads.get() > 0 && get(reader, "last").equals("one"));
      stop.set(true);
      for (Future<?> each : running) {
        each.get();
      }
      assertThat(get(reader, "last")).isEqualTo("one");
    }
    assertThat(reads).hasPositiveValue();
  }
}
