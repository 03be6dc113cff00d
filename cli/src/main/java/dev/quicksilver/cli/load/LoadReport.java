package dev.quicksilver.cli.load;

import dev.quicksilver.cli.process.Json;
import dev.quicksilver.loader.Counts;
import dev.quicksilver.loader.Load;
import dev.quicksilver.loader.LoadOptions;
import dev.quicksilver.storage.record.ContentDigest;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What became of a load, in words and as JSON.
 *
 * @param seconds that this run took
 * @param arrival what root and replicas have; null if they were not waited for
 */
record LoadReport(
    LoadOptions options, Load.Result result, double seconds, @Nullable Arrival arrival) {

  /**
   * What {@code --summary} writes.
   *
   * @param end FINISHED, STOPPED, TOO_MANY_REJECTS or NOT_REPLACED
   * @param rejects the file of rejects; null if there are none
   * @param sourceDigest the content digest of the pairs that were loaded or unchanged; null if it
   *     cannot be told
   * @param replicas how many have it; this and the next are null if none were waited for
   * @param rootSequence at the end of the load, or later
   * @param rootDigest the root's content digest at that sequence, which the replicas have, too
   */
  record Summary(
      String database,
      String end,
      boolean dryRun,
      long read,
      long loaded,
      long unchanged,
      long rejected,
      long duplicates,
      long deleted,
      long readBefore,
      @Nullable String rejects,
      double seconds,
      @Nullable String sourceDigest,
      @Nullable Integer replicas,
      @Nullable Long rootSequence,
      @Nullable String rootDigest) {}

  void print(PrintWriter out) {
    Counts counts = result.counts();
    out.printf(
        Locale.ROOT,
        "%s: %,d records read = %,d %s + %,d unchanged + %,d rejected + %,d duplicate, in %.1f s%n",
        options.database(),
        counts.read(),
        counts.loaded(),
        options.dryRun() ? "to be loaded" : "loaded",
        counts.unchanged(),
        counts.rejected(),
        counts.duplicates(),
        seconds);
    if (options.mode() == LoadOptions.Mode.REPLACE_ALL) {
      out.printf(
          Locale.ROOT,
          "%,d pairs of the database %s, since the sources lack them%n",
          counts.deleted(),
          options.dryRun() ? "to be deleted" : "deleted");
    }
    if (result.before().read() > 0) {
      out.printf(Locale.ROOT, "%,d of them were read by earlier runs%n", result.before().read());
    }
    if (counts.rejected() > 0) {
      out.println("the rejected ones are in " + options.rejects() + ": mend and load them");
    }
    printEnd(out);
    out.flush();
  }

  private void printEnd(PrintWriter out) {
    switch (result.end()) {
      case FINISHED -> printArrival(out);
      case STOPPED -> out.println("stopped after a batch: the same command goes on there");
      case TOO_MANY_REJECTS ->
          out.println(
              options.dryRun()
                  ? "a load would stop: --max-rejects " + options.maxRejects() + " allows fewer"
                  : "stopped, since there are more rejects than --max-rejects "
                      + options.maxRejects()
                      + " allows: with more of them the same command goes on");
      case NOT_REPLACED ->
          out.println(
              "nothing is deleted, since a rejected record may be one of a pair that is there: mend"
                  + " the sources, and load all of them again");
    }
  }

  private @Nullable String digest() {
    return result.digest().map(ContentDigest::toString).orElse(null);
  }

  private void printArrival(PrintWriter out) {
    String source = digest();
    if (source != null) {
      out.println("content digest of the sources' pairs: " + source);
    }
    if (arrival == null) {
      return;
    }
    if (arrival.digest() != null) {
      out.printf(
          Locale.ROOT,
          "of the root at sequence %d: %s%s%n",
          arrival.sequence(),
          arrival.digest(),
          source == null
              ? ""
              : source.equals(arrival.digest())
                  ? ", the same: it holds just these pairs"
                  : ", another: it holds other pairs, too, or they were changed meanwhile");
    }
    out.printf(
        Locale.ROOT,
        "%,d replicas have it: each came to the root's digest at every step%n",
        arrival.replicas());
  }

  void write(Path file) throws IOException {
    Counts counts = result.counts();
    var summary =
        new Summary(
            options.database(),
            result.end().name(),
            options.dryRun(),
            counts.read(),
            counts.loaded(),
            counts.unchanged(),
            counts.rejected(),
            counts.duplicates(),
            counts.deleted(),
            result.before().read(),
            counts.rejected() > 0 ? options.rejects().toString() : null,
            seconds,
            digest(),
            arrival == null ? null : arrival.replicas(),
            arrival == null ? null : arrival.sequence(),
            arrival == null ? null : arrival.digest());
    Files.writeString(file, Json.MAPPER.writeValueAsString(summary) + "\n");
  }
}
