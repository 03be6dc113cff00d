package dev.quicksilver.benchmarks.doctor;

import dev.quicksilver.postgres.EmbeddedPostgres;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;

/** Another connection for replication has the only sender. */
final class SendersTaken extends OwnServer {
  private Optional<Connection> other = Optional.empty();

  SendersTaken(Sound sound) {
    super(sound);
  }

  @Override
  public String what() {
    return "max_wal_senders = 1, and another connection for replication";
  }

  @Override
  public List<Expected> expected() {
    return List.of(
        Expected.error("settings", "max_wal_senders is 1, and 1 are taken"),
        Expected.error("replication", "no connection for replication can be had"));
  }

  @Override
  public Call plant() throws SQLException {
    EmbeddedPostgres server = start(Map.of("max_wal_senders", "1"));
    Properties properties = new Properties();
    properties.setProperty("replication", "database");
    properties.setProperty("assumeMinServerVersion", "15");
    properties.setProperty("preferQueryMode", "simple");
    other = Optional.of(DriverManager.getConnection(server.jdbcUrl(), properties));
    return sound.rootOf(server, "postgres");
  }

  @Override
  public void end() throws Exception {
    if (other.isPresent()) {
      other.get().close();
    }
    super.end();
  }
}
