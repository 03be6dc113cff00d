package dev.quicksilver.loader;

import dev.quicksilver.loader.read.Digests;
import dev.quicksilver.loader.read.Mark;
import dev.quicksilver.loader.source.Source;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How far a load has come: rows of {@code quicksilver.load} and its like, changed in the
 * transactions of the batches. Not thread-safe.
 */
final class Progress {
  private final Connection connection;
  private final LoadOptions options;
  private final String id;
  private boolean known;

  /**
   * What was committed before.
   *
   * @param marks where each source stands, by its number
   * @param sizes how large it was, if that was known
   * @param refusals what PostgreSQL refused, by source and record
   */
  record State(
      Counts counts,
      Map<Integer, Mark> marks,
      Map<Integer, Long> sizes,
      Map<Integer, Map<Long, String>> refusals) {
    static final State NONE = new State(Counts.NONE, Map.of(), Map.of(), Map.of());

    boolean isBegun() {
      return !marks.isEmpty();
    }

    Optional<Mark> mark(int source) {
      return Optional.ofNullable(marks.get(source));
    }

    Optional<String> refusal(int source, long record) {
      return Optional.ofNullable(refusals.getOrDefault(source, Map.of()).get(record));
    }

    /** Refuses a source that has another size than it had. */
    void requireSize(int number, Source source) throws LoadException {
      Long before = sizes.get(number);
      try {
        if (before != null && source.size() != before) {
          throw new LoadException(
              source.name()
                  + " has "
                  + source.size()
                  + " bytes, and had "
                  + before
                  + " when this load began: load the one that it was, or begin anew with"
                  + " --restart, which loads all of it");
        }
      } catch (IOException e) {
        throw Input.unreadable(source, e);
      }
    }
  }

  Progress(Connection connection, LoadOptions options, Target target) {
    this.connection = connection;
    this.options = options;
    this.id = id(options, target);
  }

  /** The same command over the same database has the same one. */
  private static String id(LoadOptions options, Target target) {
    var all = new StringBuilder();
    List<Object> parts =
        List.of(
            target.id(),
            options.input().format(),
            options.input().dialect(),
            options.input().charset(),
            options.input().key(),
            options.input().value(),
            options.mode(),
            options.input().duplicates(),
            options.input().maxRecord());
    parts.forEach(part -> append(all, part.toString()));
    options.input().sources().forEach(source -> append(all, source.identity()));
    byte[] text = all.toString().getBytes(StandardCharsets.UTF_8);
    return HexFormat.of().formatHex(Digests.sha256().digest(text));
  }

  private static void append(StringBuilder all, String part) {
    all.append(part.length()).append(':').append(part);
  }

  /** Begins the load, or finds out how far it has come. */
  State begin() throws SQLException {
    if (options.restart()) {
      update("DELETE FROM quicksilver.load WHERE id = ?", id);
    }
    update("DELETE FROM quicksilver.load WHERE id = ? AND finished_at IS NOT NULL", id);
    int made =
        update(
            "INSERT INTO quicksilver.load (id, database) VALUES (?, ?) ON CONFLICT DO NOTHING",
            id,
            options.database());
    known = made == 0;
    State state = state();
    connection.commit();
    return state;
  }

  /** Whether an earlier run of this load has not finished, even if nothing of it is committed. */
  boolean isKnown() {
    return known;
  }

  private State state() throws SQLException {
    Map<Integer, Mark> marks = new HashMap<>();
    Map<Integer, Long> sizes = new HashMap<>();
    Map<Integer, Map<Long, String>> refusals = new HashMap<>();
    query(
        "SELECT number, records, bytes, digest, size FROM quicksilver.load_source WHERE load = ?",
        row -> {
          marks.put(row.getInt(1), new Mark(row.getLong(2), row.getLong(3), row.getString(4)));
          long size = row.getLong(5);
          if (!row.wasNull()) {
            sizes.put(row.getInt(1), size);
          }
        });
    query(
        "SELECT source, record, reason FROM quicksilver.load_reject WHERE load = ?",
        row ->
            refusals
                .computeIfAbsent(row.getInt(1), source -> new HashMap<>())
                .put(row.getLong(2), row.getString(3)));
    Counts[] counts = {Counts.NONE};
    query(
        "SELECT loaded, unchanged, rejected, duplicates, deleted FROM quicksilver.load WHERE id ="
            + " ?",
        row ->
            counts[0] =
                Counts.of(row.getLong(1), row.getLong(2), row.getLong(3), row.getLong(4))
                    .plus(Counts.ofDeleted(row.getLong(5))));
    return new State(counts[0], marks, sizes, refusals);
  }

  /** Adds a batch, in the transaction that is open. */
  void add(Batch batch, Counts counts, List<BatchWriter.Refused> refused)
      throws SQLException, LoadException {
    add(counts);
    for (Map.Entry<Integer, Mark> entry : batch.marks().entrySet()) {
      mark(entry.getKey(), entry.getValue());
    }
    for (BatchWriter.Refused one : refused) {
      update(
          "INSERT INTO quicksilver.load_reject (load, source, record, reason) VALUES (?, ?, ?, ?)",
          id,
          one.row().source(),
          one.row().number(),
          one.reason());
    }
  }

  /** Adds counts alone, in the transaction that is open. */
  void add(Counts counts) throws SQLException, LoadException {
    int changed =
        update(
            """
            UPDATE quicksilver.load
            SET loaded = loaded + ?, unchanged = unchanged + ?, rejected = rejected + ?,
                duplicates = duplicates + ?, deleted = deleted + ?, changed_at = now()
            WHERE id = ?
            """,
            counts.loaded(),
            counts.unchanged(),
            counts.rejected(),
            counts.duplicates(),
            counts.deleted(),
            id);
    if (changed == 0) {
      throw new LoadException(
          "somebody has deleted this load's row of quicksilver.load: run the command again, which"
              + " loads everything anew");
    }
  }

  private void mark(int number, Mark mark) throws SQLException, LoadException {
    Source source = options.input().sources().get(number - 1);
    long size;
    try {
      size = source.size();
    } catch (IOException e) {
      throw Input.unreadable(source, e);
    }
    update(
        """
        INSERT INTO quicksilver.load_source (load, number, name, size, records, bytes, digest)
        VALUES (?, ?, ?, nullif(?, -1), ?, ?, ?)
        ON CONFLICT (load, number) DO UPDATE
        SET records = EXCLUDED.records, bytes = EXCLUDED.bytes, digest = EXCLUDED.digest
        """,
        id,
        number,
        source.name(),
        size,
        mark.records(),
        mark.offset(),
        mark.digest());
  }

  /** All sources are loaded: the same command loads them again. */
  void finish() throws SQLException {
    update("UPDATE quicksilver.load SET finished_at = now(), changed_at = now() WHERE id = ?", id);
    update("DELETE FROM quicksilver.load_source WHERE load = ?", id);
    update("DELETE FROM quicksilver.load_reject WHERE load = ?", id);
    connection.commit();
  }

  private int update(String sql, Object... values) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < values.length; i++) {
        statement.setObject(i + 1, values[i]);
      }
      return statement.executeUpdate();
    }
  }

  private interface Rows {
    void row(ResultSet row) throws SQLException;
  }

  private void query(String sql, Rows rows) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setString(1, id);
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          rows.row(row);
        }
      }
    }
  }
}
