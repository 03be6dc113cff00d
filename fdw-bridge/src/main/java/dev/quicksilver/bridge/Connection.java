package dev.quicksilver.bridge;

import dev.quicksilver.bridge.sql.Parser;
import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.bridge.sql.Statement;
import dev.quicksilver.bridge.wire.MessageReader;
import dev.quicksilver.bridge.wire.MessageWriter;
import dev.quicksilver.bridge.wire.ScramExchange;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One client: start-up, authentication, then messages until it leaves. */
final class Connection {
  private static final Logger LOG = LoggerFactory.getLogger(Connection.class);
  private static final int MAX_MESSAGE = 64 << 20;
  private static final int MAX_STARTUP = 10_000;
  private static final int SSL_REQUEST = 80877103;
  private static final int GSS_REQUEST = 80877104;
  private static final int CANCEL_REQUEST = 80877102;
  private static final int AUTHENTICATION_TIMEOUT_MILLIS = 60_000;

  private final Bridge bridge;
  private final Socket socket;
  private final int id;
  private final MessageReader in;
  private final MessageWriter out;
  private final Session session;
  private final Extended extended;
  private final ReentrantLock busy = new ReentrantLock();
  private byte[] secret = new byte[4];
  private String sql = "";
  private boolean skipToSync;

  Connection(Bridge bridge, Socket socket, int id) throws IOException {
    this.bridge = bridge;
    this.socket = socket;
    this.id = id;
    this.in =
        new MessageReader(new BufferedInputStream(socket.getInputStream(), 8192), MAX_MESSAGE);
    this.out = new MessageWriter(socket.getOutputStream());
    this.session = new Session(bridge, out, this::flushUnchecked);
    this.extended = new Extended(session, out);
  }

  int id() {
    return id;
  }

  Session session() {
    return session;
  }

  private void flushUnchecked() {
    try {
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Serves the client until it leaves. */
  void run() {
    try (socket) {
      greetAndServe();
    } catch (IOException | UncheckedIOException e) {
      LOG.debug("client {} is gone: {}", id, e.toString());
    } catch (RuntimeException e) {
      LOG.error("connection {} ends after an internal error", id, e);
    } finally {
      busy.lock();
      try {
        extended.closePortals();
        session.close();
      } finally {
        busy.unlock();
      }
    }
  }

  private void greetAndServe() throws IOException {
    try {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(AUTHENTICATION_TIMEOUT_MILLIS);
      if (startUp()) {
        socket.setSoTimeout(0);
        serve();
      }
    } catch (PgException e) {
      fatal(e);
    }
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

  /** Negotiates; false if the connection was only a cancel request. */
  private boolean startUp() throws IOException {
    while (true) {
      in.body(MAX_STARTUP);
      int code = in.int32();
      if (code == SSL_REQUEST || code == GSS_REQUEST) {
        out.int8('N');
        out.flush();
      } else if (code == CANCEL_REQUEST) {
        int target = in.int32();
        bridge.cancel(target, in.bytes(in.remaining()));
        return false;
      } else if (code >>> 16 == 3) {
        begin(code & 0xffff);
        return true;
      } else {
        throw PgException.of(
            SqlState.PROTOCOL_VIOLATION,
            "unsupported frontend protocol "
                + (code >>> 16)
                + "."
                + (code & 0xffff)
                + ": the bridge speaks 3.0 to 3.2");
      }
    }
  }

  private void begin(int minor) throws IOException {
    Map<String, String> parameters = new HashMap<>();
    for (String name = in.string(); !name.isEmpty(); name = in.string()) {
      parameters.put(name, in.string());
    }
    boolean unknownOptions =
        parameters.keySet().stream().anyMatch(name -> name.startsWith("_pq_."));
    if (minor > 2 || unknownOptions) {
      out.begin('v');
      out.int32(3 << 16 | Math.min(minor, 2));
      List<String> unknown =
          parameters.keySet().stream().filter(n -> n.startsWith("_pq_.")).toList();
      out.int32(unknown.size());
      unknown.forEach(out::string);
      out.end();
    }
    String user = parameters.getOrDefault("user", "");
    if (user.isEmpty()) {
      throw PgException.of(
          SqlState.INVALID_AUTHORIZATION, "no PostgreSQL user name specified in startup packet");
    }
    bridge.admit();
    authenticate(user);
    for (Map.Entry<String, String> parameter : parameters.entrySet()) {
      applyOption(parameter.getKey(), parameter.getValue());
    }
    secret = new byte[minor >= 2 ? 32 : 4];
    new SecureRandom().nextBytes(secret);
    announce();
  }

  private void applyOption(String name, String value) {
    switch (name) {
      case "user", "database", "replication" -> {}
      case "options" ->
          StartupOptions.parse(value)
              .forEach((key, v) -> session.settings().set(key, Optional.of(v)));
      default -> {
        if (!name.startsWith("_pq_.")) {
          session.settings().set(name, Optional.of(value));
        }
      }
    }
  }

  private void authenticate(String user) throws IOException {
    Optional<Credentials> credentials = bridge.config().credentials();
    if (credentials.isPresent()) {
      out.begin('R');
      out.int32(10);
      out.string("SCRAM-SHA-256");
      out.int8(0);
      out.end();
      out.flush();
      var exchange = new ScramExchange(credentials.get().verifier());
      expectPassword();
      String mechanism = in.string();
      if (!mechanism.equals("SCRAM-SHA-256")) {
        throw PgException.of(SqlState.PROTOCOL_VIOLATION, "unknown SASL mechanism " + mechanism);
      }
      challenge(11, exchange.first(in.bytes(in.int32())));
      expectPassword();
      byte[] answer = exchange.last(in.bytes(in.remaining()), user);
      if (!credentials.get().user().equals(user)) {
        throw PgException.of(
            SqlState.INVALID_PASSWORD, "password authentication failed for user \"" + user + "\"");
      }
      challenge(12, answer);
    }
    out.begin('R');
    out.int32(0);
    out.end();
  }

  private void expectPassword() throws IOException {
    int type = in.type();
    if (type != 'p') {
      throw PgException.of(SqlState.PROTOCOL_VIOLATION, "expected a SASL response");
    }
    in.body(MAX_STARTUP);
  }

  private void challenge(int code, byte[] data) throws IOException {
    out.begin('R');
    out.int32(code);
    out.bytes(data, 0, data.length);
    out.end();
    out.flush();
  }

  private void announce() throws IOException {
    for (String name :
        List.of(
            "server_version",
            "server_encoding",
            "client_encoding",
            "application_name",
            "is_superuser",
            "session_authorization",
            "integer_datetimes",
            "standard_conforming_strings",
            "in_hot_standby",
            "default_transaction_read_only",
            "search_path")) {
      Replies.parameter(out, name, session.settings().show(name));
    }
    Replies.parameter(out, "DateStyle", session.settings().show("datestyle"));
    Replies.parameter(out, "IntervalStyle", session.settings().show("intervalstyle"));
    Replies.parameter(out, "TimeZone", session.settings().show("timezone"));
    out.begin('K');
    out.int32(id);
    out.bytes(secret, 0, secret.length);
    out.end();
    Replies.ready(out, session.state().status);
    out.flush();
  }

  /** Cancels the running statement if the secret is right. */
  void cancel(byte[] given) {
    if (MessageDigest.isEqual(secret, given)) {
      session.cancel();
    }
  }

  private void serve() throws IOException {
    while (true) {
      int type = in.type();
      if (type < 0 || type == 'X') {
        return;
      }
      in.body(MAX_MESSAGE);
      busy.lock();
      try {
        handle(type);
      } finally {
        busy.unlock();
      }
    }
  }

  private void handle(int type) throws IOException {
    session.beginMessage();
    if (skipToSync && type != 'S') {
      return;
    }
    try {
      dispatch(type);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    } catch (RuntimeException e) {
      report(Session.translate(e), e);
      if (type == 'Q') {
        ready();
      } else {
        skipToSync = true;
      }
    }
  }

  private void dispatch(int type) throws IOException {
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
      case 'S' -> {
        skipToSync = false;
        ready();
      }
      case 'd', 'c', 'f' -> {}
      default ->
          throw PgException.of(
              SqlState.PROTOCOL_VIOLATION, "invalid frontend message type " + type);
    }
    sql = extended.sql();
  }

  private void simple(String text) {
    sql = text;
    for (Statement statement : Parser.parse(text)) {
      session.execute(statement, List.of(), false);
    }
  }

  private void ready() throws IOException {
    if (session.state() == Session.State.IDLE) {
      extended.closePortals();
      session.endImplicit();
    }
    Replies.ready(out, session.state().status);
    out.flush();
  }

  private void report(PgException error, RuntimeException cause) {
    if (error.state() == SqlState.INTERNAL_ERROR || error.state() == SqlState.DATA_CORRUPTED) {
      LOG.error("statement failed on connection {}: {}", id, sql, cause);
    }
    bridge.counters().error(error.state().code());
    session.fail();
    String position = extended.sql().isEmpty() || !sql.isEmpty() ? sql : extended.sql();
    Replies.error(out, error, position, "ERROR");
  }

  /**
   * Takes the snapshot from a client that sits on it too long; does nothing while a statement runs.
   */
  void expire() {
    if (busy.tryLock()) {
      try {
        session.transaction().filter(t -> t.overdue() != null).ifPresent(this::expire);
      } finally {
        busy.unlock();
      }
    }
  }

  private void expire(Transaction transaction) {
    extended.closePortals();
    session.closeCursors();
    transaction.expire();
  }

  /** Ends the connection from outside. */
  void shut() {
    session.cancel();
    try {
      socket.close();
    } catch (IOException e) {
      LOG.debug("closing connection {}: {}", id, e.toString());
    }
  }
}
