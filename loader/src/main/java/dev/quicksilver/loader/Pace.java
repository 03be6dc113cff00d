package dev.quicksilver.loader;

import dev.quicksilver.loader.LoadOptions.Limits;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/**
 * Holds a load back while the root, or the replicas, are behind. With a limit for the lag, what was
 * committed has to be on all replicas before half of that time has passed: if it is not, the load
 * waits until it is, and goes on with smaller batches. For one thread, but for {@link #rows}.
 */
final class Pace {
  /** What {@code quicksilver.wait_…} end with when their time is up. */
  private static final String LATE = "QS001";

  private static final int FIRST_ROWS = 1_000;
  private static final int LEAST_ROWS = 100;

  /** WAL that a batch, and what others write meanwhile, may make. */
  private static final long ROOM = 128L << 20;

  private static final long LOOK_AGAIN_MILLIS = 100;

  private final Connection connection;
  private final String database;
  private final Limits limits;
  private final Consumer<String> paused;

  /**
   * When batches were committed that are not known to be everywhere: µs since 1970, PostgreSQL's.
   */
  private final Deque<Long> commits = new ArrayDeque<>();

  private long committing;
  private volatile int rows;

  /**
   * Begins with few rows to a batch if there is a limit for the lag.
   *
   * @param paused hears, now and then, what is waited for
   */
  Pace(Connection connection, String database, Limits limits, Consumer<String> paused) {
    this.connection = connection;
    this.database = database;
    this.limits = limits;
    this.paused = paused;
    rows =
        limits.maxLag().isEmpty() ? limits.batchRows() : Math.min(FIRST_ROWS, limits.batchRows());
  }

  /** How many rows a batch may have. Thread-safe. */
  int rows() {
    return rows;
  }

  /** Takes note of the time, in a transaction that is about to be committed. */
  void committing() throws SQLException {
    if (limits.maxLag().isPresent()) {
      try (Statement statement = connection.createStatement();
          ResultSet row =
              statement.executeQuery(
                  "SELECT (extract(epoch FROM clock_timestamp()) * 1e6)::bigint")) {
        row.next();
        committing = row.getLong(1);
      }
    }
  }

  /** The transaction has changed something, and is committed. */
  void committed() {
    if (limits.maxLag().isPresent()) {
      commits.add(committing);
    }
  }

  /**
   * Waits until another batch may be written. No transaction is open before and after.
   *
   * @return false if it was asked to stop while it waited
   */
  boolean await(BooleanSupplier stop) throws SQLException, InterruptedException {
    Optional<Duration> most = limits.maxLag();
    boolean late = most.isPresent() && isLate(most.get().dividedBy(2));
    for (Optional<String> behind = behind(late); behind.isPresent(); behind = behind(late)) {
      if (stop.getAsBoolean()) {
        return false;
      }
      paused.accept(behind.get());
      TimeUnit.MILLISECONDS.sleep(LOOK_AGAIN_MILLIS);
    }
    if (late) {
      commits.clear(); // all of them are everywhere
      rows = Math.max(Math.min(LEAST_ROWS, limits.batchRows()), rows / 2);
    } else {
      rows = Math.min(limits.batchRows(), 2 * rows);
    }
    return true;
  }

  /** Whether something that was committed so long ago is not known to be everywhere. */
  private boolean isLate(Duration most) throws SQLException {
    String sql =
        """
        SELECT (extract(epoch FROM p.now) * 1e6)::bigint,
               CASE WHEN isfinite(p.commit_time) THEN (extract(epoch FROM p.commit_time) * 1e6)::bigint
                    ELSE 0 END
        FROM quicksilver.propagation(?) p
        """;
    try (PreparedStatement query = connection.prepareStatement(sql)) {
      query.setString(1, database);
      try (ResultSet row = query.executeQuery()) {
        row.next();
        long now = row.getLong(1);
        long everywhere = row.getLong(2);
        while (!commits.isEmpty() && commits.getFirst() <= everywhere) {
          commits.removeFirst();
        }
        return !commits.isEmpty() && now - commits.getFirst() > most.toNanos() / 1_000;
      }
    } finally {
      connection.rollback();
    }
  }

  /** Says what is behind, if anything. */
  private Optional<String> behind(boolean late) throws SQLException {
    try {
      Optional<String> root = rootBehind();
      return root.isPresent() || !late ? root : replicasBehind();
    } finally {
      connection.rollback();
    }
  }

  private Optional<String> rootBehind() throws SQLException {
    String sql =
        """
        SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), s.confirmed_flush_lsn)::bigint,
               s.safe_wal_size,
               (SELECT setting::bigint << 20 FROM pg_settings WHERE name = 'max_slot_wal_keep_size')
        FROM pg_replication_slots s WHERE s.slot_name = quicksilver.slot_name()
        """;
    try (Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      if (!row.next()) {
        return Optional.empty(); // nobody reads, and no WAL is kept
      }
      long unread = row.getLong(1);
      long safe = row.getLong(2);
      boolean mayBeLost = !row.wasNull() && safe < Math.min(ROOM, row.getLong(3) / 2);
      if (unread > limits.maxWal()) {
        return Optional.of(
            "the root has " + mib(unread) + " of WAL to read (--max-wal): is it running?");
      }
      return mayBeLost
          ? Optional.of(
              "PostgreSQL gives the slot up after "
                  + mib(safe)
                  + " of WAL (max_slot_wal_keep_size): is the root running?")
          : Optional.empty();
    }
  }

  private static String mib(long bytes) {
    return (bytes >> 20) + " MiB";
  }

  private Optional<String> replicasBehind() throws SQLException {
    String sql =
        hasReplicas()
            ? "SELECT quicksilver.wait_for_propagation(?, 1, interval '1 second')"
            : "SELECT quicksilver.wait_sequenced(?, interval '1 second')";
    try (PreparedStatement query = connection.prepareStatement(sql)) {
      query.setString(1, database);
      query.execute();
      return Optional.empty();
    } catch (SQLException e) {
      if (LATE.equals(e.getSQLState())) {
        return Optional.of(String.valueOf(e.getMessage()).lines().findFirst().orElse("it is late"));
      }
      throw e;
    }
  }

  private boolean hasReplicas() throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "SELECT EXISTS (SELECT FROM quicksilver.replicas WHERE state <> 'AWAY')")) {
      row.next();
      return row.getBoolean(1);
    }
  }
}
