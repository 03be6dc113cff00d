package dev.quicksilver.replication;

import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Closes connections whose peer takes nothing for too long, since a blocking write has no timeout
 * of its own. One virtual thread looks at all of a server's connections; a write costs two volatile
 * stores per 64 KiB.
 */
final class StallGuard implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(StallGuard.class);
  private static final long IDLE = Long.MIN_VALUE;
  private static final int CHUNK = 1 << 16;

  private final Set<Guarded> guarded = ConcurrentHashMap.newKeySet();
  private final Ticker ticker;
  private final long limitNanos;
  private final Thread thread;
  private final LongAdder written = new LongAdder();
  private volatile boolean closed;

  StallGuard(Duration limit, Ticker ticker) {
    this.ticker = ticker;
    this.limitNanos = limit.toNanos();
    Duration period = Duration.ofNanos(Math.clamp(limitNanos / 4, 1_000_000L, 1_000_000_000L));
    this.thread = Thread.ofVirtual().name("replication-stall-guard").start(() -> run(period));
  }

  /** Wraps a socket's stream; onStall is run once if a write makes no progress for the limit. */
  Guarded guard(OutputStream out, Runnable onStall) {
    Guarded result = new Guarded(out, onStall);
    guarded.add(result);
    return result;
  }

  /** Returns how many bytes were written to all connections. */
  long writtenBytes() {
    return written.sum();
  }

  private void run(Duration period) {
    while (!closed) {
      check();
      try {
        Thread.sleep(period);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  /** Looks once at every connection. */
  void check() {
    long now = ticker.nanos();
    for (Guarded one : List.copyOf(guarded)) {
      long since = one.writingSince;
      if (since != IDLE && now - since > limitNanos && guarded.remove(one)) {
        try {
          one.onStall.run();
        } catch (RuntimeException e) {
          LOG.error("a stalled connection could not be closed", e); // the others need this thread
        }
      }
    }
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
  }

  /** A stream that says since when it has been waiting for its peer. One writing thread. */
  final class Guarded extends OutputStream {
    private final OutputStream out;
    private final Runnable onStall;
    private volatile long writingSince = IDLE;

    private Guarded(OutputStream out, Runnable onStall) {
      this.out = out;
      this.onStall = onStall;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      int done = 0;
      while (done < length) {
        int part = Math.min(CHUNK, length - done);
        writingSince = ticker.nanos();
        try {
          out.write(bytes, offset + done, part);
          written.add(part);
        } finally {
          writingSince = IDLE;
        }
        done += part;
      }
    }

    @Override
    public void flush() throws IOException {
      out.flush();
    }

    /** Takes the connection off the list. */
    void release() {
      guarded.remove(this);
    }
  }
}
