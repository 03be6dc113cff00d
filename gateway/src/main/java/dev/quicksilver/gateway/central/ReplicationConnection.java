package dev.quicksilver.gateway.central;

import dev.quicksilver.gateway.GatewayConfig;
import dev.quicksilver.storage.record.Position;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.sql.Statement;
import java.util.Optional;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.postgresql.PGConnection;
import org.postgresql.PGProperty;
import org.postgresql.replication.LogSequenceNumber;
import org.postgresql.replication.PGReplicationStream;

/** A walsender of the central PostgreSQL, and the stream of the slot. */
public final class ReplicationConnection implements AutoCloseable {
  /** A PostgreSQL that has not answered a question by then is taken to hang. */
  static final int ANSWER_SECONDS = 10;

  private static final int STATUS_INTERVAL_MILLIS = 100;

  /** The first of the two numbers of the advisory lock that whoever makes the slot has. */
  static final int FIRST_START_LOCK = 0x51534C56;

  // The stream dies when the connection is collected, so it is kept here.
  private final Connection connection;

  /** Takes over a connection of the replication protocol. */
  public ReplicationConnection(Connection connection) {
    this.connection = connection;
  }

  /** The role that a configuration names, where the URL does not. */
  public static Properties credentials(GatewayConfig config) {
    Properties properties = new Properties();
    if (!config.user().isEmpty()) {
      PGProperty.USER.set(properties, config.user());
    }
    if (!config.password().isEmpty()) {
      PGProperty.PASSWORD.set(properties, config.password());
    }
    return properties;
  }

  /**
   * The role for which the server is read-only although it is a primary; empty if it is not so, or
   * cannot be told.
   */
  public static Optional<String> readOnlyPrimary(GatewayConfig config) {
    Properties properties = credentials(config);
    PGProperty.TARGET_SERVER_TYPE.set(properties, "any");
    PGProperty.SOCKET_TIMEOUT.set(properties, ANSWER_SECONDS);
    try (Connection plain = DriverManager.getConnection(config.jdbcUrl(), properties);
        Statement statement = plain.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT quote_ident(current_user) WHERE NOT pg_is_in_recovery() AND"
                    + " current_setting('default_transaction_read_only')::boolean")) {
      return row.next() ? Optional.of(row.getString(1)) : Optional.empty();
    } catch (SQLException e) {
      return Optional.empty(); // what failed before says why
    }
  }

  /** Connects to the primary; an {@link SQLException} if that fails. */
  public static ReplicationConnection open(GatewayConfig config) throws SQLException {
    Properties properties = credentials(config);
    PGProperty.ASSUME_MIN_SERVER_VERSION.set(properties, "15");
    PGProperty.REPLICATION.set(properties, "database");
    PGProperty.PREFER_QUERY_MODE.set(properties, "simple");
    PGProperty.SOCKET_TIMEOUT.set(properties, ANSWER_SECONDS);
    PGProperty.TCP_KEEP_ALIVE.set(properties, true);
    if (!config.jdbcUrl().contains(PGProperty.APPLICATION_NAME.getName() + "=")) {
      PGProperty.APPLICATION_NAME.set(properties, "quicksilver-root");
    }
    toPrimary(properties);
    return new ReplicationConnection(DriverManager.getConnection(config.jdbcUrl(), properties));
  }

  /**
   * Of several hosts in the URL, the one that takes writes; looked for anew each time, since a
   * standby may have been promoted a moment ago. The URL may say otherwise.
   */
  public static void toPrimary(Properties properties) {
    PGProperty.TARGET_SERVER_TYPE.set(properties, "primary");
    PGProperty.HOST_RECHECK_SECONDS.set(properties, 0);
  }

  /**
   * Which run of which server it is, as {@link CentralDatabase#SERVER} asks.
   *
   * @throws SQLException if it is a standby; it may be promoted
   */
  public String server() throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(CentralDatabase.SERVER)) {
      row.next();
      if (row.getBoolean(2)) {
        throw new SQLTransientConnectionException(
            "the PostgreSQL that was reached is a standby; give all hosts in the URL and"
                + " targetServerType=primary, and promote one");
      }
      return row.getString(1);
    }
  }

  /** The process of PostgreSQL that serves this connection. */
  public int pid() throws SQLException {
    return connection.unwrap(PGConnection.class).getBackendPID();
  }

  /** Lets standbys keep a copy of the slot (PostgreSQL 17 and newer; harmless without standbys). */
  public void keepOnStandbys(String slot) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("ALTER_REPLICATION_SLOT " + slot + " (FAILOVER true)");
    }
  }

  /**
   * Which PostgreSQL it is.
   *
   * @param systemId the identifier that initdb gave, unsigned
   * @param walEnd up to where its WAL is on its disk, unsigned
   */
  public record Identity(long systemId, TimelineHistory history, long walEnd) {
    /** A place in its WAL, on the timeline that it is on; {@code lsn} is unsigned. */
    public Position position(long lsn) {
      return new Position(systemId, history.current(), lsn);
    }

    /** The last position before another one, or it, that lies in this PostgreSQL's past, if any. */
    public Position common(Position position) {
      return position.systemId() == systemId
          ? new Position(
              systemId, position.timeline(), history.common(position.timeline(), position.lsn()))
          : position;
    }

    /** Whether a position lies in this PostgreSQL's past. */
    public boolean contains(Position position) {
      return position.systemId() == systemId
          && history.contains(position.timeline(), position.lsn());
    }
  }

  /** Asks PostgreSQL which one it is, and for its past. */
  public Identity identify() throws SQLException {
    try (Statement statement = connection.createStatement()) {
      long systemId;
      int timeline;
      long walEnd;
      try (ResultSet row = statement.executeQuery("IDENTIFY_SYSTEM")) {
        row.next();
        systemId = Long.parseUnsignedLong(row.getString("systemid"));
        timeline = row.getInt("timeline");
        walEnd = LogSequenceNumber.valueOf(row.getString("xlogpos")).asLong();
      }
      String content = "";
      if (timeline > 1) {
        try (ResultSet row = statement.executeQuery("TIMELINE_HISTORY " + timeline)) {
          row.next();
          // The column is declared bytea but is sent as the bare text.
          content = new String(row.getBytes("content"), StandardCharsets.UTF_8);
        }
      }
      return new Identity(systemId, TimelineHistory.parse(timeline, content), walEnd);
    }
  }

  /**
   * A slot that goes with its connection.
   *
   * @param lsn where it begins, unsigned
   * @param snapshot the name under which other connections see all that was committed before that,
   *     and nothing else; lasts until this connection does something else
   */
  public record TemporarySlot(String name, long lsn, String snapshot) {}

  /**
   * Takes the lock for a first start, for as long as this connection lasts; false if another has
   * it.
   */
  public boolean lockFirstStart() throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery("SELECT pg_try_advisory_lock(" + FIRST_START_LOCK + ", 1)")) {
      row.next();
      return row.getBoolean(1);
    }
  }

  /** Makes a slot; waits for all transactions that are running. */
  public TemporarySlot createTemporarySlot() throws SQLException {
    String name = "quicksilver_first_" + UUID.randomUUID().toString().replace("-", "");
    connection.setNetworkTimeout(Runnable::run, 0);
    TemporarySlot made;
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "CREATE_REPLICATION_SLOT "
                    + name
                    + " TEMPORARY LOGICAL pgoutput (SNAPSHOT 'export')")) {
      row.next();
      made =
          new TemporarySlot(
              name,
              LogSequenceNumber.valueOf(row.getString("consistent_point")).asLong(),
              row.getString("snapshot_name"));
    }
    connection.setNetworkTimeout(Runnable::run, (int) TimeUnit.SECONDS.toMillis(ANSWER_SECONDS));
    return made;
  }

  /** Drops a slot that nobody reads from. */
  public void dropSlot(String name) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("DROP_REPLICATION_SLOT " + name);
    }
  }

  /**
   * Starts to stream.
   *
   * @param from where; what was confirmed is not sent again
   */
  public PGReplicationStream stream(String slot, String publication, Position from)
      throws SQLException {
    // The driver sets the timeout that a stream needs only where there is none.
    connection.setNetworkTimeout(Runnable::run, 0);
    return connection
        .unwrap(PGConnection.class)
        .getReplicationAPI()
        .replicationStream()
        .logical()
        .withSlotName(slot)
        .withStartPosition(LogSequenceNumber.valueOf(from.lsn()))
        .withStatusInterval(STATUS_INTERVAL_MILLIS, TimeUnit.MILLISECONDS)
        .withAutomaticFlush(false)
        .withSlotOption("proto_version", 1)
        .withSlotOption("publication_names", '"' + publication.replace("\"", "\"\"") + '"')
        .withSlotOption("binary", true)
        .withSlotOption("messages", true)
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
