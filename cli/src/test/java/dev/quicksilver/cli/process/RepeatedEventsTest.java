package dev.quicksilver.cli.process;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is repeated is counted, and nothing is lost of what is not. */
final class RepeatedEventsTest {
  private final LoggerContext logback = new LoggerContext();
  private final ListAppender<ILoggingEvent> written = new ListAppender<>();
  private final AtomicLong now = new AtomicLong();
  private final RepeatedEvents repeated = new RepeatedEvents(logback, written, now::get);
  private Logger log;

  @BeforeEach
  void start() {
    written.start();
    repeated.start();
    log = logback.getLogger("quicksilver.Test");
    log.addAppender(repeated);
  }

  @AfterEach
  void stop() {
    logback.stop();
  }

  private List<String> lines() {
    return written.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  @Test
  void aWarningThatComesAgainIsCounted() {
    for (int i = 0; i < 5; i++) {
      log.warn("the disk {} is full", "a");
      log.warn("the disk {} is full", "b");
      log.info("a commit");
    }
    assertThat(lines())
        .containsExactly(
            "the disk a is full",
            "the disk b is full",
            "a commit",
            "a commit",
            "a commit",
            "a commit",
            "a commit");
    now.addAndGet(RepeatedEvents.WINDOW.toNanos());
    log.warn("the disk {} is full", "a");
    assertThat(lines())
        .endsWith(
            "the disk a is full (4 times more within a minute)",
            "the disk b is full (4 times more within a minute)",
            "the disk a is full");
  }

  @Test
  void whatCameTwiceIsWrittenAsItIs() {
    log.error("it failed", new IllegalStateException("why"));
    log.error("it failed", new IllegalStateException("why"));
    repeated.flush();
    assertThat(lines()).containsExactly("it failed", "it failed");
    assertThat(written.list.getLast().getThrowableProxy()).isNotNull();
  }

  @Test
  void manyDifferentOnesAreAllWritten() {
    for (int i = 0; i < 1000; i++) {
      log.warn("number {}", i);
    }
    repeated.flush();
    assertThat(lines()).hasSize(1000).doesNotHaveDuplicates();
  }
}
