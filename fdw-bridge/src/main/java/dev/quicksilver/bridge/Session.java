package dev.quicksilver.bridge;

import dev.quicksilver.bridge.catalog.CatalogView;
import dev.quicksilver.bridge.catalog.KeySet;
import dev.quicksilver.bridge.catalog.ReplicaView;
import dev.quicksilver.bridge.catalog.TypedView;
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
import dev.quicksilver.bridge.wire.MessageWriter;
import dev.quicksilver.edge.access.Rights;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Executes the statements of one connection: seeks itself, all else by the evaluator, as one
 * PostgreSQL would. Used by the connection's thread, under its lock.
 */
final class Session {
  /** Statements that leave nothing behind in a session. */
  private static final Set<String> STATELESS = Set.of("show", "explain", "table", "values");

  /** Statements that may make a temporary table, which hides one of ours. */
  private static final Set<String> MAKES_TABLES =
      Set.of("", "create", "do", "call", "execute", "alter");

  private final Bridge bridge;
  private final MessageWriter out;
  private final Client client;
  private final @Nullable Session outer;
  private volatile Rights rights = Rights.of(Set.of());
  private final Settings settings = new Settings();
  private final Cursors cursors = new Cursors();
  private final Reading reading;
  private final Watch watch;
  private final Block block;
  private final Seeks seeks;
  private final StatementCount count;
  private final List<Script.Piece> toLearn = new ArrayList<>();
  private boolean temporaries;
  private boolean unsure;
  private @Nullable Settings beforeSeries;
  private @Nullable Planned planned;
  private volatile @Nullable EvaluatorSide evaluator;

  /**
   * The plan made last: a statement is planned when it is parsed, bound and run, which in a series
   * of messages happens at once.
   */
  private record Planned(
      Select select, List<Argument> arguments, ReplicaView view, Scope scope, Optional<Seek> seek) {
    @SuppressWarnings("ReferenceEquality") // the same objects come again, or it is planned anew
    boolean isOf(Select one, List<Argument> values, ReplicaView seen, Scope within) {
      return select == one && arguments == values && view == seen && scope.equals(within);
    }
  }

  /** A session of a client. */
  Session(Bridge bridge, MessageWriter out, Client client) {
    this(bridge, out, client, null);
  }

  private Session(Bridge bridge, MessageWriter out, Client client, @Nullable Session outer) {
    this.bridge = bridge;
    this.out = out;
    this.client = client;
    this.outer = outer;
    this.reading =
        outer == null
            ? new Reading(() -> bridge.newTransaction(rights, new Lag()), cursors)
            : outer.reading.shared(cursors);
    this.watch = new Watch(client, reading::transaction, bridge.nanoClock());
    this.block = new Block(settings, cursors, reading, this::evaluator, out);
    this.count = new StatementCount(bridge.counters(), bridge.nanoClock(), outer != null);
    this.seeks = new Seeks(bridge, settings, reading, cursors, block, watch, out, client, count);
  }

  /**
   * A session of the evaluator's own, which reads what another session reads.
   *
   * @param outer the session whose statement is evaluated
   */
  static Session inner(Bridge bridge, MessageWriter out, Client client, Session outer) {
    return new Session(bridge, out, client, outer);
  }

  /** What the session's user may read; nothing before this is called. */
  void mayRead(Rights granted) {
    rights = granted;
  }

  /** How old what is read may be, as the session has it set. */
  private final class Lag implements ReplicaView.Judge {
    @Override
    public long most() {
      if (toLearn.stream().anyMatch(Session::mayLimitLag)) {
        throw PgException.of(
                SqlState.STALE,
                "quicksilver.max_lag may have been set by a statement before this one, and is not"
                    + " known before the series ends")
            .hint("Send a Sync after it.");
      }
      return settings.maxLag();
    }

    @Override
    public void require(String database, long most) {
      if (most > 0) {
        bridge.freshness().require(database, most);
      }
    }
  }

  private static boolean mayLimitLag(Script.Piece piece) {
    return piece.text().toLowerCase(Locale.ROOT).contains("max_lag");
  }

  /** The session may use the evaluator from now on. */
  void evaluateBy(EvaluatorSide.StartUp startUp) {
    settings.begin();
    evaluator = new EvaluatorSide(bridge, client, out, settings, watch, startUp);
  }

  /** Counts the session's statements. */
  StatementCount count() {
    return count;
  }

  Block block() {
    return block;
  }

  Seeks seeks() {
    return seeks;
  }

  Reading reading() {
    return reading;
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

  /** Stops the running statement. Safe for all threads. */
  void cancel() {
    watch.cancel();
    evaluator().ifPresent(EvaluatorSide::cancel);
  }

  /** Ends the transaction of single statements; keeps one that BEGIN has opened. */
  void endImplicit() {
    if (block.state() == Block.State.IDLE) {
      block.clear();
    }
  }

  /** Closes everything. */
  void close() {
    evaluator().ifPresent(EvaluatorSide::close); // first: its own session reads our snapshot
    block.clear();
  }

  /** Refuses a statement that cannot be run as the session is. */
  void requireUsable(Statement statement) {
    block.requireUsable(statement);
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

  /** The statements of a text. */
  List<Script.Piece> split(String text) {
    return bridge.statements().split(text);
  }

  /**
   * Runs the statements of a simple query. It ends a series that its client has not ended: within
   * one, PostgreSQL's own session would be unusable after the Sync that follows (XX000, "unexpected
   * state STARTED").
   */
  void simple(String text) {
    sync();
    List<Script.Piece> pieces = split(text);
    if (pieces.size() == 1) {
      run(pieces.getFirst(), List.of(), false);
      return;
    }
    block.beginImplicit();
    boolean done = false;
    try {
      for (Script.Piece piece : pieces) {
        run(piece, List.of(), false);
      }
      done = true;
    } finally {
      block.endImplicit(done);
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
                  seek -> seeks.query(seek, described),
                  () -> evaluate(piece, described, narrowing(query.select(), arguments)));
      case Statement.Explain explain ->
          seek(explain.select(), arguments)
              .ifPresentOrElse(
                  seek -> seeks.explain(seek, described),
                  () -> evaluate(piece, described, narrowing(explain.select(), arguments)));
      case Statement.Declare declare ->
          seek(declare, arguments)
              .ifPresentOrElse(
                  seek -> seeks.declare(declare, seek),
                  () -> {
                    cursors.requireFree(declare.cursor());
                    Map<String, KeySet> keys = narrowing(declare.select(), arguments);
                    evaluate(piece, described, keys);
                    cursors.evaluated(declare.cursor(), keys);
                  });
      case Statement.Fetch fetch -> fetch(fetch, piece, described);
      case Statement.Close close -> close(close, piece, described);
      case Statement.Begin begin -> block.begin(begin, piece.text());
      case Statement.Commit commit -> block.end(true, commit.chain(), piece.text());
      case Statement.Rollback rollback -> block.end(false, rollback.chain(), piece.text());
      case Statement.Savepoint savepoint -> block.savepoint(savepoint.name(), piece.text());
      case Statement.Release release -> block.release(release.name(), piece.text());
      case Statement.RollbackTo rollback -> block.rollBackTo(rollback.name(), piece.text());
      case Statement.Set set -> set(set, piece, described);
      case Statement.Deallocate deallocate -> deallocate(deallocate, piece, described);
      case Statement.Discard discard -> discard(discard, piece, described);
      case Statement.Other _ -> evaluate(piece, described, Map.of());
    }
  }

  /** A statement begins: counts it, and its time. */
  void begin() {
    count.begin();
    watch.beginStatement(settings.statementTimeout());
  }

  private void complete(String tag) {
    Replies.complete(out, tag);
  }

  // Seeks

  /** Whether the bridge knows all that the meaning of a statement depends on. */
  boolean seekable() {
    return settings.seekable() && !unsure;
  }

  /** The statement as a seek, if it is one. */
  Optional<Seek> seek(Select select, List<Argument> arguments) {
    if (!seekable()) {
      return Optional.empty();
    }
    reading.lock().lock();
    try {
      Session other = outer;
      return other == null
          ? plan(select, arguments)
          : Seek.plan(select, catalog(), arguments, scope())
              .map(s -> s.narrowed(other.evaluator().orElseThrow().narrowing(s.relation().name())));
    } finally {
      reading.lock().unlock();
    }
  }

  private Optional<Seek> plan(Select select, List<Argument> arguments) {
    ReplicaView view = reading.current().view();
    Scope scope = scope();
    Planned last = planned;
    if (last != null && last.isOf(select, arguments, view, scope)) {
      return last.seek();
    }
    Optional<Seek> seek = Seek.plan(select, view, arguments, scope);
    planned = new Planned(select, arguments, view, scope, seek);
    return seek;
  }

  /** The query of a cursor as a seek, if it is one that moves as the cursor has to. */
  private Optional<Seek> seek(Statement.Declare declare, List<Argument> arguments) {
    return seek(declare.select(), arguments)
        .filter(
            seek ->
                declare.scrolling() != Statement.Scrolling.SCROLL || Seeks.scrolls(declare, seek));
  }

  /** The tables that seeks find. */
  CatalogView catalog() {
    ReplicaView view = reading.current().view();
    return outer == null ? view : new TypedView(view);
  }

  Scope scope() {
    return new Scope(settings.zone(), settings.searchesPublic() && !temporaries && outer == null);
  }

  /**
   * The keys that matter to a statement, by table; a table that is not there is read whole. In a
   * session that may have temporary objects a name may stand for one of them: nothing is narrowed.
   */
  Map<String, KeySet> narrowing(Select select, List<Argument> arguments) {
    return seekable() && !temporaries
        ? Narrowing.of(select, reading.current().view(), arguments, scope())
        : Map.of();
  }

  private void fetch(Statement.Fetch fetch, Script.Piece piece, boolean described) {
    Portal portal = cursors.seeking(fetch.cursor());
    if (portal == null) {
      requireCursor(fetch.cursor());
      evaluate(piece, described, cursors.narrowing(fetch.cursor()));
      return;
    }
    seeks.fetch(fetch, portal, described);
  }

  /** Refuses the name of a cursor that is not there, if the evaluator has none at all. */
  private void requireCursor(String name) {
    reading.transaction().ifPresent(Transaction::requireNotExpired);
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
    if (beforeSeries == null && !block.isOpen()) {
      beforeSeries = before;
    }
    if (side != null && !block.isOpen()) {
      side.backlog().setting(set.name(), piece.text());
    } else if (side != null) {
      side.backlog().settingInBlock(set.name(), piece.text(), false);
    }
    report(before);
    complete(set.tag());
  }

  /** A series of messages ends; one that failed leaves the settings as it found them. */
  void endSeries(boolean failed) {
    Settings before = beforeSeries;
    beforeSeries = null;
    if (before != null && failed && !block.isOpen()) {
      Settings after = settings.copy();
      settings.restore(before);
      evaluator().ifPresent(side -> settings.differences(after).forEach(side.backlog()::setting));
      report(after);
    }
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
    if (discard.what().equals("ALL") && !block.isOpen()) {
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
    } else if (side != null && (side.isOpen() || block.isOpen())) {
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
    boolean done = false;
    try {
      takeTurn(side, () -> side.query(sql, piece.offset(), described, keys, refusal(piece)));
      done = true;
    } finally {
      client.forgetUnnamed();
      follow();
      if (done || mayCommit(piece)) {
        learn(piece);
      }
    }
  }

  /** Whether a statement may leave something behind although it failed. */
  static boolean mayCommit(Script.Piece piece) {
    return piece.statement() instanceof Statement.Other other
        && Set.of("", "do", "call").contains(other.word());
  }

  /** Runs a piece of an evaluated statement when it is its turn. */
  void takeTurn(EvaluatorSide side, Runnable work) {
    try (Turns.Turn turn = bridge.turns().take(watch::reason)) {
      count.evaluates();
      side.has(turn);
      work.run();
    }
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
    ReplicaView view = reading.current().view();
    Optional<String> write =
        Writes.command(piece.text(), view::has, settings.searchesPublic() && !temporaries);
    if (write.isPresent()) {
      throw readOnly(write.get());
    }
    side.join(view, block.atBegin());
    return side;
  }

  /** Why a statement of the evaluator's own cannot be answered: its table was dropped, mostly. */
  private PgException notAScan(Script.Piece piece) {
    Select select = Script.select(piece.statement());
    if (select != null
        && select.from().size() == 1
        && select.from().getFirst() instanceof Select.FromItem.Table table
        && catalog().find("public", table.name()).isEmpty()) {
      return PgException.of(
          SqlState.UNDEFINED_TABLE,
          "relation \"" + TypedView.table(table.name()) + "\" does not exist");
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
    block.follow(side.status());
  }

  /** The same once the evaluator is in step again; until then nothing is certainly a seek. */
  void learnLater(Script.Piece piece) {
    toLearn.add(piece);
    unsure |= temporaries || sets(piece) || piece.statement() instanceof Statement.Other;
  }

  private static boolean sets(Script.Piece piece) {
    return piece.statement() instanceof Statement.Set
        || piece.text().toLowerCase(Locale.ROOT).contains("set_config");
  }

  /** Ends a series of forwarded messages. */
  void sync() {
    planned = null;
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
    unsure = false;
    pieces.forEach(this::learn);
  }

  /** Notes what a statement may have left behind that the bridge itself could not see. */
  void learn(Script.Piece piece) {
    EvaluatorSide side = evaluator;
    if (side == null) {
      return;
    }
    String text = piece.text().toLowerCase(Locale.ROOT);
    boolean sets = sets(piece);
    if (piece.statement() instanceof Statement.Other other) {
      boolean into = Set.of("select", "with", "").contains(other.word()) && text.contains("into");
      boolean made = other.word().equals("explain") && text.contains("create");
      temporaries |= into || made || MAKES_TABLES.contains(other.word());
      boolean reads = Set.of("select", "with").contains(other.word()) && !into;
      if (made || (!reads && !STATELESS.contains(other.word()))) {
        side.becomeStateful();
        cursors.forgetNarrowing();
        sets = true;
      }
    } else if (piece.statement() instanceof Statement.Set) {
      side.becomeStateful();
    }
    if (sets || temporaries) { // a function of the session's own may set anything
      side.learnSettings();
    }
  }
}
