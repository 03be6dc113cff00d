package dev.quicksilver.bridge.engine;

import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.types.Numeric;
import dev.quicksilver.bridge.types.Type;
import java.math.BigInteger;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Aggregate functions. */
final class Aggregates {
  private static final Set<String> NAMES =
      Set.of(
          "count",
          "sum",
          "avg",
          "min",
          "max",
          "bool_and",
          "bool_or",
          "every",
          "any_value",
          "array_agg",
          "string_agg",
          "stddev",
          "stddev_samp",
          "stddev_pop",
          "variance",
          "var_samp",
          "var_pop",
          "bit_and",
          "bit_or",
          "bit_xor",
          "percentile_cont",
          "percentile_disc",
          "mode",
          "corr",
          "covar_pop",
          "covar_samp",
          "regr_slope",
          "regr_intercept",
          "regr_r2",
          "regr_count",
          "regr_avgx",
          "regr_avgy",
          "regr_sxx",
          "regr_syy",
          "regr_sxy",
          "jsonb_agg",
          "jsonb_object_agg",
          "json_agg",
          "json_object_agg",
          "range_agg",
          "xmlagg",
          "rank",
          "dense_rank",
          "percent_rank",
          "cume_dist");

  private Aggregates() {}

  /** Collects the values of one group. */
  interface State {
    /** Takes a row's arguments, already filtered, distinct and in order. */
    void add(@Nullable Object[] arguments);

    /** The result for the rows so far. */
    @Nullable Object result();
  }

  /** An aggregate function for given argument types. */
  record Function(Type type, java.util.function.Supplier<State> states) {}

  static boolean isAggregate(String name) {
    return NAMES.contains(name);
  }

  /** Picks the function; star means count(*). */
  static Function resolve(String name, List<Expr> arguments) {
    if (name.equals("count")) {
      return new Function(Type.INT8, () -> new Count(!arguments.isEmpty()));
    }
    if (arguments.size() == 1) {
      Type type = arguments.getFirst().type();
      switch (name) {
        case "min", "max" -> {
          if (type != Type.BOOL && type != Type.JSONB) {
            Type result = type == Type.UNKNOWN || type == Type.VARCHAR ? Type.TEXT : type;
            return new Function(result, () -> new Extreme(result, name.equals("max")));
          }
        }
        case "sum" -> {
          if (type.isInteger() || type == Type.NUMERIC) {
            Type result = type == Type.INT2 || type == Type.INT4 ? Type.INT8 : Type.NUMERIC;
            return new Function(result, () -> new Sum(result, false));
          }
        }
        case "avg" -> {
          if (type.isInteger() || type == Type.NUMERIC) {
            return new Function(Type.NUMERIC, () -> new Sum(Type.NUMERIC, true));
          }
        }
        case "bool_and", "every", "bool_or" -> {
          if (type == Type.BOOL) {
            return new Function(Type.BOOL, () -> new Truth(name.equals("bool_or")));
          }
        }
        case "any_value" -> {
          return new Function(type, First::new);
        }
        default -> {}
      }
    }
    throw PgException.unsupported("the aggregate " + name + " of these argument types");
  }

  private static final class Count implements State {
    private final boolean onlyNotNull;
    private long count;

    Count(boolean onlyNotNull) {
      this.onlyNotNull = onlyNotNull;
    }

    @Override
    public void add(@Nullable Object[] arguments) {
      if (!onlyNotNull || arguments[0] != null) {
        count++;
      }
    }

    @Override
    public Object result() {
      return count;
    }
  }

  private static final class Extreme implements State {
    private final Type type;
    private final boolean largest;
    private @Nullable Object best;

    Extreme(Type type, boolean largest) {
      this.type = type;
      this.largest = largest;
    }

    @Override
    public void add(@Nullable Object[] arguments) {
      Object value = arguments[0];
      if (value == null) {
        return;
      }
      Object current = best;
      if (current == null || (Order.compare(type, value, current) > 0) == largest) {
        best = value;
      }
    }

    @Override
    public @Nullable Object result() {
      return best;
    }
  }

  /** Sum and average of integers and numerics. */
  private static final class Sum implements State {
    private final Type type;
    private final boolean average;
    private BigInteger integers = BigInteger.ZERO;
    private long pending;
    private @Nullable Numeric decimals;
    private long count;

    Sum(Type type, boolean average) {
      this.type = type;
      this.average = average;
    }

    @Override
    public void add(@Nullable Object[] arguments) {
      Object value = arguments[0];
      if (value == null) {
        return;
      }
      count++;
      if (value instanceof Numeric numeric) {
        Numeric before = decimals;
        decimals = before == null ? numeric : before.add(numeric);
        return;
      }
      long number = ((Number) value).longValue();
      long sum = pending + number;
      if (((pending ^ sum) & (number ^ sum)) < 0) {
        integers = integers.add(BigInteger.valueOf(pending));
        pending = number;
      } else {
        pending = sum;
      }
    }

    @Override
    public @Nullable Object result() {
      if (count == 0) {
        return null;
      }
      BigInteger whole = integers.add(BigInteger.valueOf(pending));
      if (type == Type.INT8) {
        return Numeric.of(whole).toLong(Long.MIN_VALUE, Long.MAX_VALUE, "bigint");
      }
      Numeric sum = decimals == null ? Numeric.of(whole) : decimals;
      return average ? sum.divide(Numeric.of(count)) : sum;
    }
  }

  private static final class Truth implements State {
    private final boolean any;
    private @Nullable Boolean truth;

    Truth(boolean any) {
      this.any = any;
    }

    @Override
    public void add(@Nullable Object[] arguments) {
      if (arguments[0] instanceof Boolean value) {
        Boolean before = truth;
        truth = before == null ? value : any ? before || value : before && value;
      }
    }

    @Override
    public @Nullable Object result() {
      return truth;
    }
  }

  private static final class First implements State {
    private @Nullable Object value;

    @Override
    public void add(@Nullable Object[] arguments) {
      if (value == null) {
        value = arguments[0];
      }
    }

    @Override
    public @Nullable Object result() {
      return value;
    }
  }
}
