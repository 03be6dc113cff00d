package dev.quicksilver.cli.doctor;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** A primary of a version and an encoding that a root can read. */
final class ServerVersionCheck implements ServerCheck {
  @Override
  public String name() {
    return "version";
  }

  @Override
  public List<Finding> run(Context context, Server server) throws SQLException {
    List<Finding> findings = new ArrayList<>();
    String version = server.setting("server_version");
    if (server.number("SELECT current_setting('server_version_num')") < 150_000) {
      findings.add(
          Finding.error(
              name(), "PostgreSQL " + version + " is too old", "upgrade it to 15 or newer"));
    }
    String encoding = server.setting("server_encoding");
    if (!encoding.equals("UTF8")) {
      findings.add(
          Finding.error(
              name(),
              "the database's encoding is " + encoding,
              "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0, move the tables there, and"
                  + " correct postgres.url"));
    }
    if (server.is("pg_is_in_recovery()")) {
      findings.add(
          Finding.error(
              name(),
              "it is a standby",
              "name the primary in postgres.url, or all of them with ?targetServerType=primary"));
    }
    if (findings.isEmpty()) {
      findings.add(Finding.ok(name(), "PostgreSQL " + version + " with " + encoding));
    }
    return findings;
  }
}
