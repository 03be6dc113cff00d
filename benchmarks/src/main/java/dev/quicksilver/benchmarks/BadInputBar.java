package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.cluster.Folders;
import dev.quicksilver.fixtures.JavaCommand;
import dev.quicksilver.migrations.Migrations;
import dev.quicksilver.postgres.EmbeddedPostgres;
import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * {@code loader.bad-input}: generated files that cannot be loaded as they are, in a process with a
 * small heap. Each has to end in the error or with the counts that its making foretells, the counts
 * add up, and the file of rejects holds what was rejected and can be read again.
 */
final class BadInputBar implements Bar {
  private static final int HEAP_MIB = 96;

  @Override
  public String name() {
    return "loader.bad-input";
  }

  @Override
  public String description() {
    return "bad files: each a clear error, or rejects with the right numbers; bounded memory";
  }

  @Override
  public Kind kind() {
    return Kind.PROOF;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    int files = settings.size(10_000, 400);
    Path folder = Files.createTempDirectory("quicksilver-bad-");
    String last = "";
    int exit;
    try (EmbeddedPostgres postgres =
        EmbeddedPostgres.builder().directory(folder.resolve("postgres")).start()) {
      Migrations.migrate(postgres.jdbcUrl(), "", "");
      try (var connection = postgres.connect();
          var statement = connection.createStatement()) {
        statement.execute("SELECT quicksilver.create_database('kv')");
      }
      Process process =
          JavaCommand.process(
                  BadInputLoads.class,
                  List.of("-Xmx" + HEAP_MIB + "m"),
                  List.of(
                      postgres.jdbcUrl(),
                      folder.toString(),
                      Long.toString(settings.seed()),
                      Integer.toString(files)))
              .redirectErrorStream(true)
              .start();
      try (BufferedReader lines = process.inputReader()) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          System.out.println(line);
          last = line;
        }
        exit = process.waitFor();
      } finally {
        process.destroyForcibly();
      }
    } finally {
      Folders.remove(folder);
    }
    boolean pass = exit == 0 && last.equals("ok");
    return new Outcome(
        (pass ? files + " of " + files + " files right" : "failed, see above")
            + ", heap "
            + HEAP_MIB
            + " MiB",
        "= all right, sums add up, memory bounded",
        pass);
  }
}
