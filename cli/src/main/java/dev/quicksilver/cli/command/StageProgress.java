package dev.quicksilver.cli.command;

import dev.quicksilver.storage.copy.VerifyProgress;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Prints how far a copy or a verification has come, one line a second. */
final class StageProgress implements VerifyProgress {
  private static final Duration PAUSE = Duration.ofSeconds(1);

  private final PrintWriter out;
  private final InstantSource clock;
  private @Nullable Stage stage;
  private long next;

  StageProgress(PrintWriter out, InstantSource clock) {
    this.out = out;
    this.clock = clock;
  }

  @Override
  public void at(Stage now, long done, long total) {
    long time = clock.millis();
    if (now != stage) {
      stage = now;
      next = time + PAUSE.toMillis();
    }
    if (time >= next) {
      next = time + PAUSE.toMillis();
      out.printf(
          Locale.ROOT, "%s %,d of %,d (%d %%)%n", words(now), done, total, percent(done, total));
      out.flush();
    }
  }

  private static long percent(long done, long total) {
    return total == 0 ? 100 : Math.min(100, done * 100 / total);
  }

  private static String words(Stage stage) {
    return switch (stage) {
      case COPY_LOG -> "copying log entries:";
      case COPY -> "copying pairs:";
      case PAIRS -> "verifying pairs:";
      case LOG -> "verifying log entries:";
    };
  }
}
