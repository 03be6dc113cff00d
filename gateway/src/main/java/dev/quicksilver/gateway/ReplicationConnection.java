package dev.quicksilver.gateway;

import dev.quicksilver.storage.Position;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.postgresql.PGConnection;
import org.postgresql.PGProperty;
import org.postgresql.replication.LogSequenceNumber;
import org.postgresql.replication.PGReplicationStream;

/** A walsender of the central PostgreSQL, and the stream of the slot. */
final class ReplicationConnection implements AutoCloseable {
  private static final int STATUS_INTERVAL_MILLIS = 100;

  // The stream dies when the connection is collected, so it is kept here.
  private final Connection connection;

  private ReplicationConnection(Connection connection) {
    this.connection = connection;
  }

  static ReplicationConnection open(GatewayConfig config) throws SQLException {
    Properties properties = new Properties();
    if (!config.user().isEmpty()) {
      PGProperty.USER.set(properties, config.user());
    }
    if (!config.password().isEmpty()) {
      PGProperty.PASSWORD.set(properties, config.password());
    }
    PGProperty.ASSUME_MIN_SERVER_VERSION.set(properties, "15");
    PGProperty.REPLICATION.set(properties, "database");
    PGProperty.PREFER_QUERY_MODE.set(properties, "simple");
    PGProperty.TCP_KEEP_ALIVE.set(properties, true);
    PGProperty.APPLICATION_NAME.set(properties, "quicksilver-root");
    return new ReplicationConnection(DriverManager.getConnection(config.jdbcUrl(), properties));
  }

  /**
   * Which PostgreSQL it is.
   *
   * @param systemId the identifier that initdb gave, unsigned
   */
  record Identity(long systemId, TimelineHistory history) {
    Position position(long lsn) {
      return new Position(systemId, history.current(), lsn);
    }
  }

  /** Asks PostgreSQL which one it is, and for its past. */
  Identity identify() throws SQLException {
    try (Statement statement = connection.createStatement()) {
      long systemId;
      int timeline;
      try (ResultSet row = statement.executeQuery("IDENTIFY_SYSTEM")) {
        row.next();
        systemId = Long.parseUnsignedLong(row.getString("systemid"));
        timeline = row.getInt("timeline");
      }
      String content = "";
      if (timeline > 1) {
        try (ResultSet row = statement.executeQuery("TIMELINE_HISTORY " + timeline)) {
          row.next();
          // The column is declared bytea but is sent as the bare text.
          content = new String(row.getBytes("content"), StandardCharsets.UTF_8);
        }
      }
      return new Identity(systemId, TimelineHistory.parse(timeline, content));
    }
  }

  /** Starts to stream from where the slot was confirmed. */
  PGReplicationStream stream(GatewayConfig config) throws SQLException {
    return connection
        .unwrap(PGConnection.class)
        .getReplicationAPI()
        .replicationStream()
        .logical()
        .withSlotName(config.slotName())
        .withStartPosition(LogSequenceNumber.INVALID_LSN)
        .withStatusInterval(STATUS_INTERVAL_MILLIS, TimeUnit.MILLISECONDS)
        .withAutomaticFlush(false)
        .withSlotOption("proto_version", 1)
        .withSlotOption("publication_names", '"' + config.publication().replace("\"", "\"\"") + '"')
        .withSlotOption("binary", true)
        .start();
  }

  /** Closes the socket under a reader that may be blocked in it. */
  @Override
  public void close() {
    try {
      connection.abort(Runnable::run);
    } catch (SQLException e) {
      // It is gone, which is what was wanted.
    }
  }
}
