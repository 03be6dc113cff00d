package dev.quicksilver.bridge;

import dev.quicksilver.bridge.catalog.KeySet;
import dev.quicksilver.bridge.seek.Argument;
import dev.quicksilver.bridge.seek.Seek;
import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.Script;
import dev.quicksilver.bridge.sql.Select;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.bridge.sql.Statement;
import dev.quicksilver.bridge.types.Type;
import dev.quicksilver.bridge.wire.MessageReader;
import dev.quicksilver.bridge.wire.MessageWriter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The extended query protocol: Parse, Bind, Describe, Execute, Close. A statement is the bridge's
 * own until a Parse or a Bind shows that it is none of its seeks; then its messages go to the
 * evaluator as they came. Used by the connection's thread.
 */
final class Extended {
  private static final int MAX_NAMED = 1000;
  private static final List<Argument> NO_ARGUMENTS = List.of();

  private final Session session;
  private final MessageWriter out;
  private final Map<String, Prepared> statements = new HashMap<>();
  private final Map<String, Bound> portals = new HashMap<>();
  private String sql = "";

  Extended(Session session, MessageWriter out) {
    this.session = session;
    this.out = out;
  }

  /** A prepared statement. */
  private static final class Prepared {
    private final Script.Piece piece;

    /** The OIDs of parameters as far as the client declared them. */
    private final List<Integer> types;

    private final byte[] message;

    /** Whether the evaluator has it under the same name. */
    private boolean remote;

    Prepared(Script.Piece piece, List<Integer> types, byte[] message) {
      this.piece = piece;
      this.types = types;
      this.message = message;
    }
  }

  /** A statement with its parameters. */
  private static final class Bound {
    private final Prepared prepared;
    private final List<Argument> arguments;

    /** The keys that matter to it, for one that is evaluated; null for one of our own. */
    private final @Nullable Map<String, KeySet> evaluated;

    private final @Nullable Portal portal;

    Bound(
        Prepared prepared,
        List<Argument> arguments,
        @Nullable Map<String, KeySet> evaluated,
        @Nullable Portal portal) {
      this.prepared = prepared;
      this.arguments = arguments;
      this.evaluated = evaluated;
      this.portal = portal;
    }

    void close() {
      if (portal != null) {
        portal.close();
      }
    }
  }

  /** The text of the statement last worked on, for positions of errors. */
  String sql() {
    return sql;
  }

  void parse(MessageReader in) {
    String name = in.string();
    sql = in.string();
    int count = in.int16();
    List<Integer> types = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      types.add(in.int32());
    }
    List<Script.Piece> pieces = session.split(sql);
    Script.Piece piece =
        pieces.size() == 1 ? pieces.getFirst() : new Script.Piece(sql, 0, new Statement.Other(""));
    session.requireUsable(piece.statement());
    if (!name.isEmpty() && statements.containsKey(name)) {
      throw PgException.of(
          SqlState.DUPLICATE_PREPARED_STATEMENT,
          "prepared statement \"" + name + "\" already exists");
    }
    if (statements.size() > MAX_NAMED) {
      throw PgException.of(SqlState.PROGRAM_LIMIT_EXCEEDED, "too many prepared statements");
    }
    var prepared = new Prepared(piece, List.copyOf(types), in.whole());
    if (ours(prepared)) {
      Replies.empty(out, '1');
    } else {
      statements.remove(name);
      session.join(piece).forward('P', prepared.message, true, Map.of());
      prepared.remote = true;
    }
    statements.put(name, prepared);
  }

  /** Whether the bridge can run a statement itself, as far as can be said without values. */
  private boolean ours(Prepared prepared) {
    return switch (prepared.piece.statement()) {
      case Statement.Query query -> shape(query.select(), prepared).isPresent();
      case Statement.Explain explain -> shape(explain.select(), prepared).isPresent();
      case Statement.Declare declare -> shape(declare.select(), prepared).isPresent();
      case Statement.Fetch fetch ->
          session.cursors().seeking(fetch.cursor()) != null
              || session.evaluator().filter(EvaluatorSide::isOpen).isEmpty();
      case Statement.Set _, Statement.Close _, Statement.Deallocate _, Statement.Discard _ -> true;
      case Statement.Other _ -> false;
      default -> true;
    };
  }

  private Optional<Seek.Description> shape(Select select, Prepared prepared) {
    if (!session.seekable()) {
      return Optional.empty();
    }
    if (prepared.types.isEmpty()) { // then there may be none, and the plan is one to keep
      Optional<Seek> seek = session.seek(select, NO_ARGUMENTS);
      if (seek.isPresent()) {
        return seek.map(Extended::description);
      }
    }
    return Seek.describe(select, session.catalog(), prepared.types, session.scope());
  }

  private Prepared statement(String name) {
    Prepared prepared = statements.get(name);
    if (prepared == null) {
      throw PgException.of(
          SqlState.INVALID_SQL_STATEMENT_NAME,
          name.isEmpty()
              ? "unnamed prepared statement does not exist"
              : "prepared statement \"" + name + "\" does not exist");
    }
    sql = prepared.piece.text();
    return prepared;
  }

  private Bound portal(String name) {
    Bound bound = portals.get(name);
    if (bound == null) {
      session.reading().transaction().ifPresent(Transaction::requireNotExpired);
      throw PgException.of(SqlState.INVALID_CURSOR_NAME, "portal \"" + name + "\" does not exist");
    }
    sql = bound.prepared.piece.text();
    return bound;
  }

  void bind(MessageReader in) {
    String portalName = in.string();
    Prepared prepared = statement(in.string());
    Statement statement = prepared.piece.statement();
    session.requireUsable(statement);
    List<Argument> arguments = arguments(in, prepared);
    int[] formats = formats(in);
    if (portals.size() > MAX_NAMED) {
      throw PgException.of(SqlState.PROGRAM_LIMIT_EXCEEDED, "too many portals");
    }
    if (!portalName.isEmpty() && portals.containsKey(portalName)) {
      throw Cursors.exists(portalName);
    }
    Bound replaced = portals.remove(portalName);
    if (replaced != null) {
      replaced.close();
    }
    portals.put(portalName, bound(prepared, arguments, formats, in));
  }

  private Bound bound(
      Prepared prepared, List<Argument> arguments, int[] formats, MessageReader in) {
    Select select = Script.select(prepared.piece.statement());
    boolean others = prepared.piece.statement() instanceof Statement.Fetch && !ours(prepared);
    if (!prepared.remote && !others) {
      Optional<Seek> seek = select == null ? Optional.empty() : session.seek(select, arguments);
      boolean query = prepared.piece.statement() instanceof Statement.Query;
      Optional<boolean[]> binary =
          query && seek.isPresent() ? binary(formats, seek.get()) : Optional.of(new boolean[0]);
      if (select == null || (seek.isPresent() && binary.isPresent())) {
        Replies.empty(out, '2');
        return new Bound(
            prepared,
            arguments,
            null,
            query ? session.seeks().portal(seek.orElseThrow(), binary.orElseThrow()) : null);
      }
    }
    Map<String, KeySet> keys = select == null ? Map.of() : session.narrowing(select, arguments);
    EvaluatorSide side = session.join(prepared.piece);
    if (!prepared.remote) {
      side.forward('P', prepared.message, false, Map.of());
      prepared.remote = true;
    }
    side.forward('B', in.whole(), true, keys);
    return new Bound(prepared, arguments, keys, null);
  }

  /** Which columns go out in binary format; empty if the formats are not for this query. */
  private static Optional<boolean[]> binary(int[] formats, Seek seek) {
    int columns = seek.types().size();
    if (formats.length > 1 && formats.length != columns) {
      return Optional.empty();
    }
    boolean[] binary = new boolean[columns];
    for (int i = 0; i < columns; i++) {
      int format = formats.length == 0 ? 0 : formats[formats.length == 1 ? 0 : i];
      if (format != 0 && format != 1) {
        return Optional.empty();
      }
      binary[i] = format == 1;
    }
    return Optional.of(binary);
  }

  private static List<Argument> arguments(MessageReader in, Prepared prepared) {
    int[] formats = formats(in);
    int count = in.int16();
    if (count == 0) {
      return NO_ARGUMENTS;
    }
    List<Argument> arguments = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int length = in.int32();
      byte[] value = length < 0 ? null : in.bytes(length);
      int format =
          formats.length == 0
              ? 0
              : i < formats.length || formats.length == 1
                  ? formats[formats.length == 1 ? 0 : i]
                  : 0;
      int oid = i < prepared.types.size() ? prepared.types.get(i) : 0;
      arguments.add(new Argument(oid, format == 1, value));
    }
    return List.copyOf(arguments);
  }

  private static int[] formats(MessageReader in) {
    int[] formats = new int[Math.max(0, in.int16())];
    for (int i = 0; i < formats.length; i++) {
      formats[i] = in.int16();
    }
    return formats;
  }

  void describe(MessageReader in) {
    boolean ofStatement = in.int8() == 'S';
    String name = in.string();
    if (ofStatement) {
      Prepared prepared = statement(name);
      session.requireUsable(prepared.piece.statement());
      if (prepared.remote) {
        session.join(prepared.piece).forward('D', in.whole(), true, Map.of());
        return;
      }
      Select select = Script.select(prepared.piece.statement());
      Optional<Seek.Description> shape =
          select == null ? Optional.empty() : shape(select, prepared);
      parameters(shape, prepared);
      columns(prepared.piece.statement(), shape, new boolean[0]);
      return;
    }
    Bound bound = portal(name);
    if (bound.evaluated != null) {
      session.join(bound.prepared.piece).forward('D', in.whole(), true, bound.evaluated);
      return;
    }
    Statement statement = bound.prepared.piece.statement();
    Portal portal = bound.portal;
    columns(
        statement,
        Optional.ofNullable(portal).map(open -> description(open.seek())),
        portal == null ? new boolean[0] : portal.binary());
  }

  private static Seek.Description description(Seek seek) {
    return new Seek.Description(seek.names(), seek.types(), seek.parameterTypes());
  }

  private void parameters(Optional<Seek.Description> shape, Prepared prepared) {
    List<Integer> types =
        shape.map(Seek.Description::parameterTypes).orElseGet(() -> prepared.types);
    out.begin('t');
    out.int16(types.size());
    types.forEach(type -> out.int32(type == 0 ? Type.TEXT.oid() : type));
    out.end();
  }

  private void columns(Statement statement, Optional<Seek.Description> shape, boolean[] binary) {
    switch (statement) {
      case Statement.Query _ when shape.isPresent() ->
          Replies.description(out, shape.get().names(), shape.get().types(), binary);
      case Statement.Explain _ ->
          Replies.description(out, List.of("QUERY PLAN"), List.of(Type.TEXT), binary);
      case Statement.Fetch fetch
          when !fetch.move() && session.cursors().seeking(fetch.cursor()) != null -> {
        Seek fetched = Objects.requireNonNull(session.cursors().seeking(fetch.cursor())).seek();
        Replies.description(out, fetched.names(), fetched.types(), binary);
      }
      default -> Replies.empty(out, 'n');
    }
  }

  void execute(MessageReader in) {
    Bound bound = portal(in.string());
    int limit = in.int32();
    Statement statement = bound.prepared.piece.statement();
    session.requireUsable(statement);
    Map<String, KeySet> keys = bound.evaluated;
    Portal portal = bound.portal;
    if (keys != null) {
      executeRemote(bound, in.whole(), keys);
    } else if (portal == null) {
      session.run(bound.prepared.piece, bound.arguments, true);
    } else {
      session.begin();
      long sent = session.seeks().send(portal, limit <= 0 ? Long.MAX_VALUE : limit);
      if (limit > 0 && !portal.exhausted()) {
        Replies.empty(out, 's');
      } else {
        Replies.complete(out, "SELECT " + sent);
      }
    }
  }

  private void executeRemote(Bound bound, byte[] message, Map<String, KeySet> keys) {
    Script.Piece piece = bound.prepared.piece;
    session.begin();
    EvaluatorSide side = session.join(piece);
    Map<String, KeySet> scanned =
        piece.statement() instanceof Statement.Fetch fetch
            ? session.cursors().narrowing(fetch.cursor())
            : keys;
    if (Session.mayCommit(piece)) {
      session.learnLater(piece);
    }
    session.takeTurn(side, () -> side.forward('E', message, true, scanned));
    if (piece.statement() instanceof Statement.Declare declare) {
      session.cursors().evaluated(declare.cursor(), keys);
    }
    session.learnLater(piece);
  }

  void close(MessageReader in) {
    boolean statement = in.int8() == 'S';
    String name = in.string();
    boolean remote = false;
    if (statement) {
      Prepared prepared = statements.remove(name);
      remote = prepared != null && prepared.remote;
    } else {
      Bound bound = portals.remove(name);
      remote = bound != null && bound.evaluated != null;
      if (bound != null) {
        bound.close();
      }
    }
    EvaluatorSide side = session.evaluator().filter(EvaluatorSide::isOpen).orElse(null);
    if (remote && side != null) {
      side.forward('C', in.whole(), true, Map.of());
    } else {
      Replies.empty(out, '3');
    }
  }

  /** Drops a prepared statement, or all; false if the bridge itself had none. */
  boolean deallocate(Optional<String> name) {
    if (name.isEmpty()) {
      boolean any = !statements.isEmpty();
      statements.clear();
      return any;
    }
    Prepared dropped = statements.remove(name.get());
    return dropped != null && !dropped.remote;
  }

  /** The evaluator has forgotten its unnamed statement, as it does with each simple query. */
  void forgetUnnamed() {
    Prepared unnamed = statements.get("");
    if (unnamed != null) {
      unnamed.remote = false;
    }
  }

  /** The evaluator has been left: it has none of the statements any more. */
  void forgetRemote() {
    statements.values().forEach(prepared -> prepared.remote = false);
  }

  /** Drops portals, which end with the transaction. */
  void closePortals() {
    portals.values().forEach(Bound::close);
    portals.clear();
  }
}
