package dev.quicksilver.bridge;

import dev.quicksilver.bridge.catalog.KeySet;
import dev.quicksilver.bridge.seek.Argument;
import dev.quicksilver.bridge.seek.Narrowing;
import dev.quicksilver.bridge.seek.Scope;
import dev.quicksilver.bridge.seek.Seek;
import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.Script;
import dev.quicksilver.bridge.sql.Select;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.bridge.sql.Statement;
import dev.quicksilver.bridge.sql.Writes;
import dev.quicksilver.bridge.types.Type;
import dev.quicksilver.bridge.wire.MessageWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Executes the statements of one connection: seeks itself, all else by the evaluator, as one
 * PostgreSQL would. Used by the connection's thread, under its lock.
 */
final class Session {
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

  /** Statements that leave nothing behind in a session. */
  private static final Set<String> STATELESS = Set.of("show", "explain", "table", "values");

  /** Statements that may make a temporary table, which hides one of ours. */
  private static final Set<String> MAKES_TABLES =
      Set.of("", "create", "do", "call", "execute", "alter");

  private final Bridge bridge;
  private final MessageWriter out;
  private final Client client;
  private final @Nullable Session outer;
  private final Settings settings = new Settings();
  private final Cursors cursors = new Cursors();
  private final Savepoints savepoints = new Savepoints();
  private final ReentrantLock scanning = new ReentrantLock();
  private final Watch watch;
  private final List<Script.Piece> toLearn = new ArrayList<>();
  private State state = State.IDLE;
  private Settings atBegin = settings;
  private boolean implicitBlock;
  private boolean temporaries;
  private volatile @Nullable Transaction transaction;
  private volatile @Nullable EvaluatorSide evaluator;
  private volatile @Nullable Session inner;

  /** A session of a client. */
  Session(Bridge bridge, MessageWriter out, Client client) {
    this(bridge, out, client, null);
  }

  private Session(Bridge bridge, MessageWriter out, Client client, @Nullable Session outer) {
    this.bridge = bridge;
    this.out = out;
    this.client = client;
    this.outer = outer;
    this.watch = new Watch(client, this::transaction, bridge.nanoClock());
  }

  /**
   * A session of the evaluator's own, which reads what another session reads.
   *
   * @param outer the session whose statement is evaluated
   */
  static Session inner(Bridge bridge, MessageWriter out, Client client, Session outer) {
    var session = new Session(bridge, out, client, outer);
    outer.inner = session;
    return session;
  }

  /** The session may use the evaluator from now on. */
  void evaluateBy(EvaluatorSide.StartUp startUp) {
    settings.begin();
    evaluator = new EvaluatorSide(bridge, client, out, settings, watch, startUp);
  }

  State state() {
    return state;
  }

  Settings settings() {
    return settings;
  }

  Cursors cursors() {
    return cursors;
  }

  Watch watch() {
    return watch;
  }

  /** The evaluator's side; empty for its own sessions. */
  Optional<EvaluatorSide> evaluator() {
    return Optional.ofNullable(evaluator);
  }

  /** The transaction, if one is open. Safe for all threads. */
  Optional<Transaction> transaction() {
    Session of = outer == null ? this : outer;
    return Optional.ofNullable(of.transaction);
  }

  /** Stops the running statement. Safe for all threads. */
  void cancel() {
    watch.cancel();
    evaluator().ifPresent(EvaluatorSide::cancel);
  }

  /** What is read of the replica now. */
  Transaction current() {
    Session other = outer;
    if (other != null) {
      return other
          .transaction()
          .orElseThrow(
              () ->
                  PgException.of(
                      SqlState.NO_ACTIVE_SQL_TRANSACTION, "the session reads nothing just now"));
    }
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
    ReentrantLock lock = lock();
    lock.lock();
    try {
      cursors.closeAll();
      savepoints.clear();
      atBegin = settings;
      if (outer == null) {
        closeInner();
        Transaction ending = transaction;
        transaction = null;
        if (ending != null) {
          ending.release();
        }
      }
    } finally {
      lock.unlock();
    }
  }

  private void closeInner() {
    Session reading = inner;
    if (reading != null) {
      reading.cursors.closeAll();
    }
  }

  private ReentrantLock lock() {
    return outer == null ? scanning : outer.scanning;
  }

  /** Takes the snapshot away; what reads it next fails. */
  void expire() {
    scanning.lock();
    try {
      cursors.closeAll();
      closeInner();
      transaction().ifPresent(Transaction::expire);
    } finally {
      scanning.unlock();
    }
  }

  /** Closes everything. */
  void close() {
    evaluator().ifPresent(EvaluatorSide::close); // first: its own session reads our snapshot
    state = State.IDLE;
    endTransaction();
  }

  /** Notes that a statement failed. */
  void fail() {
    if (state == State.IN_TRANSACTION) {
      state = State.FAILED;
    }
  }

  /** Refuses a statement that a failed transaction must not run. */
  void requireUsable(Statement statement) {
    boolean ends =
        switch (statement) {
          case Statement.Commit _, Statement.Rollback _, Statement.RollbackTo _ -> true;
          case Statement.Other other ->
              Set.of("commit", "rollback", "end", "abort").contains(other.word());
          default -> false;
        };
    if (state == State.FAILED && !ends) {
      throw PgException.of(
          SqlState.IN_FAILED_SQL_TRANSACTION,
          "current transaction is aborted, commands ignored until end of transaction block");
    }
    evaluator()
        .filter(EvaluatorSide::lost)
        .ifPresent(
            lost -> {
              throw PgException.of(
                  SqlState.ADMIN_SHUTDOWN,
                  "terminating connection because the evaluator, which held its objects, is gone");
            });
  }

  /** Learns the settings that the evaluator has and does not report. */
  void learnSettings() {
    evaluator().ifPresent(EvaluatorSide::learnSettings);
  }

  /** Runs the statements of a simple query. */
  void simple(String text) {
    List<Script.Piece> pieces = Script.split(text);
    implicitBlock = pieces.size() > 1;
    boolean done = false;
    try {
      for (Script.Piece piece : pieces) {
        run(piece, List.of(), false);
      }
      done = true;
    } finally {
      boolean opened = implicitBlock && state == State.IDLE;
      implicitBlock = false;
      EvaluatorSide side = evaluator;
      if (opened && side != null && side.isOpen() && side.inBlock()) {
        side.silently(done ? "COMMIT" : "ROLLBACK");
      }
    }
  }

  /**
   * Runs one statement and writes its rows and its completion.
   *
   * @param described whether the client has been or will be told the columns separately
   */
  void run(Script.Piece piece, List<Argument> arguments, boolean described) {
    requireUsable(piece.statement());
    begin();
    switch (piece.statement()) {
      case Statement.Empty _ -> Replies.empty(out, 'I');
      case Statement.Query query ->
          seek(query.select(), arguments)
              .ifPresentOrElse(
                  seek -> query(seek, described),
                  () -> evaluate(piece, described, narrowing(query.select(), arguments)));
      case Statement.Explain explain ->
          seek(explain.select(), arguments)
              .ifPresentOrElse(
                  seek -> explain(seek, described),
                  () -> evaluate(piece, described, narrowing(explain.select(), arguments)));
      case Statement.Declare declare ->
          seek(declare.select(), arguments)
              .ifPresentOrElse(
                  seek -> declare(declare.cursor(), seek),
                  () -> {
                    Map<String, KeySet> keys = narrowing(declare.select(), arguments);
                    evaluate(piece, described, keys);
                    cursors.evaluated(declare.cursor(), keys);
                  });
      case Statement.Fetch fetch -> fetch(fetch, piece, described);
      case Statement.Close close -> close(close, piece, described);
      case Statement.Begin begin -> begin(begin, piece.text());
      case Statement.Commit _ -> end(true, piece.text());
      case Statement.Rollback _ -> end(false, piece.text());
      case Statement.Savepoint savepoint -> savepoint(savepoint.name(), piece.text());
      case Statement.Release release -> release(release.name(), piece.text());
      case Statement.RollbackTo rollback -> rollBackTo(rollback.name(), piece.text());
      case Statement.Set set -> set(set, piece, described);
      case Statement.Deallocate deallocate -> deallocate(deallocate, piece, described);
      case Statement.Discard discard -> discard(discard, piece, described);
      case Statement.Other _ -> evaluate(piece, described, Map.of());
    }
  }

  /** A statement begins: counts it, and its time. */
  void begin() {
    bridge.counters().queries.increment();
    watch.beginStatement(settings.statementTimeout());
  }

  private void complete(String tag) {
    Replies.complete(out, tag);
  }

  // Seeks

  /** The statement as a seek, if it is one. */
  Optional<Seek> seek(Select select, List<Argument> arguments) {
    if (!settings.seekable()) {
      return Optional.empty();
    }
    lock().lock();
    try {
      Optional<Seek> seek = Seek.plan(select, current().view(), arguments, scope());
      Session other = outer;
      return other == null
          ? seek
          : seek.map(
              s -> s.narrowed(other.evaluator().orElseThrow().narrowing(s.relation().name())));
    } finally {
      lock().unlock();
    }
  }

  Scope scope() {
    return new Scope(settings.zone(), settings.searchesPublic() && !temporaries && outer == null);
  }

  /**
   * The keys that matter to a statement, by table; a table that is not there is read whole. In a
   * session that may have temporary objects a name may stand for one of them: nothing is narrowed.
   */
  Map<String, KeySet> narrowing(Select select, List<Argument> arguments) {
    return settings.seekable() && !temporaries
        ? Narrowing.of(select, current().view(), arguments, scope())
        : Map.of();
  }

  private void query(Seek seek, boolean described) {
    Portal portal = portal(seek, new boolean[seek.types().size()]);
    if (!described) {
      Replies.description(out, seek.names(), seek.types(), new boolean[0]);
    }
    try (portal) {
      complete("SELECT " + send(portal, Long.MAX_VALUE, false));
    }
  }

  /** A portal of this session. */
  Portal portal(Seek seek, boolean[] binary) {
    return new Portal(seek, watch, binary, savepoints.depth());
  }

  /** Sends rows of a portal; returns how many. */
  long send(Portal portal, long count, boolean discard) {
    lock().lock();
    try {
      watch.check();
      current().view();
      long sent = portal.send(count, discard, out, client::flush);
      bridge.counters().rows.add(discard ? 0 : sent);
      return sent;
    } finally {
      lock().unlock();
    }
  }

  private void explain(Seek seek, boolean described) {
    if (!described) {
      Replies.description(out, List.of("QUERY PLAN"), List.of(Type.TEXT), new boolean[0]);
    }
    Replies.textRow(out, seek.explain());
    complete("EXPLAIN");
  }

  private void declare(String name, Seek seek) {
    if (state == State.IDLE && !implicitBlock) {
      throw PgException.of(
          SqlState.NO_ACTIVE_SQL_TRANSACTION,
          "DECLARE CURSOR can only be used in transaction blocks");
    }
    cursors.open(name, portal(seek, new boolean[seek.types().size()]));
    complete("DECLARE CURSOR");
  }

  private void fetch(Statement.Fetch fetch, Script.Piece piece, boolean described) {
    Portal portal = cursors.seeking(fetch.cursor());
    if (portal == null) {
      requireCursor(fetch.cursor());
      evaluate(piece, described, cursors.narrowing(fetch.cursor()));
      return;
    }
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
      Replies.description(out, portal.seek().names(), portal.seek().types(), new boolean[0]);
    }
    long sent = send(portal, count, fetch.move());
    complete((fetch.move() ? "MOVE " : "FETCH ") + sent);
  }

  /** Refuses the name of a cursor that is not there, if the evaluator has none at all. */
  private void requireCursor(String name) {
    if (evaluator().filter(EvaluatorSide::isOpen).isEmpty()) {
      throw PgException.of(SqlState.INVALID_CURSOR_NAME, "cursor \"" + name + "\" does not exist");
    }
  }

  private void close(Statement.Close close, Script.Piece piece, boolean described) {
    Optional<EvaluatorSide> open = evaluator().filter(EvaluatorSide::isOpen);
    if (close.cursor().isEmpty()) {
      cursors.closeAll();
      open.ifPresentOrElse(side -> side.command("CLOSE ALL"), () -> complete("CLOSE CURSOR ALL"));
    } else if (cursors.close(close.cursor().get())) {
      complete("CLOSE CURSOR");
    } else {
      requireCursor(close.cursor().get());
      evaluate(piece, described, Map.of());
    }
  }

  // Transactions

  private void begin(Statement.Begin begin, String text) {
    if (state == State.IN_TRANSACTION) {
      Replies.notice(out, "25001", "there is already a transaction in progress");
    } else {
      boolean joined = evaluator().filter(EvaluatorSide::inBlock).isPresent();
      if (!joined) {
        evaluator().ifPresent(side -> side.backlog().begin(text));
      }
      current();
      atBegin = settings.copy();
      state = State.IN_TRANSACTION;
    }
    complete(begin.tag());
  }

  private void end(boolean commit, String text) {
    boolean committed = commit && state != State.FAILED;
    if (state == State.IDLE) {
      Replies.notice(out, "25P01", "there is no transaction in progress");
    }
    try {
      Optional<EvaluatorSide> joined = evaluator().filter(EvaluatorSide::inBlock);
      if (joined.isPresent()) {
        joined.get().command(committed ? text : "ROLLBACK");
      } else {
        evaluator().ifPresent(side -> side.backlog().end(committed));
        complete(committed ? "COMMIT" : "ROLLBACK");
      }
      if (!committed) {
        settings.restore(atBegin);
      }
    } finally {
      state = State.IDLE;
      endTransaction();
    }
  }

  private void requireBlock(String command) {
    if (state == State.IDLE) {
      throw PgException.of(
          SqlState.NO_ACTIVE_SQL_TRANSACTION, command + " can only be used in transaction blocks");
    }
  }

  /** Tells the evaluator of a statement if it takes part in the transaction; else notes it. */
  private void tell(String sql, String tag, Runnable note) {
    Optional<EvaluatorSide> joined = evaluator().filter(EvaluatorSide::inBlock);
    if (joined.isPresent()) {
      joined.get().command(sql);
    } else {
      note.run();
      complete(tag);
    }
  }

  private void savepoint(String name, String text) {
    requireBlock("SAVEPOINT");
    tell(text, "SAVEPOINT", () -> evaluator().ifPresent(side -> side.backlog().savepoint(text)));
    savepoints.open(name, settings);
  }

  private void release(String name, String text) {
    requireBlock("RELEASE SAVEPOINT");
    requireSavepoint(name);
    int left = savepoints.has(name) ? savepoints.release(name) : savepoints.depth();
    tell(text, "RELEASE", () -> evaluator().ifPresent(side -> side.backlog().release(left, text)));
    cursors.rise(left);
  }

  private void rollBackTo(String name, String text) {
    requireBlock("ROLLBACK TO SAVEPOINT");
    requireSavepoint(name);
    int depth = savepoints.has(name) ? savepoints.rollBackTo(name, settings) : savepoints.depth();
    tell(
        text,
        "ROLLBACK",
        () -> evaluator().ifPresent(side -> side.backlog().rollBackTo(depth - 1)));
    cursors.closeBelow(depth);
    state = State.IN_TRANSACTION;
  }

  private void requireSavepoint(String name) {
    if (!savepoints.has(name) && evaluator().filter(EvaluatorSide::inBlock).isEmpty()) {
      throw PgException.of(SqlState.INVALID_SAVEPOINT, "savepoint \"" + name + "\" does not exist");
    }
  }

  // Settings

  private void set(Statement.Set set, Script.Piece piece, boolean described) {
    Settings before = settings.copy();
    EvaluatorSide side = evaluator;
    boolean all = set.name().equals("all") && set.value().isEmpty();
    if (side == null) {
      settings.set(set.name(), set.value());
    } else if (set.local() || side.inBlock() || (all && side.isOpen())) {
      evaluate(piece, described, Map.of());
      return;
    } else if (all) {
      settings.reset();
    } else if (!settings.set(set.name(), set.value())) {
      evaluate(piece, described, Map.of());
      return;
    }
    if (side != null && state == State.IDLE) {
      side.backlog().setting(set.name(), piece.text());
    } else if (side != null) {
      side.backlog().settingInBlock(set.name(), piece.text(), false);
    }
    report(before);
    complete(set.tag());
  }

  private void report(Settings before) {
    Settings.REPORTED.forEach(
        (name, reported) -> {
          if (!before.value(name).equals(settings.value(name))) {
            Replies.parameter(out, reported, settings.value(name));
          }
        });
  }

  private void discard(Statement.Discard discard, Script.Piece piece, boolean described) {
    EvaluatorSide side = evaluator;
    if (discard.what().equals("ALL") && state == State.IDLE) {
      Settings before = settings.copy();
      client.deallocate(Optional.empty());
      cursors.closeAll();
      settings.reset();
      temporaries = false;
      if (side != null) {
        side.forget();
      }
      report(before);
      complete("DISCARD ALL");
    } else if (side != null && (side.isOpen() || state != State.IDLE)) {
      evaluate(piece, described, Map.of());
    } else {
      complete("DISCARD " + discard.what());
    }
  }

  private void deallocate(Statement.Deallocate deallocate, Script.Piece piece, boolean described) {
    boolean known = client.deallocate(deallocate.name());
    Optional<EvaluatorSide> open = evaluator().filter(EvaluatorSide::isOpen);
    if (open.isPresent() && (!known || deallocate.name().isEmpty())) {
      evaluate(piece, described, Map.of());
    } else if (known || deallocate.name().isEmpty()) {
      complete(deallocate.name().isPresent() ? "DEALLOCATE" : "DEALLOCATE ALL");
    } else {
      throw PgException.of(
          SqlState.INVALID_SQL_STATEMENT_NAME,
          "prepared statement \"" + deallocate.name().get() + "\" does not exist");
    }
  }

  // The evaluator

  /** Has a statement evaluated; the client gets all that comes of it. */
  private void evaluate(Script.Piece piece, boolean described, Map<String, KeySet> keys) {
    EvaluatorSide side = join(piece);
    String sql =
        piece.statement() instanceof Statement.Other other && other.word().equals("copy")
            ? Writes.copyOfQuery(piece.text())
            : piece.text();
    try {
      takeTurn(() -> side.query(sql, piece.offset(), described, keys, refusal(piece)));
    } finally {
      client.forgetUnnamed();
      follow();
    }
    learn(piece);
  }

  /** Runs a piece of an evaluated statement when it is its turn. */
  void takeTurn(Runnable work) {
    bridge.turn(watch::reason, work);
  }

  private static UnaryOperator<String> refusal(Script.Piece piece) {
    String word = piece.statement() instanceof Statement.Other other ? other.word() : "";
    return message ->
        (word.isEmpty() ? "this" : "cannot execute " + word.toUpperCase(Locale.ROOT))
            + " in a read-only transaction: this is an edge copy ("
            + message
            + ")";
  }

  /** Brings the evaluator where the session is, so that it can take the statement. */
  EvaluatorSide join(Script.Piece piece) {
    EvaluatorSide side = evaluator;
    if (side == null) {
      throw notAScan(piece);
    }
    Transaction now = current();
    Optional<String> write =
        Writes.command(piece.text(), now.view()::has, settings.searchesPublic() && !temporaries);
    if (write.isPresent()) {
      throw readOnly(write.get());
    }
    if (implicitBlock && state == State.IDLE && !side.inBlock()) {
      side.backlog().begin("BEGIN");
    }
    side.join(now.view(), state == State.IDLE ? settings : atBegin);
    return side;
  }

  /** Why a statement of the evaluator's own cannot be answered: its table was dropped, mostly. */
  private PgException notAScan(Script.Piece piece) {
    Select select = Script.select(piece.statement());
    if (select != null
        && select.from().size() == 1
        && select.from().getFirst() instanceof Select.FromItem.Table table
        && !current().view().has(table.name())) {
      return PgException.of(
          SqlState.UNDEFINED_TABLE, "relation \"" + table.name() + "\" does not exist");
    }
    return PgException.unsupported("what its evaluator asked of it, " + piece.text());
  }

  private static PgException readOnly(String command) {
    return PgException.of(
            SqlState.READ_ONLY_SQL_TRANSACTION,
            "cannot execute " + command + " in a read-only transaction: this is an edge copy")
        .hint("Write to the table of the same name on the central PostgreSQL.");
  }

  /** Takes over what a statement has made of the transaction. */
  void follow() {
    EvaluatorSide side = evaluator;
    if (side == null || !side.isOpen() || side.isUnsynced()) {
      return;
    }
    switch (side.status()) {
      case 'T' -> {
        if (state == State.IDLE && !implicitBlock) {
          atBegin = settings.copy();
        }
        state = state == State.IDLE && implicitBlock ? State.IDLE : State.IN_TRANSACTION;
      }
      case 'E' -> state = state == State.IDLE && implicitBlock ? State.IDLE : State.FAILED;
      default -> {
        if (state != State.IDLE) {
          state = State.IDLE;
          endTransaction();
        }
      }
    }
  }

  /** The same once the evaluator is in step again. */
  void learnLater(Script.Piece piece) {
    toLearn.add(piece);
  }

  /** Ends a series of forwarded messages. */
  void sync() {
    EvaluatorSide side = evaluator;
    if (side != null && side.isOpen() && side.isUnsynced()) {
      try {
        side.sync();
      } finally {
        follow();
      }
    }
    List<Script.Piece> pieces = List.copyOf(toLearn);
    toLearn.clear();
    pieces.forEach(this::learn);
  }

  /** Notes what a statement may have left behind that the bridge itself could not see. */
  void learn(Script.Piece piece) {
    EvaluatorSide side = evaluator;
    if (side == null) {
      return;
    }
    String text = piece.text().toLowerCase(Locale.ROOT);
    boolean sets = text.contains("set_config") || piece.statement() instanceof Statement.Set;
    if (piece.statement() instanceof Statement.Other other) {
      boolean into = Set.of("select", "with", "").contains(other.word()) && text.contains("into");
      temporaries |= into || MAKES_TABLES.contains(other.word());
      boolean reads = Set.of("select", "with").contains(other.word()) && !into;
      if (!reads && !STATELESS.contains(other.word())) {
        side.becomeStateful();
        sets = true;
      }
    } else if (piece.statement() instanceof Statement.Set) {
      side.becomeStateful();
    }
    if (sets) {
      side.learnSettings();
    }
  }
}
