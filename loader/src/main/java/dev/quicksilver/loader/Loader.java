package dev.quicksilver.loader;

import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** Loads a source into a database's table. Stateless; the connection belongs to one thread. */
public final class Loader {
  /** All rows in one transaction: everything or nothing. */
  public static final long ONE_BATCH = Long.MAX_VALUE;

  private static final int MAX_KEY = 511;
  private static final int MAX_VALUE = 64 << 20;
  private static final Pattern COPY_LINE = Pattern.compile("COPY \\S+, line (\\d+)");

  private Loader() {}

  /**
   * What was loaded.
   *
   * @param rows rows written
   * @param batches transactions they were written in
   */
  public record Report(long rows, long batches) {}

  /** Loads all rows in one transaction; see {@link #load(Connection, String, Source, long)}. */
  public static Report load(Connection connection, String database, Source source)
      throws LoadException {
    return load(connection, database, source, ONE_BATCH);
  }

  /**
   * Loads all rows, {@code batchRows} (1 or more) to a transaction.
   *
   * @param connection to the central PostgreSQL, with no transaction open; used and left as it was
   * @throws LoadException if there is no such database, a row is malformed, too large or a
   *     duplicate, or PostgreSQL fails; the batch with that row is rolled back
   */
  public static Report load(Connection connection, String database, Source source, long batchRows)
      throws LoadException {
    if (batchRows < 1) {
      throw new IllegalArgumentException("a batch has 1 row or more, not " + batchRows);
    }
    Progress progress = new Progress();
    try {
      boolean autoCommit = connection.getAutoCommit();
      connection.setAutoCommit(false);
      try {
        String copy =
            "COPY "
                + table(connection, database)
                    .orElseThrow(
                        () ->
                            new LoadException(
                                "there is no database \""
                                    + database
                                    + "\"; create it with quicksilver.create_database",
                                LoadException.NO_LINE,
                                0,
                                null))
                + " (key, value) FROM STDIN";
        RowReader rows = reader(source);
        while (batch(connection, copy, rows, batchRows, progress)) {
          // until a batch ends with the source
        }
        return new Report(progress.committed, progress.batches);
      } finally {
        connection.rollback();
        connection.setAutoCommit(autoCommit);
      }
    } catch (BadRow e) {
      throw failure(source, e.line, String.valueOf(e.getMessage()), progress, e);
    } catch (CharacterCodingException e) {
      throw failure(
          source,
          progress.lastLine + 1,
          "here or in the next 64 KiB the text is not UTF-8",
          progress,
          e);
    } catch (IOException e) {
      throw failure(source, LoadException.NO_LINE, "cannot be read: " + e, progress, e);
    } catch (SQLException e) {
      throw failure(source, line(e, progress), message(e), progress, e);
    }
  }

  /** How far a load has got. */
  private static final class Progress {
    long committed;
    long batches;
    long lastLine;

    /** The line on which the batch's first row begins. */
    long batchLine;

    /** Whether rows of the batch can be numbered by counting from there. */
    boolean oneLineARow = true;
  }

  private static boolean batch(
      Connection connection, String sql, RowReader rows, long batchRows, Progress progress)
      throws SQLException, IOException, BadRow {
    CopyIn copy = connection.unwrap(PGConnection.class).getCopyAPI().copyIn(sql);
    try {
      CopyBuffer buffer = new CopyBuffer(copy);
      long count = 0;
      boolean more = true;
      progress.oneLineARow = true;
      while (count < batchRows) {
        more = rows.next();
        if (!more) {
          break;
        }
        if (count == 0) {
          progress.batchLine = rows.line();
        }
        progress.oneLineARow &= rows.line() == progress.batchLine + count;
        progress.lastLine = rows.line();
        byte[] key = CopyBuffer.utf8(rows.key());
        byte[] value = CopyBuffer.utf8(rows.value());
        check(key, value, rows.line());
        buffer.row(key, value);
        count++;
      }
      buffer.flush();
      copy.endCopy();
      connection.commit();
      progress.committed += count;
      progress.batches += count > 0 ? 1 : 0;
      return more;
    } finally {
      if (copy.isActive()) {
        copy.cancelCopy();
      }
    }
  }

  private static void check(byte[] key, byte[] value, long line) throws BadRow {
    if (key.length == 0) {
      throw new BadRow(line, "the key is empty");
    }
    if (key.length > MAX_KEY) {
      throw new BadRow(line, "the key has " + key.length + " bytes; at most 511 are allowed");
    }
    if (value.length > MAX_VALUE) {
      throw new BadRow(
          line, "the value has " + value.length + " bytes; at most 64 MiB are allowed");
    }
    for (byte[] column : new byte[][] {key, value}) {
      for (byte b : column) {
        if (b == 0) {
          throw new BadRow(line, "there is a NUL character, which PostgreSQL's text cannot hold");
        }
      }
    }
  }

  private static RowReader reader(Source source) throws IOException {
    Reader characters =
        new InputStreamReader(
            source.content(),
            StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT));
    return switch (source.format()) {
      case TSV -> new TsvReader(characters);
      case CSV -> new CsvReader(characters);
    };
  }

  private static Optional<String> table(Connection connection, String database)
      throws SQLException {
    try (PreparedStatement query =
        connection.prepareStatement(
            "SELECT format('%I.%I', table_schema, table_name) FROM quicksilver.catalog"
                + " WHERE name = ?")) {
      query.setString(1, database);
      try (ResultSet row = query.executeQuery()) {
        return row.next() ? Optional.of(row.getString(1)) : Optional.empty();
      }
    }
  }

  /** PostgreSQL says which row of the COPY it refused. */
  private static long line(SQLException e, Progress progress) {
    ServerErrorMessage message = serverMessage(e);
    if (message != null && message.getWhere() != null) {
      Matcher matcher = COPY_LINE.matcher(message.getWhere());
      if (matcher.find() && progress.oneLineARow) {
        return progress.batchLine + Long.parseLong(matcher.group(1)) - 1;
      }
    }
    return LoadException.NO_LINE;
  }

  private static String message(SQLException e) {
    ServerErrorMessage message = serverMessage(e);
    if (message != null) {
      return message.getMessage() + (message.getDetail() == null ? "" : "; " + message.getDetail());
    }
    return String.valueOf(e.getMessage());
  }

  private static @Nullable ServerErrorMessage serverMessage(SQLException e) {
    return e instanceof PSQLException postgres ? postgres.getServerErrorMessage() : null;
  }

  private static LoadException failure(
      Source source, long line, String reason, Progress progress, Exception cause) {
    String where = line == LoadException.NO_LINE ? "" : ", line " + line;
    String kept =
        progress.committed == 0
            ? "nothing was loaded"
            : progress.committed + " rows of earlier batches were loaded";
    return new LoadException(
        source.name()
            + where
            + ": "
            + reason.strip().replaceAll("\\s*\\R\\s*", "; ")
            + " ("
            + kept
            + "; correct the source and load the rest)",
        line,
        progress.committed,
        cause);
  }
}
