package dev.quicksilver.edge;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.PairBuffer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Look-ups meet all that happens to a database and to its reader. A page that was unmapped too
 * early would end this process.
 */
final class EdgeReaderRaceTest {
  private static final StorageOptions OPTIONS = StorageOptions.DEFAULT.withMapSize(64L << 20);
  private static final int THREADS = 8;
  private static final byte[] KEY = "fill-3".getBytes(UTF_8);

  @TempDir private Path data;
  private final AtomicBoolean stop = new AtomicBoolean();
  private final AtomicLong found = new AtomicLong();
  private Writer writer;

  @BeforeEach
  void startTheWriter() throws IOException {
    writer = Writer.start(data);
    writer.write("fill 1");
  }

  @AfterEach
  void stopTheWriter() {
    writer.close();
  }

  /** Looks up until the end; counts the refusals. */
  private Map<ErrorCode, Integer> look(AtomicReference<EdgeReader> readers) {
    Map<ErrorCode, Integer> refusals = new EnumMap<>(ErrorCode.class);
    PairBuffer into = new PairBuffer();
    while (!stop.get()) {
      try {
        if (readers.get().get(KEY, KEY.length, into)) {
          assertThat(new String(into.value(), UTF_8)).startsWith("round-");
          found.incrementAndGet();
        }
      } catch (StorageException e) {
        refusals.merge(e.code(), 1, Integer::sum);
        LockSupport.parkNanos(100_000); // lets the one work that will let this one read
      }
    }
    return refusals;
  }

  private List<Future<Map<ErrorCode, Integer>>> start(
      ExecutorService threads, AtomicReference<EdgeReader> readers) {
    List<Future<Map<ErrorCode, Integer>>> running = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      running.add(threads.submit(() -> look(readers)));
    }
    return running;
  }

  @Test
  void aReaderIsClosedAThousandTimesWhileThreadsRead() throws Exception {
    AtomicReference<EdgeReader> readers =
        new AtomicReference<>(EdgeReader.open(data, "edge", OPTIONS));
    try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
      List<Future<Map<ErrorCode, Integer>>> running = start(threads, readers);
      try {
        for (int i = 0; i < 1_000; i++) {
          readers.get().close();
          readers.set(EdgeReader.open(data, "edge", OPTIONS));
          awaitMore();
        }
      } finally {
        stop.set(true);
      }
      for (Future<Map<ErrorCode, Integer>> each : running) {
        assertThat(Set.of(ErrorCode.NOT_FOUND)).containsAll(each.get().keySet());
      }
    }
    readers.get().close();
    assertThat(found).hasPositiveValue();
  }

  @Test
  void threadsReadWhileCopiesComeAndTheDatabaseIsWithheldAndDropped() throws Exception {
    DatabaseDirectory directory = new DatabaseDirectory(data);
    try (EdgeReader reader = EdgeReader.open(data, "edge", OPTIONS);
        ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
      List<Future<Map<ErrorCode, Integer>>> running = start(threads, new AtomicReference<>(reader));
      try {
        for (int round = 0; round < 15; round++) {
          writer.write("fill 20");
          writer.write("copy");
          reader.look();
          directory.withhold("edge", "a test says so");
          reader.look();
          writer.write("fill 20");
          directory.serveAgain("edge");
          reader.look();
          writer.write("drop");
          reader.look();
          writer.write("generation");
          writer.write("fill 1");
          reader.look();
          awaitMore();
        }
      } finally {
        stop.set(true);
      }
      for (Future<Map<ErrorCode, Integer>> each : running) {
        assertThat(Set.of(ErrorCode.NOT_FOUND, ErrorCode.DIVERGED))
            .containsAll(each.get().keySet());
      }
      assertThat(reader.get(KEY)).isPresent();
    }
  }

  private void awaitMore() {
    long before = found.get();
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (found.get() == before) {
      assertThat(System.nanoTime()).as("deadline").isLessThan(deadline);
      LockSupport.parkNanos(50_000);
    }
  }

  @Test
  void manyVirtualThreadsRead() throws Exception {
    AtomicInteger right = new AtomicInteger();
    try (EdgeReader reader = EdgeReader.open(data, "edge", OPTIONS);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < 2_000; i++) {
        running.add(
            threads.submit(
                () -> {
                  PairBuffer into = new PairBuffer();
                  for (int j = 0; j < 20; j++) {
                    if (reader.get(KEY, KEY.length, into) && reader.get(KEY).isPresent()) {
                      right.incrementAndGet();
                    }
                    Thread.yield();
                  }
                }));
      }
      writer.write("fill 50");
      for (Future<?> each : running) {
        each.get();
      }
    }
    assertThat(right).hasValue(40_000);
  }

  @Test
  void whoFindsAllSlotsTakenReadsAllTheSame() throws Exception {
    try (EdgeReader reader = EdgeReader.open(data, "edge", OPTIONS)) {
      List<ReadSlots.Slot> taken = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        taken.add(reader.slots().begin());
      }
      writer.write("fill 2");
      PairBuffer into = new PairBuffer();
      assertThat(reader.get(KEY, KEY.length, into)).isTrue();
      assertThat(new String(into.value(), UTF_8)).isEqualTo("round-1");
      assertThat(reader.snapshotsHeld()).isEqualTo(64);
      taken.forEach(slot -> reader.slots().end(slot, true));
      assertThat(reader.get(KEY, KEY.length, into)).isTrue();
    }
  }
}
