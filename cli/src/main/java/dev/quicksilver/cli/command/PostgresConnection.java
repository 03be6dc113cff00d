package dev.quicksilver.cli.command;

import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.ConfigurationException;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.process.Lifecycle;
import dev.quicksilver.postgres.EmbeddedPostgres;

/**
 * How to reach the central PostgreSQL.
 *
 * @param url a JDBC URL
 * @param user empty if the URL holds it
 * @param password empty if the URL holds it, or if none is needed
 */
public record PostgresConnection(String url, String user, String password) {

  /** Returns the configured one; starts the embedded PostgreSQL first if that is configured. */
  public static PostgresConnection open(Configuration configuration, Lifecycle lifecycle) {
    if (configuration.get(Settings.POSTGRES_EMBEDDED)) {
      EmbeddedPostgres postgres = lifecycle.own("PostgreSQL", embedded(configuration));
      return new PostgresConnection(postgres.jdbcUrl(), "", "");
    }
    if (configuration.find(Settings.POSTGRES_URL).isEmpty()) {
      throw new ConfigurationException(
          "no central PostgreSQL: set "
              + Settings.POSTGRES_URL.key()
              + " (or "
              + Settings.POSTGRES_URL.flag()
              + "), or "
              + Settings.POSTGRES_EMBEDDED.key()
              + " = true to start one");
    }
    return new PostgresConnection(
        configuration.get(Settings.POSTGRES_URL),
        configuration.get(Settings.POSTGRES_USER),
        configuration
            .password(Settings.POSTGRES_PASSWORD, Settings.POSTGRES_PASSWORD_FILE)
            .orElse(""));
  }

  static EmbeddedPostgres embedded(Configuration configuration) {
    EmbeddedPostgres.Builder builder =
        EmbeddedPostgres.builder()
            .directory(configuration.get(Settings.POSTGRES_EMBEDDED_DIRECTORY));
    int port = configuration.get(Settings.POSTGRES_EMBEDDED_PORT);
    return (port == 0 ? builder : builder.port(port)).start();
  }
}
