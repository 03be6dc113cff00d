package dev.quicksilver.bridge;

import dev.quicksilver.bridge.catalog.KeySet;
import dev.quicksilver.bridge.catalog.ReplicaView;
import dev.quicksilver.bridge.evaluate.Evaluation;
import dev.quicksilver.bridge.evaluate.Evaluation.CopyMessage;
import dev.quicksilver.bridge.evaluate.Evaluation.ServerError;
import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.bridge.wire.MessageWriter;
import dev.quicksilver.edge.access.Rights;
import java.io.IOException;
import java.nio.charset.Charset;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A session's dealings with the evaluator: connects when first needed, tells it what it missed, and
 * sees that a statement ends when it has to. Used by the session's thread, but for {@link #cancel}
 * and {@link #narrowing}.
 */
final class EvaluatorSide implements Evaluation.Host {
  private static final long PATIENCE_NANOS = 10_000_000_000L;
  private static final long ASK_AGAIN_NANOS = 500_000_000L;
  private static final long MEASURE_NANOS = 200_000_000L;

  /** What PostgreSQL says to somebody who may read our tables and nothing else. */
  private static final Pattern NO_RIGHT =
      Pattern.compile(
          "permission denied (for (table|view|schema|relation|database|foreign table) .*|to create"
              + " .*)|must be owner of .*");

  /** What it says to those whose write our rules would refuse, before it looks at the rules. */
  private static final Pattern NO_WRITE =
      Pattern.compile(
          "cannot perform (INSERT|UPDATE|DELETE|MERGE) RETURNING on relation .*"
              + "|cannot execute MERGE on relation .*"
              + "|INSERT with ON CONFLICT clause cannot be used with table that has .* rules");

  private final Bridge bridge;
  private final Client client;
  private final Settings settings;
  private final Watch watch;
  private final Evaluation evaluation;
  private final Backlog backlog = new Backlog();
  private final StartUp startUp;
  private volatile Map<String, KeySet> narrowing = Map.of();
  private volatile boolean running;
  private boolean stateful;
  private boolean seriesFailed;
  private long askedAt;
  private long askedFirst;
  private boolean asked;
  private long measuredAt;
  private long temporaryBytes;
  private boolean outOfSpace;
  private @Nullable PgException tooOld;
  private Turns.@Nullable Turn turn;

  /**
   * Who the session is to the evaluator.
   *
   * @param user the client's
   * @param rights what it may read, and know of
   * @param parameters of its start-up message, but user and database
   * @param name under which the evaluator's postgres_fdw asks for this session's rows
   */
  record StartUp(String user, Rights rights, Map<String, String> parameters, String name) {}

  EvaluatorSide(
      Bridge bridge,
      Client client,
      MessageWriter out,
      Settings settings,
      Watch watch,
      StartUp startUp) {
    this.bridge = bridge;
    this.client = client;
    this.settings = settings;
    this.watch = watch;
    this.startUp = startUp;
    this.evaluation = new Evaluation(this, out);
  }

  Backlog backlog() {
    return backlog;
  }

  /** Whether the evaluator takes part in the transaction block. */
  boolean inBlock() {
    return evaluation.inBlock();
  }

  /** I, T or E. */
  char status() {
    return evaluation.status();
  }

  /** Whether the session has a connection. */
  boolean isOpen() {
    return evaluation.isOpen();
  }

  /** Whether forwarded messages wait for a {@link #sync}. */
  boolean isUnsynced() {
    return evaluation.isUnsynced();
  }

  /** The session has something in the evaluator that cannot be made again: temporary tables. */
  void becomeStateful() {
    stateful = true;
  }

  /** Whether what the session had in the evaluator is lost. */
  boolean lost() {
    evaluation.leaveIfEnded();
    return stateful && !evaluation.isOpen();
  }

  /** The keys of a table that matter to the running statement. Safe for all threads. */
  KeySet narrowing(String table) {
    return narrowing.getOrDefault(table, KeySet.ALL);
  }

  /**
   * Brings the evaluator where the session is.
   *
   * @param atBegin the settings that a rollback goes back to
   */
  void join(ReplicaView view, Settings atBegin) {
    boolean fresh = !evaluation.isOpen();
    try {
      if (!evaluation.inBlock()) {
        bridge.evaluator(startUp.rights()).follow(view.tables(), view::rowsWithin);
      }
    } catch (IOException e) {
      throw PgException.of(
              SqlState.CANNOT_CONNECT_NOW, "the evaluator is not available: " + e.getMessage(), e)
          .hint("Seeks go on working: one table, plain columns, conditions on the key.");
    }
    if (fresh) {
      client.forgetRemote();
    }
    List<String> block = backlog.takeBlock();
    begin();
    try {
      // Not with the block: a BEGIN in the same message would make them a part of it.
      evaluation.join(fresh ? atBegin.changes() : backlog.settings());
      backlog.forgetSettings();
      evaluation.join(block);
      if (!block.isEmpty()) {
        client.forgetUnnamed();
      }
    } finally {
      running = false;
    }
  }

  private void begin() {
    asked = false;
    outOfSpace = false;
    tooOld = null;
    running = true;
  }

  /**
   * Runs a statement whose results the client gets.
   *
   * @param described whether the client knows the columns already
   */
  void query(
      String sql,
      int offset,
      boolean described,
      Map<String, KeySet> keys,
      UnaryOperator<String> refusal) {
    during(
        keys, () -> evaluation.query(sql, offset, described, error -> translated(error, refusal)));
  }

  /** Runs a statement of which the client gets the completion. */
  void command(String sql) {
    client.forgetUnnamed();
    during(Map.of(), () -> evaluation.command(sql));
  }

  /** Forwards a message of the extended protocol; the client gets the answer if it is shown. */
  char forward(char type, byte[] body, boolean shown, Map<String, KeySet> keys) {
    char[] last = new char[1];
    during(
        keys,
        () ->
            last[0] =
                evaluation.forward(
                    type, body, shown, error -> translated(error, UnaryOperator.identity())));
    return last[0];
  }

  /** What was forwarded since the last {@link #sync} is to be undone: the bridge refused a part. */
  void failSeries() {
    seriesFailed = evaluation.isUnsynced();
  }

  void sync() {
    boolean failed = seriesFailed;
    seriesFailed = false;
    during(Map.of(), failed ? evaluation::abort : evaluation::sync);
  }

  /** Runs a statement for the session itself; nobody sees more than its errors. */
  void silently(String sql) {
    during(Map.of(), () -> evaluation.join(List.of(sql)));
  }

  /** Learns what a statement may have set without a report. */
  void learnSettings() {
    if (evaluation.isOpen() && evaluation.status() != 'E') {
      client.forgetUnnamed();
      during(Map.of(), () -> settings.unreported(evaluation.row(Settings.unreported())));
    }
  }

  /** The next statement has this turn. */
  void has(Turns.Turn own) {
    turn = own;
  }

  private void during(Map<String, KeySet> keys, Runnable action) {
    narrowing = keys;
    begin();
    try {
      action.run();
    } finally {
      running = false;
      narrowing = Map.of();
      if (outOfSpace) { // it grew until it ended, which is not the next statement's doing
        temporaryBytes = evaluation.temporaryTables();
      }
    }
  }

  private ServerError translated(ServerError error, UnaryOperator<String> refusal) {
    if (error.state().equals("57014") && outOfSpace) {
      return new ServerError(
          SqlState.CONFIGURATION_LIMIT_EXCEEDED.code(),
          "the session's temporary tables exceed bridge.evaluator.temporary-files ("
              + (temporaryLimit() >> 20)
              + " MiB)",
          "Drop some, make smaller ones, or raise the setting.");
    }
    if (error.state().equals("57014")) {
      PgException reason = tooOld == null ? watch.reason() : tooOld;
      if (reason != null && reason.state() != SqlState.QUERY_CANCELED) {
        return new ServerError(
            reason.state().code(), reason.message(), Objects.toString(reason.hint(), ""));
      }
    }
    if (error.state().equals("08006") && error.message().startsWith("out of memory")) {
      return new ServerError(
          SqlState.OUT_OF_MEMORY.code(),
          error.message(),
          "Narrow it by key, or raise bridge.evaluator.memory.");
    }
    if ((error.state().equals("42501") && NO_RIGHT.matcher(error.message()).matches())
        || NO_WRITE.matcher(error.message()).matches()) {
      return new ServerError(
          SqlState.READ_ONLY_SQL_TRANSACTION.code(),
          refusal.apply(error.message()),
          "Write to the table of the same name on the central PostgreSQL; temporary tables may be"
              + " made here.");
    }
    return error;
  }

  /** Asks the evaluator to end the running statement. Safe for all threads. */
  void cancel() {
    if (running) {
      evaluation.cancel();
    }
  }

  /** Leaves the evaluator as if it had never been used. */
  void forget() {
    evaluation.close();
    backlog.forgetSettings();
    backlog.forgetBlock();
    stateful = false;
  }

  void close() {
    evaluation.close();
  }

  @Override
  public Evaluation.Connector connector() {
    return bridge
        .evaluator(startUp.rights())
        .connector(startUp.user(), startUp.parameters(), startUp.name());
  }

  @Override
  public Charset charset() {
    return settings.charset();
  }

  @Override
  public void flush() {
    client.flush();
  }

  @Override
  public void waiting() throws IOException {
    long now = System.nanoTime();
    measure(now);
    PgException reason = watch.reason();
    if (reason != null && reason.state() == SqlState.SNAPSHOT_TOO_OLD) {
      tooOld = reason;
      client.giveSnapshotBack(); // at once: the evaluator may take a while to hear of its end
    }
    if (reason == null && tooOld == null && !outOfSpace) {
      return;
    }
    if (asked && now - askedFirst > PATIENCE_NANOS) {
      throw new IOException("the statement did not end when it was cancelled");
    }
    if (!asked || now - askedAt > ASK_AGAIN_NANOS) { // it may have been before the statement came
      askedFirst = asked ? askedFirst : now;
      asked = true;
      askedAt = now;
      evaluation.cancel();
    }
  }

  /** Looks whether the statement fills the disk. One that makes nothing larger goes on. */
  private void measure(long now) {
    if (now - measuredAt < MEASURE_NANOS) {
      return;
    }
    measuredAt = now;
    long before = temporaryBytes;
    temporaryBytes = evaluation.temporaryTables();
    outOfSpace |= temporaryBytes > temporaryLimit() && temporaryBytes > before;
  }

  private long temporaryLimit() {
    return bridge.config().evaluator().temporaryFiles();
  }

  @Override
  public void parameter(String name, String value) {
    settings.mirror(name, value);
  }

  @Override
  public Optional<CopyMessage> copyMessage() throws IOException {
    Turns.Turn own = Objects.requireNonNull(turn);
    Optional<CopyMessage> message = client.copyMessage();
    measure(System.nanoTime());
    if (outOfSpace) {
      return Optional.of(CopyMessage.fail("its temporary tables are too large"));
    }
    if (message.isPresent()) {
      try {
        own.resume();
        return message;
      } catch (PgException e) {
        return Optional.of(CopyMessage.fail(e.message()));
      }
    }
    own.leave();
    // PostgreSQL does not look at a cancellation while it waits for the client: COPY has to fail.
    return Optional.ofNullable(watch.reason()).map(reason -> CopyMessage.fail(reason.message()));
  }
}
