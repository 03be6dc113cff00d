package dev.quicksilver.benchmarks;

import dev.quicksilver.postgres.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** PostgreSQL's own client for measurements. */
final class Pgbench {
  private static final Pattern TPS = Pattern.compile("tps = ([0-9.]+)");

  private Pgbench() {}

  /** Sees that the program is there; installs it if this user may. */
  static void require() throws IOException, InterruptedException {
    SystemPackages.attempt(() -> SystemPackages.run(List.of("pgbench", "--version")), "postgresql");
  }

  /**
   * Runs a script for so long; returns transactions a second.
   *
   * @param protocol {@code simple}, {@code extended} or {@code prepared}
   */
  static double run(
      EmbeddedPostgres postgres, Path script, String protocol, int clients, int seconds)
      throws IOException, InterruptedException {
    String output =
        SystemPackages.run(
            List.of(
                "pgbench",
                "--no-vacuum",
                "--file=" + script,
                "--client=" + clients,
                "--jobs=" + Math.min(2, clients),
                "--protocol=" + protocol,
                "--time=" + seconds,
                "--host=" + postgres.socketDirectory(),
                "--port=" + postgres.port(),
                "--username=" + postgres.user(),
                "postgres"));
    Matcher tps = TPS.matcher(output);
    if (!tps.find()) {
      throw new IOException("pgbench did not say how fast it was: " + output);
    }
    return Double.parseDouble(tps.group(1));
  }
}
