package dev.quicksilver.benchmarks;

import dev.quicksilver.gateway.UnixSocketFactory;
import dev.quicksilver.postgres.EmbeddedPostgres;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The Debezium embedded engine as a peer: a program of one file, run from its source in a process
 * of its own. Maven fetches its libraries (38 MB) when the bar runs; the build does not know them.
 */
final class Debezium {
  private final Path folder;

  private Debezium(Path folder) {
    this.folder = folder;
  }

  /** Fetches what it needs into a new folder below this one. */
  static Debezium fetch(Path below) throws IOException, InterruptedException {
    Path folder = Files.createDirectories(below.resolve("debezium"));
    for (String name : List.of("pom.xml", "DebeziumPeer.java")) {
      try (InputStream in = Debezium.class.getResourceAsStream("/debezium/" + name)) {
        if (in == null) {
          throw new IOException(name + " is not on the class path; build with Maven");
        }
        Files.copy(in, folder.resolve(name));
      }
    }
    SystemPackages.run(
        List.of(
            "mvn",
            "--quiet",
            "--batch-mode",
            "--file=" + folder.resolve("pom.xml"),
            "dependency:copy-dependencies",
            "-DincludeScope=runtime",
            "-DoutputDirectory=" + folder.resolve("lib")));
    return new Debezium(folder);
  }

  /**
   * Reads a slot over the Unix socket; returns events per second from the first one to the last,
   * without the start of the JVM and of the engine.
   */
  double rate(EmbeddedPostgres postgres, String slot, String table, long events) throws Exception {
    Path sockets =
        Path.of(
            UnixSocketFactory.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    String properties =
        """
        name=peer
        connector.class=io.debezium.connector.postgresql.PostgresConnector
        offset.storage=org.apache.kafka.connect.storage.MemoryOffsetBackingStore
        topic.prefix=peer
        plugin.name=pgoutput
        snapshot.mode=no_data
        publication.name=quicksilver
        publication.autocreate.mode=disabled
        database.hostname=127.0.0.1
        database.dbname=postgres
        database.port=%d
        database.user=%s
        database.password=%s
        slot.name=%s
        table.include.list=%s
        driver.socketFactory=%s
        driver.socketFactoryArg=%s
        """
            .formatted(
                postgres.port(),
                postgres.user(),
                postgres.password(),
                slot,
                table,
                UnixSocketFactory.class.getName(),
                postgres.socketDirectory().resolve(".s.PGSQL." + postgres.port()));
    String output =
        SystemPackages.run(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-XX:+UseSerialGC",
                "--class-path",
                folder.resolve("lib") + "/*" + File.pathSeparator + sockets,
                folder.resolve("DebeziumPeer.java").toString(),
                Long.toString(events),
                properties));
    String last = output.strip().lines().reduce("", (a, b) -> b);
    try {
      return Double.parseDouble(last);
    } catch (NumberFormatException e) {
      throw new IOException("the Debezium engine did not say how fast it was: " + output, e);
    }
  }
}
