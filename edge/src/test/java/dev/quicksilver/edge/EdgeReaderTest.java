package dev.quicksilver.edge;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.sun.management.ThreadMXBean;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.Direction;
import dev.quicksilver.storage.Following;
import dev.quicksilver.storage.KeyRange;
import dev.quicksilver.storage.PidNamespace;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Pair;
import dev.quicksilver.storage.record.PairBuffer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
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
  private Writer writer;

  @BeforeEach
  void startTheWriter() throws IOException {
    writer = Writer.start(data);
  }

  @AfterEach
  void stopTheWriter() {
    writer.close();
  }

  private void write(String command) throws IOException {
    writer.write(command);
  }

  private EdgeReader open() {
    return EdgeReader.open(data, "edge", OPTIONS);
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
      writer.close();
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
      reader.look();
      for (int i = 0; i < 2; i++) {
        assertThatExceptionOfType(StorageException.class)
            .isThrownBy(() -> get(reader, "hello"))
            .withMessageContaining("it diverged")
            .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.DIVERGED));
      }
      directory.serveAgain("edge");
      reader.look();
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
      reader.look();
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
      reader.look();
      assertThat(get(reader, "hello")).isEqualTo("new");
    }
  }

  @Test
  void saysSoWhenTheDatabaseIsDroppedAndComesBackWithIt() throws IOException {
    write("set hello old");
    try (EdgeReader reader = open()) {
      write("drop");
      reader.look();
      assertNotFound(() -> get(reader, "hello"));
      write("generation");
      reader.look();
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
    assertNotFound(() -> reader.get(bytes("hello"), 5, new PairBuffer()));
    assertNotFound(reader::head);
  }

  @Test
  void aValueComesIntoTheCallersBufferAndFromTheNewestCommit() throws IOException {
    PairBuffer into = new PairBuffer();
    byte[] longer = bytes("hello and more");
    try (EdgeReader reader = open()) {
      for (int i = 1; i <= 200; i++) {
        write("set hello number-" + i);
        assertThat(reader.get(longer, 5, into)).isTrue();
        assertThat(new String(into.value(), UTF_8)).isEqualTo("number-" + i);
        assertThat(into.sequence()).isEqualTo(i);
      }
      assertThat(reader.get(longer, 6, into)).isFalse();
      assertThatExceptionOfType(StorageException.class)
          .isThrownBy(() -> reader.get(longer, 0, into))
          .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT));
      assertThat(reader.get(longer, 5, into)).isTrue();
    }
  }

  @Test
  void aLookUpAllocatesNothing() throws IOException {
    write("fill 1");
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    PairBuffer into = new PairBuffer();
    byte[] key = bytes("fill-3");
    byte[] absent = bytes("nothing");
    try (EdgeReader reader = open()) {
      reader.get(key, key.length, into);
      reader.get(absent, absent.length, into);
      long least = Long.MAX_VALUE; // a look-up after a pause of this thread may look around
      for (int round = 0; round < 50; round++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 1_000; i++) {
          reader.get(key, key.length, into);
          reader.get(absent, absent.length, into);
        }
        least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
      }
      assertThat(least).isZero();
    }
  }

  @Test
  void severalKeysAreOfOneCommit() throws IOException {
    write("set a one");
    write("set b two");
    try (EdgeReader reader = open()) {
      assertThat(reader.getAll(List.of(bytes("b"), bytes("none"), bytes("a"))))
          .map(found -> found.map(pair -> new String(pair.value(), UTF_8)).orElse("absent"))
          .containsExactly("two", "absent", "one");
    }
  }

  @Test
  void scansARangeBackwards() throws IOException {
    for (String key : List.of("a", "b", "c", "d")) {
      write("set " + key + " x");
    }
    List<String> found = new ArrayList<>();
    try (EdgeReader reader = open()) {
      KeyRange range = new KeyRange(bytes("b"), true, bytes("d"), false);
      reader.scan(range, Direction.BACKWARD, pair -> found.add(new String(pair.key(), UTF_8)));
    }
    assertThat(found).containsExactly("c", "b");
  }

  @Test
  void readsTheCatalogByItsName() throws IOException {
    Path catalog = new DatabaseDirectory(data).newGeneration(DatabaseSet.CATALOG);
    Database.create(
            catalog,
            new DatabaseIdentity(UUID.randomUUID(), DatabaseSet.CATALOG, "text", "text"),
            OPTIONS)
        .close();
    new DatabaseDirectory(data).use(DatabaseSet.CATALOG, catalog);
    try (EdgeReader reader = EdgeReader.open(data, DatabaseSet.CATALOG, OPTIONS)) {
      assertThat(get(reader, "hello")).isEqualTo("absent");
      assertThat(reader.identity().name()).isEqualTo(DatabaseSet.CATALOG);
    }
  }

  @Test
  void aDatabaseIsOpenedOnceInAProcess() {
    try (EdgeReader reader = open()) {
      assertThatExceptionOfType(StorageException.class)
          .isThrownBy(this::open)
          .withMessageContaining("share")
          .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT));
      assertThat(get(reader, "hello")).isEqualTo("absent");
    }
    open().close();
  }

  @Test
  void aWithheldDatabaseIsNotOpenedAndNotKeptOpen() throws IOException {
    DatabaseDirectory directory = new DatabaseDirectory(data);
    directory.withhold("edge", "it diverged");
    assertThatExceptionOfType(StorageException.class)
        .isThrownBy(this::open)
        .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.DIVERGED));
    directory.serveAgain("edge");
    open().close();
  }

  @Test
  void whatNobodyReadsHoldsNoSnapshot() throws Exception {
    write("set hello world");
    Path folder = new DatabaseDirectory(data).environment("edge").orElseThrow();
    try (EdgeReader reader = open()) {
      for (int i = 0; i < 3; i++) {
        assertThat(get(reader, "hello")).isEqualTo("world");
        await(() -> reader.snapshotsHeld() == 0);
        assertThat(reader.snapshotsHeld()).isZero();
      }
      assertThat(isMapped(folder)).isTrue();
      write("copy");
      await(() -> !isMapped(folder)); // without any read
      assertThat(isMapped(folder)).isFalse();
    }
  }

  private static boolean isMapped(Path folder) {
    try {
      return Files.readString(Path.of("/proc/self/maps")).contains(folder.toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void saysHowOldTheCopyMayBe() throws IOException {
    AtomicReference<Instant> now = new AtomicReference<>(Instant.ofEpochMilli(10_000));
    try (EdgeReader reader = EdgeReader.open(data, "edge", OPTIONS.withClock(now::get))) {
      assertThat(reader.age()).isEmpty();
      Following.write(
          data, Map.of("edge", new Following("STREAMING", "", 0, OptionalLong.of(9_500), "")));
      now.set(Instant.ofEpochMilli(10_100));
      assertThat(reader.age()).contains(Duration.ofMillis(600));
      now.set(Instant.ofEpochMilli(20_000));
      assertThat(reader.age()).contains(Duration.ofMillis(10_500));
    }
  }

  @Test
  void waitsForASequence() throws Exception {
    try (EdgeReader reader = open();
        ExecutorService thread = Executors.newFixedThreadPool(1)) {
      assertThat(reader.awaitSequence(1, Duration.ofMillis(5))).isFalse();
      Future<Boolean> waiting =
          thread.submit(() -> reader.awaitSequence(2, Duration.ofSeconds(60)));
      write("set a one");
      write("set a two");
      assertThat(waiting.get()).isTrue();
      assertThat(reader.awaitSequence(2, Duration.ZERO)).isTrue();
    }
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
