package dev.quicksilver.edge;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.log.LogEntry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Listens to what another process writes. */
final class SubscriptionTest {
  private static final StorageOptions OPTIONS = StorageOptions.DEFAULT.withMapSize(64L << 20);

  @TempDir private Path data;
  private Writer writer;
  private EdgeReader reader;

  @BeforeEach
  void start() throws IOException {
    writer = Writer.start(data);
    reader = EdgeReader.open(data, "edge", OPTIONS);
  }

  @AfterEach
  void stop() {
    reader.close();
    writer.close();
  }

  /** Notes what it is told. */
  private static class Noting implements ChangeListener {
    final List<String> told = new CopyOnWriteArrayList<>();
    final AtomicReference<Throwable> failure = new AtomicReference<>();

    @Override
    public void changed(LogEntry entry) {
      told.add(
          entry.sequence()
              + " "
              + entry.operation()
              + " "
              + new String(entry.key(), UTF_8)
              + "="
              + new String(entry.value(), UTF_8));
    }

    @Override
    public long gap(long oldest, long last) {
      told.add("gap " + oldest + " " + last);
      return last;
    }

    @Override
    public void failed(Throwable cause) {
      failure.set(cause);
    }

    List<Long> sequences() {
      return told.stream()
          .filter(line -> !line.startsWith("gap"))
          .map(line -> Long.valueOf(line.substring(0, line.indexOf(' '))))
          .toList();
    }
  }

  private static void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("deadline").isLessThan(deadline);
      LockSupport.parkNanos(1_000_000);
    }
  }

  @Test
  void tellsWhatIsInTheLogAndWhatComes() throws IOException {
    writer.write("set a one");
    writer.write("set b two");
    Noting noting = new Noting();
    try (Subscription subscription = reader.listen(1, noting)) {
      await(() -> subscription.told() == 2);
      writer.write("delete a");
      await(() -> subscription.told() == 3);
    }
    writer.write("set c not told");
    assertThat(noting.told).containsExactly("2 SET b=two", "3 DEL a=");
    assertThat(noting.failure.get()).isNull();
  }

  @Test
  void tellsEachSequenceOnceAcrossCopies() throws IOException {
    Noting noting = new Noting();
    try (Subscription subscription = reader.listen(0, noting)) {
      for (int copy = 1; copy <= 5; copy++) {
        writer.write("fill 100");
        long last = copy * 1_000L;
        await(() -> subscription.told() == last);
        writer.write("copy");
      }
      writer.write("set last one");
      await(() -> subscription.told() == 5_001);
    }
    assertThat(noting.sequences())
        .isEqualTo(LongStream.rangeClosed(1, 5_001).boxed().toList())
        .hasSameSizeAs(noting.told);
  }

  @Test
  void tellsOfAGapIfTheCopyHasNoLogAndGoesOnWhereTheListenerSays() throws IOException {
    writer.write("fill 3");
    writer.write("copy");
    writer.write("set after copy");
    reader.look();
    List<String> read = new CopyOnWriteArrayList<>();
    Noting noting =
        new Noting() {
          @Override
          public long gap(long oldest, long last) {
            reader.scan(new byte[0], pair -> read.add(new String(pair.key(), UTF_8)));
            super.gap(oldest, last);
            return oldest - 1;
          }
        };
    try (Subscription subscription = reader.listen(5, noting)) {
      await(() -> subscription.told() == 31);
    }
    assertThat(noting.told).containsExactly("gap 31 31", "31 SET after=copy");
    assertThat(read).hasSize(11);
  }

  @Test
  void anotherDatabaseOfTheNameIsAGapAndADroppedOneIsWaitedFor() throws IOException {
    writer.write("set a one");
    Noting noting = new Noting();
    try (Subscription subscription = reader.listen(0, noting)) {
      await(() -> subscription.told() == 1);
      writer.write("drop");
      reader.look();
      assertThatExceptionOfType(StorageException.class)
          .isThrownBy(() -> reader.listen(0, noting))
          .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.NOT_FOUND));
      writer.write("generation");
      await(() -> noting.told.size() == 2);
      writer.write("set b two");
      await(() -> noting.told.size() == 3);
      assertThat(subscription.isActive()).isTrue();
    }
    assertThat(noting.told).containsExactly("1 SET a=one", "gap 1 0", "1 SET b=two");
  }

  @Test
  void tellsNothingOfAWithheldDatabaseUntilItIsServedAgain() throws IOException {
    DatabaseDirectory directory = new DatabaseDirectory(data);
    Noting noting = new Noting();
    try (Subscription subscription = reader.listen(0, noting)) {
      directory.withhold("edge", "it diverged");
      reader.look();
      writer.write("set a one");
      assertThat(noting.told).isEmpty();
      directory.serveAgain("edge");
      await(() -> subscription.told() == 1);
    }
  }

  @Test
  void aListenerThatThrowsIsToldNoMoreAndTheReaderGoesOn() throws IOException {
    writer.write("set a one");
    writer.write("set b two");
    RuntimeException thrown = new IllegalStateException("the test's own");
    Noting noting =
        new Noting() {
          @Override
          public void changed(LogEntry entry) {
            super.changed(entry);
            throw thrown;
          }
        };
    try (Subscription subscription = reader.listen(0, noting)) {
      await(() -> !subscription.isActive());
      assertThat(subscription.told()).isZero();
    }
    assertThat(noting.failure.get()).isSameAs(thrown);
    assertThat(noting.told).hasSize(1);
    assertThat(reader.get("b".getBytes(UTF_8))).isPresent();
  }

  @Test
  void aSequenceThatIsNotThereIsNoAnswerToAGap() throws IOException {
    writer.write("set a one");
    writer.write("copy");
    reader.look();
    Noting noting =
        new Noting() {
          @Override
          public long gap(long oldest, long last) {
            return last + 1;
          }
        };
    try (Subscription subscription = reader.listen(0, noting)) {
      await(() -> !subscription.isActive());
    }
    assertThat(noting.failure.get())
        .hasMessageContaining("after sequence 2")
        .hasMessageContaining("holds 2 to 1");
  }

  @Test
  void nothingIsToldOnceTheReaderIsClosed() throws Exception {
    writer.write("set a one");
    CountDownLatch called = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    Noting noting =
        new Noting() {
          @Override
          public void changed(LogEntry entry) {
            called.countDown();
            try {
              goOn.await();
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
            super.changed(entry);
          }
        };
    Subscription subscription = reader.listen(0, noting);
    called.await();
    Thread closing = Thread.startVirtualThread(reader::close);
    await(() -> closing.getState() == Thread.State.WAITING);
    assertThat(subscription.isActive()).isTrue();
    goOn.countDown();
    closing.join();
    assertThat(subscription.isActive()).isFalse();
    assertThat(noting.told).containsExactly("1 SET a=one");
  }

  @Test
  void aListenerMayCloseItsOwnSubscriptionAndTheReader() throws IOException {
    writer.write("set a one");
    writer.write("set b two");
    AtomicReference<Subscription> own = new AtomicReference<>();
    Noting noting =
        new Noting() {
          @Override
          public void changed(LogEntry entry) {
            super.changed(entry);
            await(() -> own.get() != null);
            own.get().close();
            reader.close();
          }
        };
    own.set(reader.listen(0, noting));
    await(() -> !own.get().isActive());
    assertThat(noting.told).containsExactly("1 SET a=one");
    assertThat(noting.failure.get()).isNull();
  }

  @Test
  void sequencesBeginAtOne() {
    assertThatExceptionOfType(StorageException.class)
        .isThrownBy(() -> reader.listen(-1, new Noting()))
        .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT));
  }
}
