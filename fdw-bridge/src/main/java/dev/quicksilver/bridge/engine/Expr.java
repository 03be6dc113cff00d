package dev.quicksilver.bridge.engine;

import dev.quicksilver.bridge.types.Type;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A typed expression over a row of slots. */
sealed interface Expr {
  Type type();

  /** The value for a row; null is SQL's NULL. */
  @Nullable Object eval(@Nullable Object[] row);

  /** A slot of the row. */
  record Column(int slot, Type type) implements Expr {
    @Override
    public @Nullable Object eval(@Nullable Object[] row) {
      return row[slot];
    }
  }

  /** A constant. */
  record Constant(Type type, @Nullable Object value) implements Expr {
    @Override
    public @Nullable Object eval(@Nullable Object[] row) {
      return value;
    }
  }

  /** The n-th aggregate of a query block; replaced by a column once groups are formed. */
  record AggregateRef(int index, Type type) implements Expr {
    @Override
    public @Nullable Object eval(@Nullable Object[] row) {
      throw new IllegalStateException("an aggregate is not evaluated on a row");
    }
  }

  /** An operator, function or other construct; equal when name, type and arguments are. */
  final class Computed implements Expr {
    private final String name;
    private final Type type;
    private final List<Expr> arguments;
    private final Build build;
    private final Evaluator evaluator;

    Computed(String name, Type type, List<Expr> arguments, Build build) {
      this.name = name;
      this.type = type;
      this.arguments = List.copyOf(arguments);
      this.build = build;
      this.evaluator = build.evaluator(this.arguments);
    }

    String name() {
      return name;
    }

    List<Expr> arguments() {
      return arguments;
    }

    Computed with(List<Expr> others) {
      return new Computed(name, type, others, build);
    }

    @Override
    public Type type() {
      return type;
    }

    @Override
    public @Nullable Object eval(@Nullable Object[] row) {
      return evaluator.eval(row);
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Computed that
          && name.equals(that.name)
          && type == that.type
          && arguments.equals(that.arguments)
          && !name.startsWith("volatile:");
    }

    @Override
    public int hashCode() {
      return Objects.hash(name, arguments);
    }
  }

  /** What a {@link Computed} does with a row. */
  interface Evaluator {
    @Nullable Object eval(@Nullable Object[] row);
  }

  /** Makes an evaluator over arguments, so that they can be replaced. */
  interface Build {
    Evaluator evaluator(List<Expr> arguments);
  }

  /** Calls the visitor for this and everything below. */
  static void walk(Expr expr, Consumer<Expr> visitor) {
    visitor.accept(expr);
    if (expr instanceof Computed computed) {
      computed.arguments().forEach(argument -> walk(argument, visitor));
    }
  }

  /** Whether it is NULL whatever the row. */
  static boolean isNull(Expr expr) {
    return expr instanceof Constant constant && constant.value() == null;
  }

  /** A strict function of one argument. */
  static Expr strict(
      String name, Type type, Expr a, java.util.function.UnaryOperator<Object> function) {
    return Fold.fold(
        new Computed(
            name,
            type,
            List.of(a),
            args -> {
              Expr first = args.getFirst();
              return row -> {
                Object x = first.eval(row);
                return x == null ? null : function.apply(x);
              };
            }));
  }

  /** A strict function of two arguments. */
  static Expr strict(
      String name, Type type, Expr a, Expr b, java.util.function.BinaryOperator<Object> function) {
    return Fold.fold(
        new Computed(
            name,
            type,
            List.of(a, b),
            args -> {
              Expr first = args.get(0);
              Expr second = args.get(1);
              return row -> {
                Object x = first.eval(row);
                Object y = second.eval(row);
                return x == null || y == null ? null : function.apply(x, y);
              };
            }));
  }

  /** A strict function of any number of arguments. */
  static Expr strict(String name, Type type, List<Expr> arguments, Strict function) {
    return Fold.fold(
        new Computed(
            name,
            type,
            arguments,
            args ->
                row -> {
                  Object[] values = new Object[args.size()];
                  for (int i = 0; i < values.length; i++) {
                    Object value = args.get(i).eval(row);
                    if (value == null) {
                      return null;
                    }
                    values[i] = value;
                  }
                  return function.apply(values);
                }));
  }

  /** A function of values none of which is null. */
  interface Strict {
    @Nullable Object apply(Object[] values);
  }
}
