package dev.quicksilver.cli.process;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.LoggingEvent;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.AppenderBase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Counts warnings and errors that come again and again instead of repeating them: of those of one
 * logger, level and text within a minute the first is written at once, and at the end of the minute
 * one line says how many there were. Memory is bounded: of more than some hundred different texts
 * in a minute the oldest are written anew. Logback's own filter of duplicates drops them without a
 * word.
 */
final class RepeatedEvents extends AppenderBase<ILoggingEvent> {
  /** Its name among the root logger's appenders. */
  static final String NAME = "repeated";

  /** How long what was said stands for what is said again. */
  static final Duration WINDOW = Duration.ofMinutes(1);

  private static final int MOST = 256;
  private static final long LOOK_SECONDS = 10;

  private record Said(String logger, String level, String text) {}

  private static final class Count {
    private final long since;
    private long more;
    private @Nullable ILoggingEvent last;

    Count(long since) {
      this.since = since;
    }
  }

  private final LoggerContext logback;
  private final Appender<ILoggingEvent> to;
  private final LongSupplier nanoTime;
  private final Map<Said, Count> counts = new LinkedHashMap<>();
  private @Nullable ScheduledFuture<?> look;

  /**
   * Makes one.
   *
   * @param to is started, and given what is not a repetition
   */
  RepeatedEvents(LoggerContext logback, Appender<ILoggingEvent> to, LongSupplier nanoTime) {
    this.logback = logback;
    this.to = to;
    this.nanoTime = nanoTime;
    setContext(logback);
    setName(NAME);
  }

  @Override
  public void start() {
    super.start();
    look =
        logback
            .getScheduledExecutorService()
            .scheduleWithFixedDelay(this::tell, LOOK_SECONDS, LOOK_SECONDS, TimeUnit.SECONDS);
  }

  /** Writes what was counted, then stops. */
  @Override
  public synchronized void stop() {
    if (look != null) {
      look.cancel(false);
    }
    flush();
    super.stop();
    to.stop();
  }

  /** Writes what was counted. */
  synchronized void flush() {
    counts.forEach(this::write);
    counts.clear();
  }

  @Override
  protected synchronized void append(ILoggingEvent event) {
    tell();
    if (!event.getLevel().isGreaterOrEqual(Level.WARN)) {
      to.doAppend(event);
      return;
    }
    Said said =
        new Said(event.getLoggerName(), event.getLevel().toString(), event.getFormattedMessage());
    Count count = counts.get(said);
    if (count != null) {
      count.more++;
      count.last = event;
      return;
    }
    if (counts.size() >= MOST) {
      Iterator<Map.Entry<Said, Count>> oldest = counts.entrySet().iterator();
      Map.Entry<Said, Count> one = oldest.next();
      oldest.remove();
      write(one.getKey(), one.getValue());
    }
    counts.put(said, new Count(nanoTime.getAsLong()));
    to.doAppend(event);
  }

  /** Writes what has stood for a minute. */
  synchronized void tell() {
    long now = nanoTime.getAsLong();
    List<Said> over = new ArrayList<>();
    for (Map.Entry<Said, Count> one : counts.entrySet()) {
      if (now - one.getValue().since < WINDOW.toNanos()) {
        break; // those that follow came later
      }
      over.add(one.getKey());
    }
    for (Said said : over) {
      Count count = counts.remove(said);
      if (count != null) {
        write(said, count);
      }
    }
  }

  private void write(Said said, Count count) {
    ILoggingEvent last = count.last;
    if (last == null) {
      return;
    }
    if (count.more == 1) {
      to.doAppend(last);
      return;
    }
    LoggingEvent all =
        new LoggingEvent(
            RepeatedEvents.class.getName(),
            logback.getLogger(said.logger()),
            last.getLevel(),
            said.text() + " (" + count.more + " times more within a minute)",
            null,
            null);
    all.setInstant(last.getInstant());
    all.setThreadName(last.getThreadName());
    to.doAppend(all);
  }
}
