package dev.quicksilver.loader;

import dev.quicksilver.loader.Batch.Reject;
import dev.quicksilver.loader.Batch.Row;
import dev.quicksilver.loader.map.Mapping;
import dev.quicksilver.loader.map.Unfit;
import dev.quicksilver.loader.read.Expirations;
import dev.quicksilver.loader.read.Mark;
import dev.quicksilver.loader.read.RecordReader;
import dev.quicksilver.loader.read.SourceRecord;
import dev.quicksilver.loader.source.Source;
import dev.quicksilver.storage.record.ContentDigest;
import dev.quicksilver.storage.record.ContentDigester;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Reads the sources on a thread of its own and makes batches of them: one is filled while another
 * is written and a third waits. {@link #next} and {@link #close} are for one other thread.
 */
final class Batches implements AutoCloseable {
  /** How long a source may take without anybody asking whether to stop. */
  private static final long PATIENCE_SECONDS = 1;

  private final LoadOptions options;
  private final Mapping mapping;
  private final Progress.State from;
  private final IntSupplier rows;
  private final BlockingQueue<Step> queue = new ArrayBlockingQueue<>(1);
  private final Thread thread;

  /** How many records there are before each source, up to the one that is read. */
  private final List<Long> firstRecords = new ArrayList<>(List.of(0L));

  private final Map<Integer, byte[]> headers = new ConcurrentHashMap<>();
  private final AtomicReference<@Nullable ContentDigest> digest = new AtomicReference<>();
  private final AtomicReference<@Nullable SeenKeys> all = new AtomicReference<>();
  private final ContentDigester digester = new ContentDigester();
  private Batch batch;
  private long storedBytes;
  private boolean stopped;
  private volatile Expirations expirations = Expirations.NONE;

  /** What the thread has to say: a batch, why there is none, or neither at the end. */
  private record Step(@Nullable Batch batch, @Nullable Throwable failure) {}

  /**
   * Begins to read.
   *
   * @param from what was committed before: that is read over, and has to be the same
   * @param rows how many the next batch may have
   */
  Batches(LoadOptions options, Mapping mapping, Progress.State from, IntSupplier rows) {
    this.options = options;
    this.mapping = mapping;
    this.from = from;
    this.rows = rows;
    this.batch = new Batch(rows.getAsInt(), from.isBegun());
    this.thread = Thread.ofPlatform().name("load-reader").daemon().unstarted(this::run);
    thread.start();
  }

  /**
   * Returns the next batch, or null at the end of the sources or if it was asked to stop meanwhile.
   *
   * @param stop asked while a source takes its time
   * @throws LoadException if a source cannot be read on, or is not what it was
   */
  @Nullable Batch next(BooleanSupplier stop) throws LoadException, InterruptedException {
    Step step = queue.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    while (step == null) {
      if (stop.getAsBoolean()) {
        stopped = true;
        return null;
      }
      step = queue.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
    return switch (step.failure()) {
      case null -> step.batch();
      case LoadException e -> throw e;
      case IOException e -> throw new LoadException(String.valueOf(e.getMessage()), e);
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new IllegalStateException(step.failure());
    };
  }

  /** What its rejects begin with, of a source from which a batch has come. */
  byte[] header(int source) {
    return Objects.requireNonNull(headers.get(source));
  }

  /** Whether there is no further batch because it was asked to stop. */
  boolean wasStopped() {
    return stopped;
  }

  /** The content digest of the pairs that no batch rejects by itself: after the last batch. */
  ContentDigest digest() {
    return Objects.requireNonNull(digest.get());
  }

  /** The keys of all records of which a pair was made: after the last batch. */
  SeenKeys keys() {
    return Objects.requireNonNull(all.get());
  }

  /** Records that expire, of the sources that are read to their end. */
  Expirations expirations() {
    return expirations;
  }

  private void run() {
    Step last;
    try {
      readAll();
      last = new Step(null, null);
    } catch (InterruptedException e) {
      return; // closed
    } catch (LoadException | IOException | RuntimeException | Error e) {
      last = new Step(null, e);
    }
    try {
      queue.put(last);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed
    }
  }

  private void readAll() throws IOException, LoadException, InterruptedException {
    var keys = new SeenKeys(Path.of(System.getProperty("java.io.tmpdir")));
    boolean whole = false;
    try {
      for (int source = 1; source <= options.input().sources().size(); source++) {
        read(source, keys);
      }
      hand(false);
      if (options.mode() == LoadOptions.Mode.REPLACE_ALL) {
        keys.index();
      }
      digest.set(digester.digest());
      all.set(keys);
      whole = true;
    } finally {
      if (!whole) {
        keys.close();
      }
    }
  }

  /** Hands the batch over, if there is something in it, and begins another. */
  private void hand(boolean replayed) throws InterruptedException {
    batch.storedBytes(storedBytes);
    if (!batch.isEmpty()) {
      queue.put(new Step(batch, null));
    }
    batch = new Batch(rows.getAsInt(), replayed);
  }

  private void read(int number, SeenKeys keys)
      throws IOException, LoadException, InterruptedException {
    Source source = options.input().sources().get(number - 1);
    Optional<Mark> committed = from.mark(number);
    from.requireSize(number, source);
    if (batch.isReplayed() && committed.isEmpty()) {
      hand(false);
    }
    long records = 0;
    try (RecordReader reader = open(source)) {
      headers.put(number, reader.header());
      while (true) {
        if (committed.isPresent() && records == committed.get().records()) {
          boolean last = from.mark(number + 1).isEmpty();
          // At the end of a source, what follows its last record was read, too.
          boolean more =
              (!last || !reader.mark().equals(committed.get()))
                  && Input.next(reader, source) != null;
          if (more || !reader.mark().equals(committed.get())) {
            throw changed(source);
          }
          committed = Optional.empty();
          if (last) {
            hand(false);
          }
        }
        SourceRecord record = Input.next(reader, source);
        if (record == null) {
          break;
        }
        records++;
        take(number, records, record, keys);
        if (batch.isFull()) {
          batch.mark(number, reader.mark());
          hand(batch.isReplayed());
        }
      }
      if (committed.isPresent()) {
        throw changed(source);
      }
      if (!batch.isReplayed()) {
        batch.mark(number, reader.mark());
      }
      expirations = expirations.plus(reader.expirations());
    }
    firstRecords.add(firstRecords.getLast() + records);
  }

  private static LoadException changed(Source source) {
    return new LoadException(
        source.name()
            + " is not what it was when this load began: load the one that it was, or begin anew"
            + " with --restart, which loads all of it");
  }

  private RecordReader open(Source source) throws LoadException {
    try {
      return options.input().open(new Counted(source.open()), mapping);
    } catch (IOException e) {
      throw Input.unreadable(source, e);
    }
  }

  private void take(int source, long number, SourceRecord record, SeenKeys keys)
      throws IOException {
    Optional<String> refused = batch.isReplayed() ? from.refusal(source, number) : Optional.empty();
    Mapping.Pair pair;
    try {
      pair = mapping.apply(record);
    } catch (Unfit e) {
      batch.reject(new Reject(source, number, record.extent(), String.valueOf(e.getMessage())));
      return;
    }
    long first = keys.add(pair.key(), firstRecords.getLast() + number);
    var row = new Row(source, number, record.extent(), pair, false);
    if (first != 0 && options.input().duplicates() == Input.Duplicates.ERROR) {
      batch.reject(row.reject("its key is also that of " + named(first)));
    } else if (refused.isPresent()) {
      batch.reject(row.reject(refused.get()));
    } else if (first == 0) {
      digester.add(pair.key(), pair.value());
      if (!batch.isReplayed()) { // else it is where it belongs
        batch.add(row);
      }
    } else if (batch.isReplayed()) {
      return; // a duplicate that was counted
    } else if (options.input().duplicates() == Input.Duplicates.FIRST) {
      batch.countDuplicate();
    } else {
      batch.supersede(row);
    }
  }

  /** The place of a record that is known by its number among all. */
  private String named(long record) {
    int source = firstRecords.size();
    while (firstRecords.get(source - 1) >= record) {
      source--;
    }
    String name = "record " + (record - firstRecords.get(source - 1));
    return source == firstRecords.size()
        ? name
        : name + " of " + options.input().sources().get(source - 1).name();
  }

  @Override
  public void close() {
    thread.interrupt();
    queue.clear();
    SeenKeys keys = all.getAndSet(null);
    if (keys != null) {
      keys.close();
    }
  }

  /** Counts what is read. */
  private final class Counted extends FilterInputStream {
    Counted(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      int b = super.read();
      count(b < 0 ? 0 : 1);
      return b;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      int n = super.read(into, offset, length);
      count(n);
      return n;
    }

    private void count(int n) {
      storedBytes += Math.max(0, n);
    }
  }
}
