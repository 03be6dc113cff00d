package dev.quicksilver.cli.doctor;

import dev.quicksilver.cli.command.Failures;
import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.Settings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** The central PostgreSQL: whether a root can connect, and then what else is asked of it. */
final class PostgresCheck implements Check {
  private static final List<ServerCheck> CHECKS =
      List.of(
          new ServerVersionCheck(),
          new ServerSettingsCheck(),
          new RightsCheck(),
          new ReplicationCheck(),
          new SlotsCheck(),
          new TablesCheck(),
          new ClockCheck());

  @Override
  public String name() {
    return "postgres";
  }

  @Override
  public List<Finding> run(Context context) throws SQLException {
    Configuration configuration = context.configuration();
    if (configuration.get(Settings.POSTGRES_EMBEDDED)) {
      return List.of(embedded(context));
    }
    if (configuration.find(Settings.POSTGRES_URL).isEmpty()) {
      return List.of(
          Finding.error(
              name(),
              "a root has no central PostgreSQL",
              "set postgres.url, or postgres.embedded = true"));
    }
    try (Server server = Server.open(configuration)) {
      List<Finding> findings = new ArrayList<>();
      findings.add(
          Finding.ok(name(), "PostgreSQL " + server.setting("server_version") + " answers"));
      for (ServerCheck check : CHECKS) {
        findings.addAll(run(check, context, server));
      }
      return findings;
    } catch (SQLException e) {
      return List.of(
          Finding.error(
              name(),
              "PostgreSQL cannot be reached as a root would: " + Failures.describe(e).line(),
              cure(String.valueOf(e.getSQLState()), configuration)));
    }
  }

  /** Its port is free, unless the PostgreSQL of this root has it. */
  private Finding embedded(Context context) {
    int port = context.configuration().get(Settings.POSTGRES_EMBEDDED_PORT);
    Path directory = context.configuration().get(Settings.POSTGRES_EMBEDDED_DIRECTORY);
    if (context.running().isEmpty() && !Files.exists(directory.resolve("data/postmaster.pid"))) {
      try (ServerSocket socket = new ServerSocket()) {
        socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      } catch (IOException e) {
        return Finding.error(
            name(),
            "postgres.embedded-port = " + port + " is in use (" + e.getMessage() + ")",
            "end what has it (ss -ltnp 'sport = :"
                + port
                + "' names it), or set postgres.embedded-port to another port, or 0 for any");
      }
    }
    return Finding.ok(name(), "the embedded PostgreSQL comes with its settings");
  }

  private static List<Finding> run(ServerCheck check, Context context, Server server) {
    try {
      return check.run(context, server);
    } catch (SQLException e) {
      return List.of(
          Finding.error(
              check.name(),
              "this check failed: " + Failures.describe(e).line(),
              "give the role the right that is missing; if it has all, report it"));
    }
  }

  private static String cure(String state, Configuration configuration) {
    String user = configuration.get(Settings.POSTGRES_USER);
    return switch (state) {
      case "28P01", "08004" -> "set postgres.password-file, and the role's password to the same";
      case "28000" ->
          "CREATE ROLE "
              + user
              + " LOGIN REPLICATION, and let it in from this machine in pg_hba.conf (SELECT"
              + " pg_reload_conf())";
      case "3D000" -> "create the database (createdb), or correct postgres.url";
      case "53300" -> "set max_connections to more, or end connections that nobody needs";
      case "57P03" -> "wait until PostgreSQL has started; its log says what it does";
      default ->
          "start PostgreSQL, let it listen there (listen_addresses, port, firewall), or correct"
              + " postgres.url";
    };
  }
}
