package dev.quicksilver.bridge.engine;

import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.bridge.types.PgArray;
import dev.quicksilver.bridge.types.Type;
import java.time.ZoneId;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code op ANY (array)} and {@code op ALL (array)}. */
final class Quantifiers {
  private Quantifiers() {}

  static Expr array(String operator, Expr left, boolean all, Expr array, ZoneId zone) {
    Expr typed = array;
    if (array.type() == Type.UNKNOWN) {
      typed =
          Casts.to((left.type() == Type.UNKNOWN ? Type.TEXT : left.type()).array(), array, zone);
    }
    Type element =
        typed
            .type()
            .element()
            .orElseThrow(
                () ->
                    PgException.of(
                        SqlState.DATATYPE_MISMATCH,
                        "op ANY/ALL (array) requires array on right side"));
    Expr test =
        Operators.infix(
            operator,
            new Expr.Column(0, left.type() == Type.UNKNOWN ? element : left.type()),
            new Expr.Column(1, element),
            zone);
    Expr leftTyped = left.type() == Type.UNKNOWN ? Casts.to(element, left, zone) : left;
    boolean hashable =
        operator.equals("=")
            && !all
            && leftTyped.type() == element
            && (element == Type.TEXT || element == Type.INT8)
            && typed instanceof Expr.Constant;
    return new Expr.Computed(
        operator + (all ? "all" : "any"),
        Type.BOOL,
        List.of(leftTyped, typed),
        args -> hashable ? hashed(args) : loop(test, all, args));
  }

  private static Expr.Evaluator hashed(List<Expr> args) {
    Object value = ((Expr.Constant) args.get(1)).value();
    if (value == null) {
      return row -> null;
    }
    Set<Object> elements = new HashSet<>();
    boolean hasNull = false;
    for (@Nullable Object element : ((PgArray) value).elements()) {
      if (element == null) {
        hasNull = true;
      } else {
        elements.add(element);
      }
    }
    Boolean absent = hasNull ? null : Boolean.FALSE;
    boolean empty = elements.isEmpty() && !hasNull;
    Expr left = args.getFirst();
    return row -> {
      Object searched = left.eval(row);
      if (searched == null) {
        return empty ? Boolean.FALSE : null;
      }
      return elements.contains(searched) ? Boolean.TRUE : absent;
    };
  }

  private static Expr.Evaluator loop(Expr test, boolean all, List<Expr> args) {
    return row -> {
      Object array = args.get(1).eval(row);
      if (array == null) {
        return null;
      }
      @Nullable Object[] pair = {args.get(0).eval(row), null};
      boolean unknown = false;
      for (@Nullable Object element : ((PgArray) array).elements()) {
        pair[1] = element;
        Object result = test.eval(pair);
        if (result == null) {
          unknown = true;
        } else if ((Boolean) result != all) {
          return !all;
        }
      }
      return unknown ? null : (Boolean) all;
    };
  }
}
