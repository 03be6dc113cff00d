package dev.quicksilver.benchmarks;

import dev.quicksilver.loader.Counts;
import dev.quicksilver.loader.Input;
import dev.quicksilver.loader.Input.Duplicates;
import dev.quicksilver.loader.Load;
import dev.quicksilver.loader.LoadException;
import dev.quicksilver.loader.LoadListener;
import dev.quicksilver.loader.LoadOptions;
import dev.quicksilver.loader.LoadOptions.Limits;
import dev.quicksilver.loader.LoadOptions.MaxRejects;
import dev.quicksilver.loader.LoadOptions.Mode;
import dev.quicksilver.loader.read.Format;
import dev.quicksilver.loader.source.Source;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Loads bad files in a process whose heap is small, and looks what became of each: {@code
 * BadInputLoads URL FOLDER SEED COUNT}.
 */
final class BadInputLoads {
  private final Connection connection;
  private final Path folder;
  private final Map<String, Integer> kinds = new TreeMap<>();

  private BadInputLoads(Connection connection, Path folder) {
    this.connection = connection;
    this.folder = folder;
  }

  /** Runs it; the last line is {@code ok}, or an exception ends it. */
  public static void main(String[] arguments) throws Exception {
    try (Connection connection = DriverManager.getConnection(arguments[0])) {
      var loads = new BadInputLoads(connection, Path.of(arguments[1]));
      Random random = new Random(Long.parseLong(arguments[2]));
      int count = Integer.parseInt(arguments[3]);
      for (int i = 1; i <= count; i++) {
        long seed = random.nextLong();
        BadFile file = BadFile.of(new Random(seed));
        try {
          loads.one(file, i);
        } catch (Exception | AssertionError e) {
          System.out.println(new String(file.content(), StandardCharsets.ISO_8859_1));
          throw new AssertionError("file " + i + " (" + file.what() + ", seed " + seed + ")", e);
        }
        if (i % 500 == 0) {
          System.out.println(i + " files: " + loads.kinds);
        }
      }
      System.out.println("ok");
    }
  }

  private void one(BadFile file, int number) throws Exception {
    kinds.merge(file.what(), 1, Integer::sum);
    Path path = Files.write(folder.resolve("file" + number), file.content());
    Path rejects = folder.resolve("rejects" + number);
    Load.Result result = null;
    String error = null;
    try {
      result = load(path, file.format(), rejects, file);
    } catch (LoadException e) {
      error = e.getMessage();
    }
    require(
        file.error() == null ? error == null : error != null && error.contains(file.error()),
        "error " + error + ", wanted " + file.error());
    if (error != null) {
      require(error.startsWith(path.toString()) && error.lines().count() == 1, error);
    }
    if (result != null) {
      check(file, path, rejects, result);
    }
    try (var statement = connection.createStatement()) {
      connection.rollback();
      statement.execute("TRUNCATE kv");
      statement.execute("DELETE FROM quicksilver.load");
      connection.commit();
    }
    Files.delete(path);
    Files.deleteIfExists(rejects);
  }

  private void check(BadFile file, Path path, Path rejects, Load.Result result) throws Exception {
    Counts counts = result.counts();
    require(counts.addsUp(), "it does not add up: " + counts);
    require(
        (file.loaded() < 0 || counts.loaded() == file.loaded())
            && (file.rejected() < 0 || counts.rejected() == file.rejected()),
        counts
            + ", wanted "
            + file.loaded()
            + " loaded, "
            + file.rejected()
            + " rejected; rejects:\n"
            + (Files.exists(rejects)
                ? Files.readString(rejects, StandardCharsets.ISO_8859_1)
                : ""));
    require(pairs() == counts.loaded(), "the table has " + pairs() + " pairs: " + counts);
    long[] written = written(rejects, path);
    require(
        written[0] + written[1] == counts.rejected(),
        written[0] + " + " + written[1] + " rejects in the file: " + counts);
    if (file.rejected() > 0 && !file.what().startsWith("unclosed")) {
      Path again = folder.resolve("again");
      Load.Result second = load(rejects, file.format().ofRejects(), again, file);
      require(
          second.counts().read() == written[0],
          "of " + written[0] + " rejects, " + second.counts() + " were read again");
      Files.deleteIfExists(again);
    }
  }

  private Load.Result load(Path path, Format format, Path rejects, BadFile file) throws Exception {
    boolean json = format == Format.JSON_LINES;
    var input =
        new Input(
            List.of(new Source.OfFile(path)),
            format,
            file.dialect(),
            Optional.empty(),
            json ? "{key}" : "{1}",
            json ? "{value}" : "{2}",
            Duplicates.ERROR,
            BadFile.MAX_RECORD);
    var options =
        new LoadOptions(
            "kv",
            input,
            Mode.UPSERT,
            rejects,
            new MaxRejects(BadFile.MAX_REJECTS, false),
            new Limits(1_000, Optional.empty(), Long.MAX_VALUE),
            false,
            false);
    return Load.run(connection, options, new LoadListener() {}, () -> false);
  }

  private long pairs() throws SQLException {
    try (var statement = connection.createStatement();
        var row = statement.executeQuery("SELECT count(*) FROM kv")) {
      row.next();
      return row.getLong(1);
    }
  }

  /** How many records the file of rejects holds, and how many it only names. */
  private static long[] written(Path rejects, Path source) throws IOException {
    if (!Files.exists(rejects)) {
      return new long[] {0, 0};
    }
    String text = Files.readString(rejects, StandardCharsets.ISO_8859_1);
    return new long[] {count(text, "\n#! " + source + ", "), count(text, "\n#- " + source + ", ")};
  }

  private static long count(String text, String part) {
    long count = 0;
    for (int at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) {
      count++;
    }
    return count;
  }

  private static void require(boolean right, @Nullable String otherwise) {
    if (!right) {
      throw new AssertionError(otherwise);
    }
  }
}
