package dev.quicksilver.cli.load;

import dev.quicksilver.loader.Counts;
import dev.quicksilver.loader.LoadListener;
import dev.quicksilver.loader.read.Expirations;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Locale;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** Shows how far a load has come: a bar on a terminal, else a line every few seconds. */
final class LoadProgress implements LoadListener, AutoCloseable {
  private static final Duration PAUSE = Duration.ofSeconds(5);
  private static final int REFRESH_MILLIS = 250;
  private static final int MIB = 1 << 20;

  private final PrintWriter out;
  private final InstantSource clock;
  private final long began;
  private final long total;
  private final @Nullable ProgressBar bar;
  private long next;
  private long before;

  /**
   * Begins to show.
   *
   * @param total bytes of the sources, or -1 if that is not known
   * @param terminal whether there is somebody to see a bar
   */
  LoadProgress(
      String database, PrintWriter out, InstantSource clock, long total, boolean terminal) {
    this.out = out;
    this.clock = clock;
    this.total = total;
    began = clock.millis();
    next = began + PAUSE.toMillis();
    bar =
        terminal
            ? new ProgressBarBuilder()
                .setTaskName(database)
                .setInitialMax(total)
                .setUnit(" MiB", MIB)
                .showSpeed()
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(REFRESH_MILLIS)
                .setConsumer(new ConsoleProgressBarConsumer(System.err))
                .build()
            : null;
  }

  @Override
  public void resumes(Counts counts) {
    before = counts.read();
    String line =
        String.format(
            Locale.ROOT,
            "an earlier run of this command has committed %,d records: reading over them (--restart"
                + " loads them again)",
            before);
    if (bar != null) {
      bar.setExtraMessage(line);
    } else {
      out.println(line);
      out.flush();
    }
  }

  @Override
  public void committed(Counts counts, long bytes) {
    if (bar != null) {
      bar.stepTo(bytes);
      bar.setExtraMessage(
          String.format(
              Locale.ROOT, "%,d records, %,d rejected", counts.read(), counts.rejected()));
      return;
    }
    long now = clock.millis();
    if (now < next) {
      return;
    }
    next = now + PAUSE.toMillis();
    double seconds = Math.max(1, now - began) / 1000.0;
    String rest =
        total > 0 && bytes > 0
            ? String.format(
                Locale.ROOT,
                ", %.0f %%, about %s left",
                100.0 * bytes / total,
                words(seconds * (total - bytes) / bytes))
            : "";
    out.printf(
        Locale.ROOT,
        "%,d records (%,.0f a second)%s, %,d rejected%n",
        counts.read(),
        (counts.read() - before) / seconds,
        rest,
        counts.rejected());
    out.flush();
  }

  @Override
  public void deleting(long looked, long deleted) {
    String line =
        String.format(
            Locale.ROOT,
            "%,d pairs of the database looked at, %,d of them in no source",
            looked,
            deleted);
    show(line);
  }

  @Override
  public void paused(String reason) {
    show("waiting: " + reason);
  }

  private void show(String line) {
    long now = clock.millis();
    if (bar != null) {
      bar.setExtraMessage(line);
    } else if (now >= next) {
      next = now + PAUSE.toMillis();
      out.println(line);
      out.flush();
    }
  }

  @Override
  public void expirations(Expirations of) {
    String line = words(of);
    if (!line.isEmpty()) {
      out.println(line);
      out.flush();
    }
  }

  /** What to say of records that expire; empty if there are none. */
  static String words(Expirations of) {
    return of.equals(Expirations.NONE)
        ? ""
        : String.format(
            Locale.ROOT,
            "%,d records of the sources had expired and are left out; %,d expire later, which they"
                + " do not here",
            of.past(),
            of.future());
  }

  private static String words(double seconds) {
    long whole = Math.max(0, Math.round(seconds));
    return whole < 120 ? whole + " s" : whole < 7200 ? whole / 60 + " min" : whole / 3600 + " h";
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
