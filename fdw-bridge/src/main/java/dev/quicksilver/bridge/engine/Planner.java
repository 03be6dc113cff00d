package dev.quicksilver.bridge.engine;

import dev.quicksilver.bridge.catalog.Relation;
import dev.quicksilver.bridge.sql.Expression;
import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.Select;
import dev.quicksilver.bridge.sql.Select.FromItem;
import dev.quicksilver.bridge.sql.Select.JoinKind;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.bridge.types.Type;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Turns a query block into a plan. */
final class Planner {
  private final QueryContext context;
  private final @Nullable Compiler outer;
  private final Scope scope = new Scope();
  private final Compiler compiler;

  Planner(QueryContext context, @Nullable Compiler outer) {
    this.context = context;
    this.outer = outer;
    this.compiler = new Compiler(context, scope, outer);
  }

  /**
   * A planned query block.
   *
   * @param scan set if the block is a scan whose columns can be copied straight to the client
   */
  record Block(
      Plan plan,
      List<String> names,
      List<Type> types,
      List<Expr> outerReferences,
      @Nullable DirectScan scan) {}

  /** A scan of one relation; targets are columns of it or constants. */
  record DirectScan(ScanPlan plan, List<Expr> targets, long offset, long limit) {}

  Block block(Select select, Compiler[] inner) {
    inner[0] = compiler;
    return block(select);
  }

  Block block(Select select) {
    if (!select.unions().isEmpty()) {
      throw PgException.unsupported("UNION");
    }
    From from = from(select.from());
    List<Expr> where = From.conjuncts(select.where().map(compiler::condition));
    var output = new Output(context, scope, compiler, select);
    output.resolve();
    long offset = count(select.offset(), "OFFSET", 0);
    long limit = count(select.limit(), "LIMIT", Long.MAX_VALUE);
    var access = new Access(scope.width(), context);
    access.use(where);
    access.use(output.inputs());
    if (from != null) {
      access.useConditions(from);
    }
    List<Order.By> order = output.order();
    boolean plain = !output.grouped() && !select.distinct();
    Plan input =
        from == null
            ? Plans.filter(Plans.single(), where)
            : access.plan(from, where, plain ? order : List.of());
    boolean sorted = order.isEmpty() || (plain && access.ordered());
    DirectScan direct = null;
    if (plain && sorted && input instanceof ScanPlan scan && straight(output.targets(), scan)) {
      direct = new DirectScan(scan, output.targets(), offset, limit);
    }
    Plan plan = output.group(input, from, where);
    if (!sorted && !select.distinct()) {
      boolean bounded = limit < Integer.MAX_VALUE - offset && offset < Integer.MAX_VALUE;
      plan = Plans.sort(plan, order, bounded ? offset + limit : -1);
    }
    plan = Plans.project(plan, output.targets());
    List<Type> types = output.targets().stream().map(Expr::type).toList();
    if (select.distinct()) {
      plan = Plans.distinct(plan, types);
      if (!order.isEmpty()) {
        plan = Plans.sort(plan, output.orderOfOutput(), -1);
      }
    }
    if (offset > 0 || limit < Long.MAX_VALUE) {
      plan = Plans.limit(plan, offset, limit);
    }
    return new Block(plan, output.names(), types, compiler.outerReferences(), direct);
  }

  private static boolean straight(List<Expr> targets, ScanPlan scan) {
    return targets.stream().allMatch(t -> t instanceof Expr.Column || t instanceof Expr.Constant)
        && scan.offset() == 0;
  }

  private long count(Optional<Expression> expression, String clause, long missing) {
    if (expression.isEmpty()) {
      return missing;
    }
    Expr compiled =
        Casts.to(
            Type.INT8,
            new Compiler(context, new Scope(), outer).compile(expression.get()),
            context.zone());
    Object value = compiled.eval(new Object[0]);
    if (value == null) {
      return missing;
    }
    if ((Long) value < 0) {
      throw PgException.of(
          clause.equals("LIMIT")
              ? SqlState.INVALID_ROW_COUNT_IN_LIMIT
              : SqlState.INVALID_ROW_COUNT_IN_OFFSET,
          clause + " must not be negative");
    }
    return (Long) value;
  }

  private @Nullable From from(List<FromItem> items) {
    From result = null;
    for (FromItem item : items) {
      From next = resolve(item);
      result = result == null ? next : new From.Join(JoinKind.CROSS, result, next, List.of());
    }
    return result;
  }

  private From resolve(FromItem item) {
    return switch (item) {
      case FromItem.Table table -> table(table);
      case FromItem.Sub sub -> {
        Block block = new Planner(context, null).block(sub.select());
        List<Scope.Field> fields = new ArrayList<>();
        for (int i = 0; i < block.types().size(); i++) {
          Type type = block.types().get(i) == Type.UNKNOWN ? Type.TEXT : block.types().get(i);
          fields.add(
              new Scope.Field(alias(sub.columnAliases(), i, block.names().get(i)), type, false));
        }
        yield new From.Sub(block, scope.add(sub.alias(), List.copyOf(fields)));
      }
      case FromItem.Join join -> {
        From left = resolve(join.left());
        From right = resolve(join.right());
        if (!join.using().isEmpty()) {
          throw PgException.unsupported("JOIN … USING");
        }
        yield new From.Join(
            join.kind(), left, right, From.conjuncts(join.condition().map(compiler::condition)));
      }
    };
  }

  private static String alias(List<String> aliases, int index, String otherwise) {
    return index < aliases.size() ? aliases.get(index) : otherwise;
  }

  private From table(FromItem.Table table) {
    Relation relation =
        context
            .catalog()
            .find(table.schema(), table.name())
            .orElseThrow(
                () ->
                    PgException.of(
                            SqlState.UNDEFINED_TABLE,
                            "relation \""
                                + (table.schema().isEmpty() ? "" : table.schema() + ".")
                                + table.name()
                                + "\" does not exist")
                        .at(table.position()));
    List<Scope.Field> fields = new ArrayList<>();
    for (int i = 0; i < relation.columns().size(); i++) {
      var column = relation.columns().get(i);
      fields.add(
          new Scope.Field(
              alias(table.columnAliases(), i, column.name()), column.type(), column.hidden()));
    }
    double share = table.sample().map(this::share).orElse(1.0);
    return new From.Table(
        relation, scope.add(table.alias().orElse(table.name()), List.copyOf(fields)), share);
  }

  private double share(Select.Sample sample) {
    String method = sample.method().toLowerCase(Locale.ROOT);
    if (!method.equals("system") && !method.equals("bernoulli")) {
      throw PgException.of(
          SqlState.UNDEFINED_OBJECT, "tablesample method " + sample.method() + " does not exist");
    }
    Expr percent = Casts.to(Type.FLOAT8, compiler.compile(sample.percent()), context.zone());
    Object value = percent.eval(new Object[0]);
    if (value == null || (Double) value < 0 || (Double) value > 100 || ((Double) value).isNaN()) {
      throw PgException.of(
          SqlState.INVALID_TABLESAMPLE_ARGUMENT, "sample percentage must be between 0 and 100");
    }
    return (Double) value / 100;
  }
}
