package dev.quicksilver.replication;

import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;

/**
 * Lets a warning through at most once per second, so that nobody fills the log from outside.
 * Thread-safe.
 */
final class LogLimiter {
  private final Logger log;
  private final Ticker ticker;
  private boolean first = true;
  private long last;
  private long suppressed;

  LogLimiter(Logger log, Ticker ticker) {
    this.log = log;
    this.ticker = ticker;
  }

  /** Logs the line, or counts it for the next one. Returns whether it was logged. */
  synchronized boolean warn(String line) {
    long now = ticker.nanos();
    if (!first && now - last < TimeUnit.SECONDS.toNanos(1)) {
      suppressed++;
      return false;
    }
    first = false;
    last = now;
    if (suppressed > 0) {
      log.warn("{} ({} more like it were not logged)", line, suppressed);
    } else {
      log.warn("{}", line);
    }
    suppressed = 0;
    return true;
  }
}
