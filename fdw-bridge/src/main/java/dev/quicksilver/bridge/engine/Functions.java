package dev.quicksilver.bridge.engine;

import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.types.Bytes;
import dev.quicksilver.bridge.types.Type;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Scalar functions by name and argument types. */
final class Functions {
  private static final Map<String, List<Function>> ALL = new HashMap<>();

  /** One overload. */
  private record Function(List<Type> arguments, Type result, Expr.Strict body) {}

  static {
    Type t = Type.TEXT;
    Type i = Type.INT4;
    Type b = Type.BYTEA;
    for (String name : List.of("length", "char_length", "character_length")) {
      add(name, i, a -> Strings.length((String) a[0]), t);
    }
    add("octet_length", i, a -> Strings.octets((String) a[0]), t);
    add("bit_length", i, a -> Strings.octets((String) a[0]) * 8, t);
    add("lower", t, a -> Strings.lower((String) a[0]), t);
    add("upper", t, a -> Strings.upper((String) a[0]), t);
    add("initcap", t, a -> Strings.initcap((String) a[0]), t);
    for (String name : List.of("substring", "substr")) {
      add(name, t, a -> Strings.substring((String) a[0], (Integer) a[1]), t, i);
      add(name, t, a -> Strings.substring((String) a[0], (Integer) a[1], (Integer) a[2]), t, i, i);
      add(
          name,
          b,
          a -> BinaryFunctions.substring((Bytes) a[0], (Integer) a[1], Long.MAX_VALUE),
          b,
          i);
      add(
          name,
          b,
          a -> BinaryFunctions.substring((Bytes) a[0], (Integer) a[1], (Integer) a[2]),
          b,
          i,
          i);
    }
    add("left", t, a -> Strings.left((String) a[0], (Integer) a[1]), t, i);
    add("right", t, a -> Strings.right((String) a[0], (Integer) a[1]), t, i);
    add("strpos", i, a -> Strings.position((String) a[0], (String) a[1]), t, t);
    add("position", i, a -> Strings.position((String) a[0], (String) a[1]), t, t);
    add("position", i, a -> BinaryFunctions.position((Bytes) a[0], (Bytes) a[1]), b, b);
    add("replace", t, a -> Strings.replace((String) a[0], (String) a[1], (String) a[2]), t, t, t);
    add(
        "translate",
        t,
        a -> Strings.translate((String) a[0], (String) a[1], (String) a[2]),
        t,
        t,
        t);
    add("reverse", t, a -> Strings.reverse((String) a[0]), t);
    add("repeat", t, a -> Strings.repeat((String) a[0], (Integer) a[1]), t, i);
    add(
        "split_part",
        t,
        a -> Strings.splitPart((String) a[0], (String) a[1], (Integer) a[2]),
        t,
        t,
        i);
    add("ascii", i, a -> Strings.ascii((String) a[0]), t);
    add("md5", t, a -> Strings.md5(Strings.utf8((String) a[0])), t);
    add("starts_with", Type.BOOL, a -> ((String) a[0]).startsWith((String) a[1]), t, t);
    trims("btrim", true, true);
    trims("ltrim", true, false);
    trims("rtrim", false, true);
    add("lpad", t, a -> Strings.pad((String) a[0], (Integer) a[1], " ", true), t, i);
    add("rpad", t, a -> Strings.pad((String) a[0], (Integer) a[1], " ", false), t, i);
    add("lpad", t, a -> Strings.pad((String) a[0], (Integer) a[1], (String) a[2], true), t, i, t);
    add("rpad", t, a -> Strings.pad((String) a[0], (Integer) a[1], (String) a[2], false), t, i, t);
    add(
        "regexp_like",
        Type.BOOL,
        a -> Regex.compile((String) a[1], false).matcher((String) a[0]).find(),
        t,
        t);
    add("length", i, a -> ((Bytes) a[0]).content().length, b);
    add("octet_length", i, a -> ((Bytes) a[0]).content().length, b);
    add("bit_length", i, a -> ((Bytes) a[0]).content().length * 8, b);
    add("get_byte", i, a -> BinaryFunctions.getByte((Bytes) a[0], (Integer) a[1]), b, i);
    add("md5", t, a -> Strings.md5(((Bytes) a[0]).content()), b);
    for (String bits : List.of("224", "256", "384", "512")) {
      String algorithm = "SHA-" + bits;
      add("sha" + bits, b, a -> new Bytes(Strings.digest(algorithm, ((Bytes) a[0]).content())), b);
    }
    add("isfinite", Type.BOOL, a -> Math.abs((Long) a[0]) < Long.MAX_VALUE, Type.TIMESTAMPTZ);
  }

  private Functions() {}

  private static void trims(String name, boolean start, boolean end) {
    Type t = Type.TEXT;
    add(name, t, a -> Strings.trim((String) a[0], " ", start, end), t);
    add(name, t, a -> Strings.trim((String) a[0], (String) a[1], start, end), t, t);
  }

  private static void add(String name, Type result, Expr.Strict body, Type... arguments) {
    ALL.computeIfAbsent(name, key -> new ArrayList<>())
        .add(new Function(List.of(arguments), result, body));
  }

  /** A call of a function that is not an aggregate. */
  static Expr call(String name, List<Expr> arguments, ZoneId zone) {
    if (name.equals("abs") && arguments.size() == 1 && arguments.getFirst().type().isNumber()) {
      return Arithmetic.abs(arguments.getFirst());
    }
    if (name.equals("random") && arguments.isEmpty()) {
      return new Expr.Computed(
          "volatile:random",
          Type.FLOAT8,
          List.of(),
          args -> row -> java.util.concurrent.ThreadLocalRandom.current().nextDouble());
    }
    Function best = null;
    int bestCost = Integer.MAX_VALUE;
    for (Function function : ALL.getOrDefault(name, List.of())) {
      int cost = cost(function.arguments(), arguments);
      if (cost < bestCost) {
        best = function;
        bestCost = cost;
      }
    }
    if (best == null) {
      throw unknown(name, arguments);
    }
    List<Expr> converted = new ArrayList<>();
    for (int i = 0; i < arguments.size(); i++) {
      converted.add(Casts.to(best.arguments().get(i), arguments.get(i), zone));
    }
    return Expr.strict(name, best.result(), converted, best.body());
  }

  /** 0 for an exact match; implicit conversions cost; MAX_VALUE where there is none. */
  private static int cost(List<Type> wanted, List<Expr> given) {
    if (wanted.size() != given.size()) {
      return Integer.MAX_VALUE;
    }
    int cost = 0;
    for (int i = 0; i < wanted.size(); i++) {
      Type want = wanted.get(i);
      Type have = given.get(i).type();
      if (want == have) {
        continue;
      }
      boolean implicit =
          (have.isText() && want == Type.TEXT)
              || have == Type.UNKNOWN
              || (have.isNumber() && want.isNumber() && have.rank() < want.rank());
      if (!implicit) {
        return Integer.MAX_VALUE;
      }
      cost +=
          have == Type.UNKNOWN
              ? (want == Type.TEXT ? 1 : 2)
              : 1 + Math.abs(want.rank() - have.rank());
    }
    return cost;
  }

  static PgException unknown(String name, List<Expr> arguments) {
    String types =
        arguments.stream()
            .map(argument -> argument.type().sqlName())
            .collect(Collectors.joining(", "));
    return PgException.unsupported("the function " + name + "(" + types + ")");
  }

  /** Only for the planner: whether the name is known at all. */
  static @Nullable String known(String name) {
    return ALL.containsKey(name) ? name : null;
  }
}
