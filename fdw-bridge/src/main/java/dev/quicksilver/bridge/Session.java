package dev.quicksilver.bridge;

import dev.quicksilver.bridge.engine.Query;
import dev.quicksilver.bridge.engine.QueryContext;
import dev.quicksilver.bridge.sql.Parser;
import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.bridge.sql.Statement;
import dev.quicksilver.bridge.types.Type;
import dev.quicksilver.bridge.wire.MessageWriter;
import dev.quicksilver.storage.StorageException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Executes the statements of one connection. Used by its thread, under the connection's lock. */
final class Session {
  private static final int MAX_CURSORS = 1000;

  /** Where the session stands between statements. */
  enum State {
    IDLE('I'),
    IN_TRANSACTION('T'),
    FAILED('E');

    final char status;

    State(char status) {
      this.status = status;
    }
  }

  private final Bridge bridge;
  private final MessageWriter out;
  private final Portal.Flusher flusher;
  private final Settings settings = new Settings();
  private final Map<String, Portal> cursors = new HashMap<>();
  private final Map<String, String> prepared = new HashMap<>();
  private State state = State.IDLE;
  private volatile @Nullable Transaction transaction;
  private volatile boolean cancelled;

  Session(Bridge bridge, MessageWriter out, Portal.Flusher flusher) {
    this.bridge = bridge;
    this.out = out;
    this.flusher = flusher;
  }

  State state() {
    return state;
  }

  Settings settings() {
    return settings;
  }

  /** The transaction, if one is open. Safe for all threads. */
  Optional<Transaction> transaction() {
    return Optional.ofNullable(transaction);
  }

  /** Stops the running statement. Safe for all threads. */
  void cancel() {
    cancelled = true;
  }

  void beginMessage() {
    cancelled = false;
  }

  private void become(State next) {
    state = next;
  }

  private Transaction current() {
    Transaction now = transaction;
    if (now == null) {
      now = new Transaction(bridge.replica(), bridge.config().maxSnapshotAge(), bridge.nanoClock());
      transaction = now;
    }
    return now;
  }

  /** Ends the transaction of single statements; keeps one that BEGIN has opened. */
  void endImplicit() {
    if (state == State.IDLE) {
      endTransaction();
    }
  }

  private void endTransaction() {
    cursors.values().forEach(Portal::close);
    cursors.clear();
    Transaction ending = transaction;
    transaction = null;
    if (ending != null) {
      ending.release();
    }
  }

  /** Closes the cursors only. */
  void closeCursors() {
    cursors.values().forEach(Portal::close);
    cursors.clear();
  }

  /** Closes the cursors that were declared after a savepoint, which go with what it undoes. */
  private void closeCursorsBelow(int depth) {
    cursors
        .values()
        .removeIf(
            cursor -> {
              if (cursor.depth() >= depth) {
                cursor.close();
                return true;
              }
              return false;
            });
  }

  /** Closes everything. */
  void close() {
    become(State.IDLE);
    endTransaction();
  }

  /** Notes that a statement failed. */
  void fail() {
    if (state == State.IN_TRANSACTION) {
      become(State.FAILED);
    }
  }

  /** Turns whatever a statement threw into what the client is told. */
  static PgException translate(RuntimeException error) {
    return switch (error) {
      case PgException pg -> pg;
      case StorageException storage ->
          PgException.of(
              switch (storage.code()) {
                case CORRUPT, DIVERGED, WRONG_FORMAT -> SqlState.DATA_CORRUPTED;
                case SNAPSHOT_TOO_OLD -> SqlState.SNAPSHOT_TOO_OLD;
                case NO_SPACE -> SqlState.OUT_OF_MEMORY;
                case INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, UNFINISHED, NOT_IN_LOG, IO ->
                    SqlState.IO_ERROR;
              },
              storage.code() + ": " + storage.getMessage(),
              storage);
      default -> PgException.of(SqlState.INTERNAL_ERROR, "internal error: " + error, error);
    };
  }

  private @Nullable PgException interruption() {
    if (cancelled) {
      return PgException.of(SqlState.QUERY_CANCELED, "canceling statement due to user request");
    }
    Transaction now = transaction;
    return now == null ? null : now.overdue();
  }

  /** Counts a statement that begins to be executed. */
  void count() {
    bridge.counters().queries.increment();
  }

  Query plan(dev.quicksilver.bridge.sql.Select select, List<@Nullable String> parameters) {
    var context =
        new QueryContext(
            current().view(),
            parameters,
            settings.zone(),
            this::interruption,
            bridge.config().maxHeldRows());
    return Query.plan(select, context);
  }

  /**
   * Executes one statement and writes its rows and its completion.
   *
   * @param described whether the client has been or will be told the columns separately
   */
  void execute(Statement statement, List<@Nullable String> parameters, boolean described) {
    count();
    if (state == State.FAILED
        && !(statement instanceof Statement.Commit
            || statement instanceof Statement.Rollback
            || statement instanceof Statement.RollbackTo)) {
      throw PgException.of(
          SqlState.IN_FAILED_SQL_TRANSACTION,
          "current transaction is aborted, commands ignored until end of transaction block");
    }
    switch (statement) {
      case Statement.Empty empty -> Replies.empty(out, 'I');
      case Statement.Query query -> query(plan(query.select(), parameters), described);
      case Statement.Explain explain -> explain(explain, parameters, described);
      case Statement.Declare declare -> declare(declare, parameters);
      case Statement.Fetch fetch -> fetch(fetch, described);
      case Statement.Close close -> close(close);
      case Statement.Begin begin -> begin(begin);
      case Statement.Commit commit -> end(state == State.FAILED ? "ROLLBACK" : "COMMIT");
      case Statement.Rollback rollback -> end("ROLLBACK");
      case Statement.Savepoint savepoint -> {
        block("SAVEPOINT").savepoints().open(savepoint.name());
        complete("SAVEPOINT");
      }
      case Statement.Release release -> {
        int depth = block("RELEASE SAVEPOINT").savepoints().release(release.name());
        cursors.values().forEach(cursor -> cursor.rise(depth));
        complete("RELEASE");
      }
      case Statement.RollbackTo rollback -> {
        closeCursorsBelow(block("ROLLBACK TO SAVEPOINT").savepoints().rollBackTo(rollback.name()));
        become(State.IN_TRANSACTION);
        complete("ROLLBACK");
      }
      case Statement.Set set -> set(set);
      case Statement.Show show -> {
        String value = settings.show(show.name());
        if (!described) {
          Replies.description(out, List.of(show.name()), List.of(Type.TEXT));
        }
        Replies.textRow(out, value);
        complete("SHOW");
      }
      case Statement.Prepare prepare -> {
        if (prepared.size() >= MAX_CURSORS) {
          throw PgException.of(SqlState.PROGRAM_LIMIT_EXCEEDED, "too many prepared statements");
        }
        Parser.parse(prepare.sql());
        if (prepared.putIfAbsent(prepare.name(), prepare.sql()) != null) {
          throw PgException.of(
              SqlState.DUPLICATE_PREPARED_STATEMENT,
              "prepared statement \"" + prepare.name() + "\" already exists");
        }
        complete("PREPARE");
      }
      case Statement.Execute execute -> executePrepared(execute, described);
      case Statement.Deallocate deallocate -> {
        deallocate.name().ifPresentOrElse(prepared::remove, prepared::clear);
        complete(deallocate.name().isPresent() ? "DEALLOCATE" : "DEALLOCATE ALL");
      }
      case Statement.Discard discard -> {
        if (discard.what().equals("ALL")) {
          prepared.clear();
          settings.reset();
        }
        complete("DISCARD " + discard.what());
      }
      case Statement.Write write -> throw readOnly(write.command());
    }
  }

  private void complete(String tag) {
    Replies.complete(out, tag);
  }

  private static PgException readOnly(String command) {
    return PgException.of(
            SqlState.READ_ONLY_SQL_TRANSACTION,
            "cannot execute " + command + " in a read-only transaction: this is an edge copy")
        .hint("Write to the table of the same name on the central PostgreSQL.");
  }

  private void query(Query query, boolean described) {
    if (!described) {
      Replies.description(out, query.names(), query.types());
    }
    try (var portal = new Portal(query)) {
      complete("SELECT " + send(portal, Long.MAX_VALUE, false));
    }
  }

  long send(Portal portal, long count, boolean discard) {
    return bridge.turn(
        this::interruption,
        () -> {
          PgException overdue = interruption();
          if (overdue != null) {
            throw overdue;
          }
          current().view();
          long sent = portal.send(count, discard, out, flusher);
          bridge.counters().rows.add(discard ? 0 : sent);
          return sent;
        });
  }

  private void explain(
      Statement.Explain explain, List<@Nullable String> parameters, boolean described) {
    if (explain.analyze()) {
      throw PgException.unsupported("EXPLAIN ANALYZE");
    }
    Query query = plan(explain.select(), parameters);
    if (!described) {
      Replies.description(out, List.of("QUERY PLAN"), List.of(Type.TEXT));
    }
    Replies.textRow(out, query.explain());
    complete("EXPLAIN");
  }

  private void declare(Statement.Declare declare, List<@Nullable String> parameters) {
    if (state == State.IDLE) {
      throw PgException.of(
          SqlState.NO_ACTIVE_SQL_TRANSACTION,
          "DECLARE CURSOR can only be used in transaction blocks");
    }
    if (declare.hold()) {
      throw PgException.unsupported("cursors WITH HOLD");
    }
    if (cursors.containsKey(declare.cursor())) {
      throw PgException.of(
          SqlState.DUPLICATE_CURSOR, "cursor \"" + declare.cursor() + "\" already exists");
    }
    if (cursors.size() >= MAX_CURSORS) {
      throw PgException.of(SqlState.PROGRAM_LIMIT_EXCEEDED, "too many open cursors");
    }
    int depth = current().savepoints().depth();
    cursors.put(declare.cursor(), new Portal(plan(declare.select(), parameters), depth));
    complete("DECLARE CURSOR");
  }

  private Portal cursor(String name) {
    Portal portal = cursors.get(name);
    if (portal == null) {
      throw PgException.of(SqlState.INVALID_CURSOR_NAME, "cursor \"" + name + "\" does not exist");
    }
    return portal;
  }

  private void fetch(Statement.Fetch fetch, boolean described) {
    Portal portal = cursor(fetch.cursor());
    long count = fetch.count();
    boolean all = fetch.direction() == Statement.Direction.BACKWARD && count == Long.MAX_VALUE;
    if (fetch.move() && all) {
      long moved = portal.position();
      portal.rewind();
      complete("MOVE " + moved);
      return;
    }
    if (fetch.direction() != Statement.Direction.FORWARD || count < 0) {
      throw Portal.backward();
    }
    if (!fetch.move() && !described) {
      Replies.description(out, portal.query().names(), portal.query().types());
    }
    long sent = send(portal, count, fetch.move());
    complete((fetch.move() ? "MOVE " : "FETCH ") + sent);
  }

  private void close(Statement.Close close) {
    if (close.cursor().isEmpty()) {
      cursors.values().forEach(Portal::close);
      cursors.clear();
      complete("CLOSE CURSOR ALL");
      return;
    }
    cursor(close.cursor().get()).close();
    cursors.remove(close.cursor().get());
    complete("CLOSE CURSOR");
  }

  private void begin(Statement.Begin begin) {
    if (state == State.IN_TRANSACTION) {
      Replies.notice(out, "25001", "there is already a transaction in progress");
    } else {
      current();
      become(State.IN_TRANSACTION);
    }
    complete(begin.tag());
  }

  private void end(String tag) {
    if (state == State.IDLE) {
      Replies.notice(out, "25P01", "there is no transaction in progress");
    }
    become(State.IDLE);
    endTransaction();
    complete(tag);
  }

  private Transaction block(String command) {
    if (state == State.IDLE) {
      throw PgException.of(
          SqlState.NO_ACTIVE_SQL_TRANSACTION, command + " can only be used in transaction blocks");
    }
    return current();
  }

  private void set(Statement.Set set) {
    if (set.name().equals("all") && set.value().isEmpty()) {
      settings.reset();
    } else {
      settings.set(set.name(), set.value());
    }
    if (set.name().equals("timezone")) {
      Replies.parameter(out, "TimeZone", settings.show("timezone"));
    }
    complete(set.tag());
  }

  private void executePrepared(Statement.Execute execute, boolean described) {
    String sql = prepared.get(execute.name());
    if (sql == null) {
      throw PgException.of(
          SqlState.INVALID_SQL_STATEMENT_NAME,
          "prepared statement \"" + execute.name() + "\" does not exist");
    }
    if (!execute.arguments().isEmpty()) {
      throw PgException.unsupported("EXECUTE with arguments; use the protocol's parameters");
    }
    execute(Parser.parse(sql).getFirst(), List.of(), described);
  }

  /** Columns of a statement's result for Describe; empty if it has none. */
  Optional<Query> describe(Statement statement, List<@Nullable String> parameters) {
    return switch (statement) {
      case Statement.Query query -> Optional.of(plan(query.select(), parameters));
      case Statement.Fetch fetch when !fetch.move() -> Optional.of(cursor(fetch.cursor()).query());
      default -> Optional.empty();
    };
  }
}
