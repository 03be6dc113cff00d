package dev.quicksilver.gateway.central;

import dev.quicksilver.gateway.GatewayException;
import dev.quicksilver.gateway.GatewayException.ErrorCode;
import java.sql.SQLException;
import java.util.Optional;
import org.jooq.exception.DataAccessException;
import org.jspecify.annotations.Nullable;

/**
 * What a failed attempt to read from the central PostgreSQL means: whether it is away and comes
 * back, or says something that stays so until somebody changes it. SQLSTATEs are those of
 * PostgreSQL's appendix A.
 */
public final class PostgresFailure {
  private PostgresFailure() {}

  /** True if another connection has the slot. */
  public static boolean isSlotBusy(Exception e) {
    return state(e).equals("55006");
  }

  /**
   * True if it is of a kind that goes away by itself: no connection, a server that starts or stops,
   * too few resources for a moment. Whatever is no answer of PostgreSQL's is of that kind too.
   */
  public static boolean isAway(Exception e) {
    String state = state(e);
    // Refused by what listens there, as TLS by a server without it; all slots are taken.
    if (state.equals("08004") || state.equals("53400")) {
      return false;
    }
    return state.isEmpty()
        || state.startsWith("08") // connection
        || state.startsWith("53") // resources
        || state.startsWith("57") // shut down, cancelled
        || state.startsWith("40") // deadlock, serialization
        || state.equals("55P03"); // lock not available
  }

  /** The refusal that a failure is, if no later attempt can go better. */
  public static Optional<GatewayException> refusal(Exception e) {
    String state = state(e);
    String said = oneLine(e);
    if (state.startsWith("28") || state.equals("3D000") || state.equals("42501")) {
      return Optional.of(
          new GatewayException(
              ErrorCode.ACCESS_DENIED,
              "the central PostgreSQL refuses this node: "
                  + said
                  + "; give the URL, user and password of a role with REPLICATION that may use the"
                  + " schema quicksilver and read the published tables (docs/operations.md lists"
                  + " its rights)",
              e));
    }
    if (state.equals("25006")) {
      return Optional.of(
          new GatewayException(
              ErrorCode.READ_ONLY,
              "the central PostgreSQL lets this node write nothing: "
                  + said
                  + "; ALTER ROLE … SET default_transaction_read_only = off for the role that it"
                  + " connects as (or ALTER DATABASE, ALTER SYSTEM, wherever it is on)",
              e));
    }
    if (state.equals("42P01") || state.equals("42703") || state.equals("42883")) {
      return Optional.of(
          new GatewayException(
              ErrorCode.SCHEMA_MISSING,
              "the schema quicksilver in the central PostgreSQL is not of this version: "
                  + said
                  + "; run ./quicksilver migrate",
              e));
    }
    if (state.equals("42704") && said.contains("publication")) {
      return Optional.of(
          new GatewayException(
              ErrorCode.PUBLICATION_MISSING,
              "the publication was not there when some of the changes to be read were written: "
                  + said
                  + "; they cannot be replicated: "
                  + CentralDatabase.BEGIN_ANEW,
              e));
    }
    return Optional.empty();
  }

  /** The refusal of a failure that nothing above knows and that has come several times. */
  public static GatewayException lasting(Exception e) {
    return new GatewayException(
        ErrorCode.POSTGRES_ERROR,
        "the central PostgreSQL answers with an error that does not go away: "
            + oneLine(e)
            + " (SQLSTATE "
            + state(e)
            + "); see its log, cure that and start this node again",
        e);
  }

  private static String state(Exception e) {
    SQLException cause = sqlCause(e);
    return cause == null || cause.getSQLState() == null ? "" : cause.getSQLState();
  }

  private static @Nullable SQLException sqlCause(Exception e) {
    SQLException found = null;
    for (Throwable t = e; t != null; t = t.getCause()) {
      if (t instanceof SQLException sql) {
        found = sql;
      }
    }
    return found;
  }

  /** What was said, without line breaks. */
  public static String oneLine(Exception e) {
    Exception shown = e instanceof DataAccessException ? sqlCause(e) : null;
    return String.valueOf((shown == null ? e : shown).getMessage())
        .strip()
        .replaceAll("\\s*\\R\\s*", "; ");
  }
}
