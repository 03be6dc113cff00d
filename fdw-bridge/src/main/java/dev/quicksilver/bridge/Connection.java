package dev.quicksilver.bridge;

import dev.quicksilver.bridge.BridgeStatus.Outcome;
import dev.quicksilver.bridge.evaluate.Evaluation.CopyMessage;
import dev.quicksilver.bridge.evaluate.RelayedError;
import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.Script;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.bridge.sql.Statement;
import dev.quicksilver.bridge.wire.MessageReader;
import dev.quicksilver.bridge.wire.MessageWriter;
import dev.quicksilver.bridge.wire.Transport;
import dev.quicksilver.edge.access.Rights;
import dev.quicksilver.edge.access.Users;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One client: start-up, authentication, then messages until it leaves. */
final class Connection implements Client {
  private static final Logger LOG = LoggerFactory.getLogger(Connection.class);

  /** What is made of a message takes several times its bytes. */
  private static final int MAX_MESSAGE =
      (int) Math.min(64 << 20, Runtime.getRuntime().maxMemory() / 16);

  private static final long GREETING_NANOS = 60_000_000_000L;
  private static final int COPY_WAIT_MILLIS = 50;
  private static final long PATIENCE_NANOS = 10_000_000_000L;
  private static final String REVOKED = "rights of its user were taken away";

  /** Messages that a cancellation between them and those before keeps from being done. */
  private static final String WORK = "PBDE";

  private static final Set<String> FIXED = Set.of("user", "database", "replication");

  private final Bridge bridge;
  private final Transport transport;
  private final boolean ofEvaluator;
  private final int id;
  private final MessageReader in;
  private final MessageWriter out;
  private final ReentrantLock busy = new ReentrantLock();
  private volatile Session session;
  private Extended extended;
  private volatile byte[] secret = secret(32); // nobody knows it before it is told
  private String sql = "";
  private boolean skipToSync;
  private boolean inSeries;
  private boolean ending;
  private final long since;
  private volatile boolean greeted;
  private volatile boolean shut;
  private boolean admitted;
  private volatile @Nullable Holder holder;
  private long revokedAt;

  /** Whether the user's rights are to be looked at whatever has changed; the reaper's. */
  private boolean undecided = true;

  /** Whose connection it is since authentication. */
  private record Holder(String user, Rights rights) {}

  /**
   * Takes a client.
   *
   * @param ofEvaluator whether it comes over the evaluator's own way in
   */
  Connection(Bridge bridge, Transport transport, int id, boolean ofEvaluator) {
    this.bridge = bridge;
    this.transport = transport;
    this.ofEvaluator = ofEvaluator;
    this.id = id;
    this.since = bridge.nanoClock().getAsLong();
    this.in = new MessageReader(transport.in(), MAX_MESSAGE);
    this.out = new MessageWriter(transport.out());
    this.session = new Session(bridge, out, this);
    this.extended = new Extended(session, out);
    in.charset(() -> session.settings().charset());
    out.charset(() -> session.settings().charset());
  }

  int id() {
    return id;
  }

  Session session() {
    return session;
  }

  @Override
  public void flush() {
    try {
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether the client has not proven yet who it is, and is waited for. */
  boolean isStranger() {
    return !greeted && !shut;
  }

  /** Serves the client until it leaves. */
  void run() {
    try (transport) {
      greetAndServe();
    } catch (SSLException e) {
      LOG.info("no TLS with client {} at {}: {}", id, transport.peer(), e.getMessage());
    } catch (IOException | UncheckedIOException e) {
      LOG.debug("client {} is gone: {}", id, e.toString());
    } catch (RuntimeException e) {
      LOG.error("connection {} ends after an internal error", id, e);
    } catch (OutOfMemoryError e) { // of a message that was not read to its end
      LOG.error("connection {} ends, since there is no memory for it: {}", id, e.toString());
    } finally {
      busy.lock();
      try {
        extended.closePortals();
        session.close();
      } finally {
        busy.unlock();
      }
      if (admitted) {
        bridge.leave();
      }
    }
  }

  private void greetAndServe() throws IOException {
    try {
      if (startUp()) {
        greeted = true;
        serve();
      }
    } catch (PgException e) {
      fatal(e);
    }
    transport.finish();
  }

  private void fatal(PgException error) {
    try {
      bridge.counters().error(error.state().code());
      Replies.error(out, error, "", "FATAL");
      out.flush();
    } catch (IOException e) {
      LOG.debug("client {} left before it could be told: {}", id, error.message());
    }
  }

  /** Greets; false if the connection was only a cancel request. */
  private boolean startUp() throws IOException {
    var greeting = new Greeting(transport, bridge.tls(), in, out);
    switch (greeting.purpose()) {
      case Greeting.Cancel cancel -> {
        bridge.cancel(cancel.id(), cancel.secret());
        return false;
      }
      case Greeting.Serve serve -> {
        begin(greeting, serve);
        return true;
      }
    }
  }

  private void begin(Greeting greeting, Greeting.Serve serve) throws IOException {
    String user = serve.user();
    if (ofEvaluator) {
      String name = serve.parameters().getOrDefault("application_name", "");
      session = bridge.innerSession(name, out, this);
      extended = new Extended(session, out);
      greeting.welcome();
      introduce(serve);
    } else {
      Rights rights = new Admission(bridge.users(), transport).admit(greeting, serve);
      bridge.admit();
      admitted = true;
      busy.lock(); // whoever takes rights back has something to say, too
      try {
        holder = new Holder(user, rights);
        if (bridge.users().standing(user, rights) == Users.Standing.LOST) {
          throw revoked(); // whoever looks at holders has seen this one, or the rights as they are
        }
        session.mayRead(rights);
        applyOptions(user, rights, serve.parameters());
        introduce(serve);
      } finally {
        busy.unlock();
      }
    }
  }

  private void introduce(Greeting.Serve serve) throws IOException {
    secret = secret(serve.minor() >= 2 ? 32 : 4);
    announce(serve.user());
  }

  private static byte[] secret(int length) {
    byte[] secret = new byte[length];
    new SecureRandom().nextBytes(secret);
    return secret;
  }

  /** Takes the client's first settings; those that are not ours to judge are the evaluator's. */
  private void applyOptions(String user, Rights rights, Map<String, String> parameters) {
    Map<String, String> wanted = new HashMap<>();
    parameters.forEach(
        (name, value) -> {
          if (name.equals("options")) {
            wanted.putAll(StartupOptions.parse(value));
          } else if (!FIXED.contains(name)) {
            wanted.put(name.toLowerCase(Locale.ROOT), value);
          }
        });
    boolean known = true;
    for (Map.Entry<String, String> setting : wanted.entrySet()) {
      known &= session.settings().set(setting.getKey(), Optional.of(setting.getValue()));
    }
    session.evaluateBy(
        new EvaluatorSide.StartUp(user, rights, Map.copyOf(wanted), bridge.register(session)));
    if (!known) {
      session.join(new Script.Piece("", 0, new Statement.Empty()));
      session.learnSettings();
      session.endImplicit();
    }
  }

  private void announce(String user) throws IOException {
    for (String name :
        List.of(
            "server_encoding",
            "client_encoding",
            "application_name",
            "is_superuser",
            "integer_datetimes",
            "standard_conforming_strings",
            "in_hot_standby",
            "default_transaction_read_only",
            "search_path")) {
      Replies.parameter(out, name, session.settings().value(name));
    }
    Replies.parameter(out, "server_version", bridge.serverVersion());
    Replies.parameter(out, "session_authorization", user);
    Replies.parameter(out, "DateStyle", session.settings().value("datestyle"));
    Replies.parameter(out, "IntervalStyle", session.settings().value("intervalstyle"));
    Replies.parameter(out, "TimeZone", session.settings().value("timezone"));
    out.begin('K');
    out.int32(id);
    out.bytes(secret, 0, secret.length);
    out.end();
    Replies.ready(out, session.block().state().status);
    out.flush();
  }

  /** Cancels the running statement if the secret is right. */
  void cancel(byte[] given) {
    if (MessageDigest.isEqual(secret, given)) {
      session.cancel();
    }
  }

  private void serve() throws IOException {
    while (!ending) {
      int type = in.type();
      if (type < 0 || type == 'X') {
        return;
      }
      in.body(MAX_MESSAGE);
      busy.lock();
      try {
        handle(type);
        session.seeks().readAhead();
      } finally {
        busy.unlock();
      }
    }
  }

  private void handle(int type) throws IOException {
    if (skipToSync && type != 'S') {
      return;
    }
    if (!inSeries || type == 'S') {
      session.watch().beginSeries();
    }
    inSeries = true;
    try {
      dispatch(type);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    } catch (RelayedError e) {
      bridge.counters().error(e.state());
      session.count().failed(e.state());
      if (e.state().equals(SqlState.INTERNAL_ERROR.code())) {
        LOG.warn("the evaluator failed on connection {}: {}: {}", id, e.getMessage(), sql);
      }
      session.block().fail();
      expireIfOverdue();
      recover(type, e.fatal());
    } catch (RuntimeException | OutOfMemoryError | StackOverflowError e) {
      PgException error = Errors.translate(e);
      report(error, e);
      session.evaluator().ifPresent(EvaluatorSide::failSeries);
      expireIfOverdue();
      recover(type, error.state() == SqlState.ADMIN_SHUTDOWN);
    }
  }

  private void recover(int type, boolean fatal) throws IOException {
    if (fatal) {
      ending = true;
      out.flush();
      return;
    }
    if (type == 'Q' || type == 'S' || type == 'F') {
      ready();
    } else {
      skipToSync = true;
      out.flush(); // as PostgreSQL does: a client within COPY waits for nothing else
    }
  }

  private void dispatch(int type) throws IOException {
    if (WORK.indexOf(type) >= 0) {
      session.watch().checkCancelled();
    }
    switch (type) {
      case 'Q' -> {
        simple(in.string());
        ready();
      }
      case 'P' -> extended.parse(in);
      case 'B' -> extended.bind(in);
      case 'D' -> extended.describe(in);
      case 'E' -> extended.execute(in);
      case 'C' -> extended.close(in);
      case 'H' -> out.flush();
      case 'S' -> ready();
      case 'd', 'c', 'f' -> {}
      default ->
          throw PgException.of(
              SqlState.PROTOCOL_VIOLATION, "invalid frontend message type " + type);
    }
    sql = extended.sql();
    session.count().ended(Outcome.OK);
  }

  private void simple(String text) {
    sql = text;
    session.simple(text);
  }

  private void ready() throws IOException {
    boolean failed = skipToSync;
    skipToSync = false;
    session.sync();
    session.endSeries(failed);
    if (session.block().state() == Block.State.IDLE) {
      extended.closePortals();
      session.endImplicit();
    }
    inSeries = false;
    session.count().ended(Outcome.OK);
    Replies.ready(out, session.block().state().status);
    out.flush();
  }

  private void report(PgException error, Throwable cause) {
    if (error.state() == SqlState.INTERNAL_ERROR || error.state() == SqlState.DATA_CORRUPTED) {
      LOG.error("statement failed on connection {}: {}", id, sql, cause);
    }
    bridge.counters().error(error.state().code());
    session.count().failed(error.state().code());
    session.block().fail();
    String position = extended.sql().isEmpty() || !sql.isEmpty() ? sql : extended.sql();
    Replies.error(
        out, error, position, error.state() == SqlState.ADMIN_SHUTDOWN ? "FATAL" : "ERROR");
  }

  /**
   * Takes the snapshot from a client that sits on it too long. A statement that runs ends by
   * itself, unless it waits for a client that does not take its rows: then the connection is cut,
   * as is one whose client has not said in a minute who it is.
   */
  void expire() {
    if (!greeted && bridge.nanoClock().getAsLong() - since > GREETING_NANOS) {
      shut(); // not by a timeout of the socket, with which each read would take three system calls
    } else if (busy.tryLock()) {
      try {
        expireIfOverdue();
      } finally {
        busy.unlock();
      }
    } else if (session.reading().transaction().filter(Transaction::isAbandoned).isPresent()) {
      shut();
    }
  }

  /** Not what an evaluator's connection reads: that is another session's. */
  private void expireIfOverdue() {
    if (!session.reading().isShared()) {
      session.reading().transaction().filter(t -> t.overdue() != null).ifPresent(this::expire);
    }
  }

  /**
   * Ends the connection if its user may not read any more what it could; a statement that runs ends
   * by itself, unless it waits for a client that does not take its rows.
   *
   * @param changed whether rights may have changed since the last call
   */
  void requireRights(boolean changed) {
    Holder now = holder;
    if (now == null || (revokedAt == 0 && !hasLost(now, changed))) {
      return;
    }
    long clock = System.nanoTime();
    if (revokedAt == 0) {
      revokedAt = clock;
      session.watch().stop(REVOKED);
      session.cancel();
    }
    if (clock - revokedAt > PATIENCE_NANOS) {
      shut();
    } else {
      // On a thread of its own: the client may take nothing, and then no write ends.
      Thread.ofVirtual().name("bridge-revoked").start(this::endIfIdle);
    }
  }

  private void endIfIdle() {
    if (busy.tryLock()) {
      try {
        fatal(revoked());
      } finally {
        busy.unlock();
      }
      shut();
    }
  }

  /** What could not be told when it changed is asked again until it can. */
  private boolean hasLost(Holder now, boolean changed) {
    if (!changed && !undecided) {
      return false;
    }
    Users.Standing standing = bridge.users().standing(now.user(), now.rights());
    undecided = standing == Users.Standing.UNKNOWN;
    return standing == Users.Standing.LOST;
  }

  private static PgException revoked() {
    return PgException.of(SqlState.ADMIN_SHUTDOWN, "terminating connection because " + REVOKED)
        .hint("Connect again.");
  }

  @Override
  public void giveSnapshotBack() {
    expireIfOverdue();
  }

  private void expire(Transaction transaction) {
    extended.closePortals();
    session.reading().expire();
  }

  /** Ends the connection from outside. */
  void shut() {
    shut = true;
    session.watch().stop("the bridge is stopping");
    session.cancel();
    try {
      transport.close();
    } catch (IOException e) {
      LOG.debug("closing connection {}: {}", id, e.toString());
    }
  }

  @Override
  public boolean hasSent() {
    return transport.hasArrived();
  }

  @Override
  public boolean gone() {
    return transport.gone();
  }

  @Override
  public boolean deallocate(Optional<String> name) {
    return extended.deallocate(name);
  }

  @Override
  public void forgetUnnamed() {
    extended.forgetUnnamed();
  }

  @Override
  public void forgetRemote() {
    extended.forgetRemote();
  }

  @Override
  public Optional<CopyMessage> copyMessage() throws IOException {
    if (!transport.arrived(COPY_WAIT_MILLIS)) {
      return Optional.empty();
    }
    int type = in.type();
    if (type < 0) {
      throw new EOFException("the client left within COPY");
    }
    in.body(MAX_MESSAGE);
    return Optional.of(new CopyMessage((char) type, in.whole()));
  }
}
