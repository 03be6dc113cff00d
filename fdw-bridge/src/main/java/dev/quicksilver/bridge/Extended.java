package dev.quicksilver.bridge;

import dev.quicksilver.bridge.engine.Query;
import dev.quicksilver.bridge.sql.Parser;
import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.bridge.sql.Statement;
import dev.quicksilver.bridge.types.Type;
import dev.quicksilver.bridge.wire.MessageReader;
import dev.quicksilver.bridge.wire.MessageWriter;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The extended query protocol: Parse, Bind, Describe, Execute, Close. */
final class Extended {
  private static final int MAX_NAMED = 1000;

  private final Session session;
  private final MessageWriter out;
  private final Map<String, Parsed> statements = new HashMap<>();
  private final Map<String, Bound> portals = new HashMap<>();
  private String sql = "";

  /** A parsed statement; OIDs of parameters as far as the client declared them. */
  private record Parsed(String sql, Statement statement, List<Integer> types, int parameters) {}

  /** A statement with its parameters; runs when first executed. */
  private static final class Bound {
    private final Parsed parsed;
    private final List<@Nullable String> parameters;
    private final int[] formats;
    private @Nullable Portal portal;

    Bound(Parsed parsed, List<@Nullable String> parameters, int[] formats) {
      this.formats = formats;
      this.parsed = parsed;
      this.parameters = parameters;
    }

    boolean binary() {
      return Arrays.stream(formats).anyMatch(format -> format != 0);
    }
  }

  Extended(Session session, MessageWriter out) {
    this.session = session;
    this.out = out;
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
    List<Statement> parsed = Parser.parse(sql);
    if (parsed.size() > 1) {
      throw PgException.of(
          SqlState.SYNTAX_ERROR, "cannot insert multiple commands into a prepared statement");
    }
    if (!name.isEmpty() && statements.containsKey(name)) {
      throw PgException.of(
          SqlState.DUPLICATE_PREPARED_STATEMENT,
          "prepared statement \"" + name + "\" already exists");
    }
    if (statements.size() > MAX_NAMED) {
      throw PgException.of(SqlState.PROGRAM_LIMIT_EXCEEDED, "too many prepared statements");
    }
    statements.put(
        name, new Parsed(sql, parsed.getFirst(), types, Math.max(types.size(), parameters(sql))));
    Replies.empty(out, '1');
  }

  /**
   * The highest $n that stands in the text; one inside a literal only makes the count too large.
   */
  private static int parameters(String sql) {
    int highest = 0;
    for (int i = sql.indexOf('$'); i >= 0; i = sql.indexOf('$', i + 1)) {
      int end = i + 1;
      while (end < sql.length() && end < i + 6 && Character.isDigit(sql.charAt(end))) {
        end++;
      }
      if (end > i + 1) {
        highest = Math.max(highest, Integer.parseInt(sql, i + 1, end, 10));
      }
    }
    return highest;
  }

  private Parsed statement(String name) {
    Parsed parsed = statements.get(name);
    if (parsed == null) {
      throw PgException.of(
          SqlState.INVALID_SQL_STATEMENT_NAME,
          "prepared statement \"" + name + "\" does not exist");
    }
    sql = parsed.sql();
    return parsed;
  }

  private Bound portal(String name) {
    Bound bound = portals.get(name);
    if (bound == null) {
      throw PgException.of(SqlState.INVALID_CURSOR_NAME, "portal \"" + name + "\" does not exist");
    }
    sql = bound.parsed.sql();
    return bound;
  }

  void bind(MessageReader in) {
    String portalName = in.string();
    Parsed parsed = statement(in.string());
    int[] formats = formats(in);
    int count = in.int16();
    List<@Nullable String> values = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int length = in.int32();
      byte[] bytes = length < 0 ? null : in.bytes(length);
      int format = formats.length == 0 ? 0 : formats[formats.length == 1 ? 0 : i];
      int type = i < parsed.types().size() ? parsed.types().get(i) : 0;
      values.add(
          bytes == null
              ? null
              : format == 0
                  ? MessageReader.utf8(ByteBuffer.wrap(bytes))
                  : BinaryParameters.text(type, bytes));
    }
    int[] resultFormats = formats(in);
    if (portals.size() > MAX_NAMED) {
      throw PgException.of(SqlState.PROGRAM_LIMIT_EXCEEDED, "too many portals");
    }
    close(portals.put(portalName, new Bound(parsed, values, resultFormats)));
    Replies.empty(out, '2');
  }

  private static int[] formats(MessageReader in) {
    int[] formats = new int[Math.max(0, in.int16())];
    for (int i = 0; i < formats.length; i++) {
      formats[i] = in.int16();
    }
    return formats;
  }

  void describe(MessageReader in) {
    boolean statement = in.int8() == 'S';
    String name = in.string();
    Optional<Query> query;
    @Nullable BinaryResults formats = null;
    if (statement) {
      Parsed parsed = statement(name);
      out.begin('t');
      out.int16(parsed.parameters());
      for (int i = 0; i < parsed.parameters(); i++) {
        int type = i < parsed.types().size() ? parsed.types().get(i) : 0;
        out.int32(type == 0 ? Type.TEXT.oid() : type);
      }
      out.end();
      List<@Nullable String> nulls =
          new ArrayList<>(Collections.nCopies(parsed.parameters(), (String) null));
      query = session.describe(parsed.statement(), nulls);
    } else {
      Bound bound = portal(name);
      query = session.describe(bound.parsed.statement(), bound.parameters);
      if (bound.binary()
          && query.isPresent()
          && bound.parsed.statement() instanceof Statement.Query) {
        formats = results(bound, query.get());
      }
    }
    if (query.isPresent()) {
      Replies.description(out, query.get().names(), query.get().types(), formats);
    } else {
      Replies.empty(out, 'n');
    }
  }

  void execute(MessageReader in) {
    Bound bound = portal(in.string());
    int limit = in.int32();
    if (!(bound.parsed.statement() instanceof Statement.Query query)
        || session.state() == Session.State.FAILED) {
      session.execute(bound.parsed.statement(), bound.parameters, true);
      return;
    }
    Portal portal = bound.portal;
    if (portal == null) {
      session.count();
      portal = new Portal(session.plan(query.select(), bound.parameters));
      if (bound.binary()) {
        portal.encode(results(bound, portal.query()));
      }
      bound.portal = portal;
    }
    long sent = session.send(portal, limit <= 0 ? Long.MAX_VALUE : limit, false);
    if (limit > 0 && !portal.exhausted()) {
      Replies.empty(out, 's');
    } else {
      Replies.complete(out, "SELECT " + sent);
    }
  }

  private BinaryResults results(Bound bound, Query query) {
    return BinaryResults.of(bound.formats, query.types(), session.settings().zone());
  }

  void close(MessageReader in) {
    boolean statement = in.int8() == 'S';
    String name = in.string();
    if (statement) {
      statements.remove(name);
    } else {
      close(portals.remove(name));
    }
    Replies.empty(out, '3');
  }

  private static void close(@Nullable Bound bound) {
    if (bound != null && bound.portal != null) {
      bound.portal.close();
    }
  }

  /** Drops portals, which end with the transaction. */
  void closePortals() {
    portals.values().forEach(Extended::close);
    portals.clear();
  }
}
