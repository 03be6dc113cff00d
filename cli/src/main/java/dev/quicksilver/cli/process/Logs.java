package dev.quicksilver.cli.process;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.encoder.EncoderBase;
import dev.quicksilver.cli.config.Settings.LogFormat;
import dev.quicksilver.cli.config.Settings.LogLevel;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The process's log: lines on standard error, with UTC times. */
public final class Logs {
  private Logs() {}

  /** Sets level and form for the whole process, which is no node. */
  public static void configure(LogLevel level, LogFormat format) {
    configure(level, format, Map.of());
  }

  /**
   * Sets level and form for the whole process.
   *
   * @param who what each line in JSON says of the process, as its node's name
   */
  public static void configure(LogLevel level, LogFormat format, Map<String, String> who) {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    context.reset();
    ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
    console.setContext(context);
    console.setTarget("System.err");
    console.setEncoder(encoder(context, format, who));
    console.start();
    ch.qos.logback.classic.Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    root.setLevel(Level.toLevel(level.name()));
    RepeatedEvents counted = new RepeatedEvents(context, console, System::nanoTime);
    counted.start();
    root.addAppender(counted);
    // Libraries that are talkative at INFO.
    context.getLogger("org.flywaydb").setLevel(Level.WARN);
    context.getLogger("org.jooq").setLevel(Level.WARN);
    context.getLogger("com.zaxxer.hikari").setLevel(Level.WARN);
    // Warns of each PostgreSQL but the newest, which is all that its free edition is made for; our
    // statements are tried on each version from 15 on, and Migrations refuses those before.
    context
        .getLogger("org.jooq.impl.DefaultExecuteContext.logVersionSupport")
        .setLevel(Level.ERROR);
    // Warns of initSql three times a start; its successor is not run on each of the connections.
    context.getLogger("org.flywaydb.core.internal.util.DeprecationUtils").setLevel(Level.ERROR);
  }

  /** Writes what was only counted up to now: for a process that is about to leave. */
  static void flush() {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    if (context.getLogger(Logger.ROOT_LOGGER_NAME).getAppender(RepeatedEvents.NAME)
        instanceof RepeatedEvents counted) {
      counted.flush();
    }
  }

  private static Encoder<ILoggingEvent> encoder(
      LoggerContext context, LogFormat format, Map<String, String> who) {
    EncoderBase<ILoggingEvent> encoder =
        switch (format) {
          case JSON -> new JsonLines(who);
          case TEXT -> {
            PatternLayoutEncoder text = new PatternLayoutEncoder();
            text.setPattern("%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX, UTC} %-5level %logger{0}: %msg%n%ex");
            yield text;
          }
        };
    encoder.setContext(context);
    encoder.start();
    return encoder;
  }
}
