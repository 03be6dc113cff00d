package dev.quicksilver.loader;

import dev.quicksilver.loader.LoadOptions.Limits;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Holds a load back while the root, or the replicas, are behind. With a limit for the lag, only so
 * much may be committed and not be on all replicas as arrives there within that time: see {@link
 * Flight}. For one thread, but for {@link #rows}.
 */
final class Pace {
  /** What {@code quicksilver.wait_…} end with when their time is up. */
  private static final String LATE = "QS001";

  /** WAL that a batch, and what others write meanwhile, may make. */
  private static final long ROOM = 128L << 20;

  private static final long LOOK_AGAIN_MILLIS = 100;

  /** If nothing new was said for so long, perhaps nobody else writes: then it is asked exactly. */
  private static final long QUIET_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** Shorter waits are a part of the pace. */
  private static final long TOLD_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private final Connection connection;
  private final String database;
  private final Limits limits;
  private final Consumer<String> paused;

  private final @Nullable Flight flight;
  private long committing;
  private long now;
  private long everywhere;
  private long heardAt;
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
    flight =
        limits
            .maxLag()
            .map(lag -> new Flight(limits.batchRows(), lag.toNanos() / 1_000))
            .orElse(null);
    rows = flight == null ? limits.batchRows() : flight.batchRows();
  }

  /** How many rows a batch may have. Thread-safe. */
  int rows() {
    return rows;
  }

  /** Takes note of the time, in a transaction that is about to be committed. */
  void committing() throws SQLException {
    if (flight != null) {
      try (Statement statement = connection.createStatement();
          ResultSet row =
              statement.executeQuery(
                  "SELECT (extract(epoch FROM clock_timestamp()) * 1e6)::bigint")) {
        row.next();
        committing = row.getLong(1);
      }
    }
  }

  /** The transaction has changed so many rows, and is committed. */
  void committed(long count) {
    if (flight != null && count > 0) {
      flight.committed(committing, Math.toIntExact(count));
    }
  }

  /**
   * Waits until another batch may be written. No transaction is open before and after.
   *
   * @return false if it was asked to stop while it waited
   */
  boolean await(BooleanSupplier stop) throws SQLException, InterruptedException {
    long from = System.nanoTime();
    heardAt = from;
    for (Optional<String> behind = behind(); behind.isPresent(); behind = behind()) {
      if (stop.getAsBoolean()) {
        return false;
      }
      if (System.nanoTime() - from > TOLD_NANOS) {
        paused.accept(behind.get());
      }
      TimeUnit.MILLISECONDS.sleep(LOOK_AGAIN_MILLIS);
    }
    if (flight == null) {
      return true;
    }
    rows = flight.batchRows();
    return pause(flight.pause(now), stop);
  }

  /** Waits for some µs, as the pace of the load has it. */
  private static boolean pause(long micros, BooleanSupplier stop) throws InterruptedException {
    long until = System.nanoTime() + TimeUnit.MICROSECONDS.toNanos(micros);
    for (long left = until - System.nanoTime(); left > 0; left = until - System.nanoTime()) {
      TimeUnit.NANOSECONDS.sleep(Math.min(left, TimeUnit.MILLISECONDS.toNanos(LOOK_AGAIN_MILLIS)));
      if (left > TimeUnit.MILLISECONDS.toNanos(LOOK_AGAIN_MILLIS) && stop.getAsBoolean()) {
        return false;
      }
    }
    return true;
  }

  /** Asks how far the replicas are. */
  private void look(Flight of) throws SQLException {
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
        now = row.getLong(1);
        if (row.getLong(2) != everywhere) {
          everywhere = row.getLong(2);
          heardAt = System.nanoTime();
        }
        of.heard(now, everywhere);
      }
    } finally {
      connection.rollback();
    }
  }

  /** Says what is behind, if anything. */
  private Optional<String> behind() throws SQLException {
    if (flight != null) {
      look(flight);
    }
    try {
      Optional<String> root = rootBehind();
      if (root.isPresent() || flight == null || flight.hasRoom()) {
        return root;
      }
      if (System.nanoTime() - heardAt < QUIET_NANOS) {
        return Optional.of(
            String.format(
                Locale.ROOT,
                "%,d rows are not on all replicas, and may be %,d (--max-lag)",
                flight.rows(),
                flight.allowed()));
      }
      Optional<String> replicas = replicasBehind();
      if (replicas.isEmpty()) {
        flight.arrived();
      }
      return replicas;
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
