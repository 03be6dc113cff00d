package dev.quicksilver.benchmarks;

import dev.quicksilver.fixtures.rights.RightsCheck.Leak;
import dev.quicksilver.tls.TlsFiles;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/** Who is let in at the edge, how soon that changes, and what becomes of sessions that are open. */
final class RightsLogins {
  private static final String USER = "gunnar";
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(10);

  /** A statement was cancelled, and its transaction failed with it. */
  private static final Set<String> ENDING = Set.of("57014", "25P02");

  private final TeamEdge edge;
  private int answers;

  RightsLogins(TeamEdge edge) {
    this.edge = edge;
  }

  /** How many answers were looked at. */
  int answers() {
    return answers;
  }

  private interface Login {
    Connection open() throws Exception;
  }

  /** Whether one is let in, or how one is refused. */
  private static String outcome(Login login, String user) throws Exception {
    try (Connection _ = login.open()) {
      return "let in";
    } catch (SQLException e) {
      return (e.getSQLState() + " " + e.getMessage()).replace(user, "USER");
    }
  }

  /** Waits until a user is let in; returns when that was. */
  static long await(TeamEdge edge, String user, long nanos) throws Exception {
    return await(edge, user, nanos, true);
  }

  private static long await(TeamEdge edge, String user, long nanos, boolean letIn)
      throws Exception {
    long from = System.nanoTime();
    while (true) {
      String now = outcome(() -> edge.as(user), user);
      if (now.equals("let in") == letIn) {
        return System.nanoTime();
      }
      if (System.nanoTime() - from > nanos) {
        throw new AssertionError("user " + user + " after a minute: " + now);
      }
      TimeUnit.MILLISECONDS.sleep(2);
    }
  }

  /** Wrong passwords and certificates of others: a user who is there is refused like a stranger. */
  List<Leak> strangers(String known) throws Exception {
    String stranger = "x".repeat(known.length());
    TlsFiles others = edge.issue("somebody");
    TlsFiles own = edge.issue(known);
    edge.sql("CREATE ROLE no_password LOGIN");
    edge.sql("SELECT quicksilver.grant_read('no_password', '*')");
    TlsFiles certificate = edge.issue("no_password");
    long from = System.nanoTime();
    while (!outcome(() -> edge.connect("no_password", certificate), "").equals("let in")) {
      if (System.nanoTime() - from > 6 * PATIENCE_NANOS) {
        throw new AssertionError("a certificate does not let in who may read");
      }
    }
    List<Leak> leaks = new ArrayList<>();
    requireLetIn(() -> edge.connect(known, own), "with its own certificate");
    for (String user : List.of(known, "no_password")) {
      String like = user.equals(known) ? stranger : "yy_password";
      equal(leaks, user, "wrong password", like, name -> edge.connect(name, "wrong"));
      equal(leaks, user, "no password", like, name -> edge.connect(name, ""));
      equal(leaks, user, "another's certificate", like, name -> edge.connect(name, others));
    }
    equal(
        leaks, known, "a reader's certificate", stranger, name -> edge.connect(name, certificate));
    return leaks;
  }

  private void requireLetIn(Login login, String how) throws Exception {
    answers++;
    String outcome = outcome(login, "");
    if (!outcome.equals("let in")) {
      throw new AssertionError("refused " + how + ": " + outcome);
    }
  }

  private interface Named {
    Connection open(String name) throws Exception;
  }

  private void equal(List<Leak> leaks, String user, String way, String stranger, Named login)
      throws Exception {
    answers++;
    String actual = outcome(() -> login.open(user), user);
    String expected = outcome(() -> login.open(stranger), stranger);
    if (!actual.equals(expected) || actual.equals("let in")) {
      leaks.add(new Leak(user, "", "login with " + way, actual + " / " + expected));
    }
  }

  private void makeUser() throws SQLException {
    edge.sql(
        "DO $$ BEGIN IF to_regrole('%1$s') IS NULL THEN CREATE ROLE %1$s LOGIN PASSWORD '%2$s'; END"
                .formatted(USER, TeamEdge.password(USER))
            + " IF; END $$");
  }

  /** Cursors and statements that were there before their right was taken end with it. */
  List<Leak> heldOn(String database, int rounds) throws Exception {
    List<Leak> leaks = new ArrayList<>();
    makeUser();
    long longest = 0;
    for (int round = 0; round < rounds; round++) {
      edge.sql("SELECT quicksilver.grant_read('" + USER + "', '" + database + "')");
      await(edge, USER, PATIENCE_NANOS * 6);
      List<Held> held = new ArrayList<>();
      try {
        held.add(cursor("a cursor of a seek", "SELECT key FROM " + database));
        held.add(cursor("a cursor that is evaluated", "SELECT upper(key) FROM " + database));
        held.add(prepared("a prepared seek", "SELECT value FROM " + database + " WHERE key <> ?"));
        held.add(
            prepared(
                "prepared, evaluated", "SELECT lower(value) FROM " + database + " WHERE key <> ?"));
        edge.sql("SELECT quicksilver.revoke_read('" + USER + "', '*')");
        long from = System.nanoTime();
        for (Held each : held) {
          answers++;
          long last = each.lastAnswer();
          longest = Math.max(longest, last - from);
          if (last - from > PATIENCE_NANOS) {
            leaks.add(new Leak(USER, database, each.what, "answers 10 s after it was revoked"));
          }
        }
      } finally {
        for (Held each : held) {
          each.connection.abort(Runnable::run);
        }
      }
    }
    System.out.printf(
        Locale.ROOT,
        "%ncursors and prepared statements answered for at most %d ms after COMMIT of revoke_read"
            + " (%d rounds of 4)%n",
        longest / 1_000_000,
        rounds);
    return leaks;
  }

  private record Held(String what, Connection connection, Callable<Boolean> ask) {
    /**
     * Asks until the session has ended, or for long enough; returns when the last answer came. A
     * statement that runs just then may be cancelled first.
     */
    long lastAnswer() throws Exception {
      long from = System.nanoTime();
      long last = from;
      while (System.nanoTime() - from < PATIENCE_NANOS * 11 / 10) {
        try {
          ask.call();
          last = System.nanoTime();
        } catch (SQLException e) {
          String state = String.valueOf(e.getSQLState());
          if (state.equals("57P01") || state.startsWith("08")) {
            return last;
          }
          if (!ENDING.contains(state)) {
            throw new AssertionError(what + " ended in another way", e);
          }
        }
        TimeUnit.MILLISECONDS.sleep(2);
      }
      return last;
    }
  }

  private Held cursor(String what, String query) throws SQLException {
    Connection connection = edge.as(USER);
    connection.setAutoCommit(false);
    Statement statement = connection.createStatement();
    statement.execute("DECLARE c SCROLL CURSOR FOR " + query);
    return new Held(what, connection, () -> statement.execute("FETCH ABSOLUTE 1 FROM c"));
  }

  private Held prepared(String what, String query) throws SQLException {
    Connection connection = edge.as(USER);
    PreparedStatement statement = connection.prepareStatement(query);
    Held held =
        new Held(
            what,
            connection,
            () -> {
              statement.setString(1, "-");
              try (ResultSet rows = statement.executeQuery()) {
                return rows.next();
              }
            });
    try {
      for (int i = 0; i < 7; i++) { // from the sixth on it is a prepared one of the protocol
        held.ask.call();
      }
    } catch (Exception e) {
      throw new AssertionError(e);
    }
    return held;
  }

  /** Grants and revokes; returns the median, in ms, of the time until logins differ. */
  long delays(String database, int rounds) throws Exception {
    makeUser();
    long[] grants = new long[rounds];
    long[] revokes = new long[rounds];
    for (int i = 0; i < rounds; i++) {
      edge.sql("SELECT quicksilver.grant_read('" + USER + "', '" + database + "')");
      long granted = System.nanoTime();
      grants[i] = await(edge, USER, 6 * PATIENCE_NANOS, true) - granted;
      edge.sql("SELECT quicksilver.revoke_read('" + USER + "', '" + database + "')");
      long revoked = System.nanoTime();
      revokes[i] = await(edge, USER, 6 * PATIENCE_NANOS, false) - revoked;
    }
    print("grant_read", grants);
    print("revoke_read", revokes);
    return Math.max(median(grants), median(revokes));
  }

  private static void print(String call, long[] times) {
    System.out.printf(
        Locale.ROOT,
        "from COMMIT of %s to a login that it changed: %d ms (median), %d ms (longest of %d)%n",
        call,
        median(times),
        Arrays.stream(times).max().orElse(0) / 1_000_000,
        times.length);
  }

  private static long median(long[] times) {
    long[] sorted = times.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2] / 1_000_000;
  }
}
