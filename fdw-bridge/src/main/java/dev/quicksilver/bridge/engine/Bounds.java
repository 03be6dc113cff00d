package dev.quicksilver.bridge.engine;

import dev.quicksilver.bridge.catalog.KeySet;
import dev.quicksilver.bridge.types.Bytes;
import dev.quicksilver.bridge.types.PgArray;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The keys that a condition can hold for.
 *
 * @param exact the condition holds for every one of them, so it need not be tested again
 */
record Bounds(KeySet keys, boolean exact) {
  private static final Bounds NOTHING = new Bounds(KeySet.NONE, true);
  private static final Bounds ANYTHING = new Bounds(KeySet.ALL, false);

  /** The bounds of a condition on the column in {@code slot}. */
  static Bounds of(Expr condition, int slot) {
    if (condition instanceof Expr.Constant constant) {
      return Operators.isTrue(constant.value()) ? new Bounds(KeySet.ALL, true) : NOTHING;
    }
    if (!(condition instanceof Expr.Computed computed)) {
      return ANYTHING;
    }
    List<Expr> arguments = computed.arguments();
    return switch (computed.name()) {
      case "and" -> all(arguments, slot);
      case "or" -> any(arguments, slot);
      case "=any" -> member(arguments, slot);
      default -> arguments.size() == 2 ? pair(computed.name(), arguments, slot) : ANYTHING;
    };
  }

  private static Bounds all(List<Expr> conditions, int slot) {
    KeySet keys = KeySet.ALL;
    boolean exact = true;
    for (Expr each : conditions) {
      Bounds bounds = of(each, slot);
      keys = keys.intersect(bounds.keys);
      exact &= bounds.exact;
    }
    return new Bounds(keys, exact);
  }

  private static Bounds any(List<Expr> conditions, int slot) {
    List<KeySet> sets = new ArrayList<>();
    boolean exact = true;
    for (Expr each : conditions) {
      Bounds bounds = of(each, slot);
      sets.add(bounds.keys);
      exact &= bounds.exact;
    }
    return new Bounds(KeySet.union(sets), exact);
  }

  private static Bounds member(List<Expr> arguments, int slot) {
    if (!isKey(arguments.getFirst(), slot) || !(arguments.get(1) instanceof Expr.Constant array)) {
      return ANYTHING;
    }
    if (array.value() == null) {
      return NOTHING;
    }
    List<KeySet> sets = new ArrayList<>();
    for (@Nullable Object element : ((PgArray) array.value()).elements()) {
      if (element != null) {
        sets.add(KeySet.single(bytes(element)));
      }
    }
    return new Bounds(KeySet.union(sets), true);
  }

  private static Bounds pair(String operator, List<Expr> arguments, int slot) {
    boolean straight = isKey(arguments.get(0), slot);
    if (!straight && !isKey(arguments.get(1), slot)) {
      return ANYTHING;
    }
    if (!(arguments.get(straight ? 1 : 0) instanceof Expr.Constant constant)) {
      return ANYTHING;
    }
    Object value = constant.value();
    if (value == null) {
      return Operators.COMPARISONS.contains(operator) ? NOTHING : ANYTHING;
    }
    return straight ? straight(operator, value) : comparison(mirrored(operator), value);
  }

  private static String mirrored(String operator) {
    return switch (operator) {
      case "<" -> ">";
      case "<=" -> ">=";
      case ">" -> "<";
      case ">=" -> "<=";
      case "=" -> "=";
      default -> "";
    };
  }

  private static Bounds straight(String operator, Object value) {
    if (!(value instanceof String text)) {
      return comparison(operator, value);
    }
    return switch (operator) {
      case "~~" -> {
        Matching.Prefix prefix = Matching.likePrefix(text);
        byte[] fixed = Strings.utf8(prefix.fixed());
        yield new Bounds(
            prefix.whole() ? KeySet.single(fixed) : KeySet.prefix(fixed), prefix.exact());
      }
      case "^@", "starts_with" -> new Bounds(KeySet.prefix(Strings.utf8(text)), true);
      case "~" -> new Bounds(KeySet.prefix(Strings.utf8(Regex.fixedPrefix(text))), false);
      default -> comparison(operator, value);
    };
  }

  private static Bounds comparison(String operator, Object value) {
    if (!Operators.COMPARISONS.contains(operator)) {
      return ANYTHING;
    }
    byte[] key = bytes(value);
    return switch (operator) {
      case "=" -> new Bounds(KeySet.single(key), true);
      case "<" -> new Bounds(KeySet.between(new byte[0], key), true);
      case "<=" -> new Bounds(KeySet.between(new byte[0], KeySet.after(key)), true);
      case ">" -> new Bounds(KeySet.between(KeySet.after(key), null), true);
      case ">=" -> new Bounds(KeySet.between(key, null), true);
      default -> ANYTHING;
    };
  }

  private static boolean isKey(Expr expr, int slot) {
    return expr instanceof Expr.Column column && column.slot() == slot;
  }

  private static byte[] bytes(Object value) {
    return value instanceof Bytes bytes ? bytes.content() : Strings.utf8((String) value);
  }
}
