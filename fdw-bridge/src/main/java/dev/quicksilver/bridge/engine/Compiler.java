package dev.quicksilver.bridge.engine;

import dev.quicksilver.bridge.sql.Expression;
import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.Select;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.bridge.types.Numeric;
import dev.quicksilver.bridge.types.PgArray;
import dev.quicksilver.bridge.types.PgRecord;
import dev.quicksilver.bridge.types.Type;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Resolves names and types of expressions within one query block. */
final class Compiler {
  private final QueryContext context;
  private final Scope scope;
  private final @Nullable Compiler outer;
  private final OuterRow outerRow = new OuterRow();
  private final List<Expr> outerReferences = new ArrayList<>();
  private @Nullable List<AggregateCall> aggregates;

  /** The row of the enclosing query that a correlated subquery is being evaluated for. */
  private static final class OuterRow {
    private @Nullable Object[] row = new Object[0];
  }

  /** An aggregate found while compiling. */
  record AggregateCall(
      Aggregates.Function function,
      List<Expr> arguments,
      boolean distinct,
      List<Order.By> order,
      @Nullable Expr filter,
      String name) {}

  Compiler(QueryContext context, Scope scope, @Nullable Compiler outer) {
    this.context = context;
    this.scope = scope;
    this.outer = outer;
  }

  QueryContext context() {
    return context;
  }

  /** Expressions of the enclosing query that this block reads. */
  List<Expr> outerReferences() {
    return outerReferences;
  }

  /** From now on aggregates are allowed and collected in the list. */
  void collectAggregates(@Nullable List<AggregateCall> into) {
    aggregates = into;
  }

  Expr compile(Expression expression) {
    try {
      return switch (expression) {
        case Expression.Literal literal -> literal(literal);
        case Expression.Parameter parameter -> parameter(parameter);
        case Expression.Name name -> name.star() ? wholeRow(name) : column(name);
        case Expression.Prefix prefix ->
            prefix.operator().equals("-")
                    && prefix.operand() instanceof Expression.Literal literal
                    && literal.kind() == Expression.Literal.Kind.INTEGER
                ? integer("-" + literal.text())
                : Operators.prefix(prefix.operator(), compile(prefix.operand()), context.zone());
        case Expression.Infix infix ->
            Operators.infix(
                infix.operator(), compile(infix.left()), compile(infix.right()), context.zone());
        case Expression.Logic logic ->
            Logic.connect(logic.and(), logic.operands().stream().map(this::condition).toList());
        case Expression.Not not -> Logic.not(condition(not.operand()));
        case Expression.IsNull test -> Logic.isNull(compile(test.operand()), test.negated());
        case Expression.IsTruth test -> Logic.isTruth(condition(test.operand()), test);
        case Expression.IsDistinct test ->
            Logic.isDistinct(
                compile(test.left()), compile(test.right()), test.negated(), context.zone());
        case Expression.Quantified test ->
            Quantifiers.array(
                test.operator(),
                compile(test.left()),
                test.all(),
                compile(test.array()),
                context.zone());
        case Expression.QuantifiedSelect test -> quantified(test);
        case Expression.In in -> in(in);
        case Expression.Between between -> between(between);
        case Expression.Cast cast -> cast(cast);
        case Expression.Call call -> call(call);
        case Expression.Case choice -> Logic.choice(this, choice);
        case Expression.ArrayOf array -> array(array);
        case Expression.ArraySelect array -> subselectArray(array);
        case Expression.Row row -> record(row.fields().stream().map(this::compile).toList());
        case Expression.Scalar scalar -> scalar(scalar.select());
        case Expression.Exists exists -> exists(exists.select());
        case Expression.Subscript subscript -> subscript(subscript);
        case Expression.Collate collate -> collate(collate);
      };
    } catch (PgException e) {
      throw e.at(expression.position());
    }
  }

  /** An expression that must be boolean. */
  Expr condition(Expression expression) {
    Expr compiled = compile(expression);
    if (compiled.type() == Type.UNKNOWN) {
      return Casts.to(Type.BOOL, compiled, context.zone());
    }
    if (compiled.type() != Type.BOOL) {
      throw PgException.of(
              SqlState.DATATYPE_MISMATCH,
              "argument of a condition must be type boolean, not type " + compiled.type().sqlName())
          .at(expression.position());
    }
    return compiled;
  }

  private Expr literal(Expression.Literal literal) {
    String text = literal.text();
    if (text == null) {
      return new Expr.Constant(Type.UNKNOWN, null);
    }
    return switch (literal.kind()) {
      case STRING, NULL -> new Expr.Constant(Type.UNKNOWN, text);
      case BOOLEAN -> new Expr.Constant(Type.BOOL, text.equals("true"));
      case DECIMAL -> new Expr.Constant(Type.NUMERIC, Numeric.of(new BigDecimal(text)));
      case INTEGER -> integer(text);
    };
  }

  private static Expr integer(String text) {
    var value = new java.math.BigInteger(text);
    if (value.bitLength() < 32) {
      return new Expr.Constant(Type.INT4, value.intValue());
    }
    if (value.bitLength() < 64) {
      return new Expr.Constant(Type.INT8, value.longValue());
    }
    return new Expr.Constant(Type.NUMERIC, Numeric.of(value));
  }

  private Expr parameter(Expression.Parameter parameter) {
    int index = parameter.number() - 1;
    if (index < 0 || index >= context.parameters().size()) {
      throw PgException.of(
          SqlState.UNDEFINED_PARAMETER, "there is no parameter $" + parameter.number());
    }
    return new Expr.Constant(Type.UNKNOWN, context.parameters().get(index));
  }

  private Expr column(Expression.Name name) {
    Expr found = scope.find(name);
    if (found != null) {
      return found;
    }
    if (outer != null) {
      Expr above = outer.findQuietly(name);
      if (above != null) {
        OuterRow holder = outerRow;
        outerReferences.add(above);
        return new Expr.Computed(
            "volatile:outer", above.type(), List.of(), args -> row -> above.eval(holder.row));
      }
    }
    if (name.parts().size() == 1 && scope.item(name.parts().getFirst()) != null) {
      return wholeRow(name);
    }
    throw PgException.of(
        SqlState.UNDEFINED_COLUMN,
        "column \"" + String.join(".", name.parts()) + "\" does not exist");
  }

  private @Nullable Expr findQuietly(Expression.Name name) {
    Expr found = scope.find(name);
    return found != null || outer == null ? found : column(name);
  }

  private Expr wholeRow(Expression.Name name) {
    Scope.Item item = scope.item(name.parts().getLast());
    if (item == null) {
      throw PgException.of(
          SqlState.UNDEFINED_TABLE,
          "missing FROM-clause entry for table \"" + name.parts().getLast() + "\"");
    }
    List<Expr> fields = new ArrayList<>();
    for (int i = 0; i < item.fields().size(); i++) {
      if (!item.fields().get(i).hidden()) {
        fields.add(new Expr.Column(item.offset() + i, item.fields().get(i).type()));
      }
    }
    List<Type> types = fields.stream().map(Expr::type).toList();
    fields.add(new Expr.Column(item.presence(), Type.BOOL));
    return new Expr.Computed(
        "whole-row",
        Type.RECORD,
        fields,
        args ->
            row ->
                args.getLast().eval(row) == null
                    ? null
                    : fields(types, args.subList(0, types.size()), row));
  }

  private static PgRecord fields(List<Type> types, List<Expr> values, @Nullable Object[] row) {
    List<@Nullable Object> fields = new ArrayList<>(values.size());
    for (Expr value : values) {
      fields.add(value.eval(row));
    }
    return new PgRecord(types, fields);
  }

  private Expr record(List<Expr> values) {
    List<Type> types = values.stream().map(Expr::type).toList();
    return new Expr.Computed("row", Type.RECORD, values, args -> row -> fields(types, args, row));
  }

  private Expr in(Expression.In in) {
    Expr left = compile(in.left());
    List<Expr> tests = new ArrayList<>();
    for (Expression each : in.list()) {
      tests.add(
          Operators.comparison(in.negated() ? "<>" : "=", left, compile(each), context.zone()));
    }
    return tests.size() == 1 ? tests.getFirst() : Logic.connect(in.negated(), tests);
  }

  private Expr between(Expression.Between between) {
    Expr operand = compile(between.operand());
    Expr low = compile(between.low());
    Expr high = compile(between.high());
    Expr test = within(operand, low, high);
    if (between.symmetric()) {
      test = Logic.connect(false, List.of(test, within(operand, high, low)));
    }
    return between.negated() ? Logic.not(test) : test;
  }

  private Expr within(Expr operand, Expr low, Expr high) {
    return Logic.connect(
        true,
        List.of(
            Operators.comparison(">=", operand, low, context.zone()),
            Operators.comparison("<=", operand, high, context.zone())));
  }

  private Expr cast(Expression.Cast cast) {
    Type target = Type.of(cast.type());
    Expr operand = compile(cast.operand());
    if (target == Type.REGCLASS
        && operand instanceof Expr.Constant constant
        && constant.value() instanceof String) {
      return SystemFunctions.regclass((String) constant.value(), context);
    }
    return Casts.modifiers(Casts.to(target, operand, context.zone()), cast.type().modifiers());
  }

  private Expr call(Expression.Call call) {
    if (Aggregates.isAggregate(call.name()) || call.withinGroup()) {
      return aggregate(call);
    }
    if (call.star()
        || call.distinct()
        || call.filter().isPresent()
        || !call.order().isEmpty()
        || call.variadic()) {
      throw PgException.unsupported("this form of calling " + call.name());
    }
    List<Expr> arguments = call.arguments().stream().map(this::compile).toList();
    Expr system = SystemFunctions.call(call.name(), arguments, context);
    return system != null ? system : Functions.call(call.name(), arguments, context.zone());
  }

  private Expr aggregate(Expression.Call call) {
    List<AggregateCall> collected = aggregates;
    if (collected == null) {
      throw PgException.of(SqlState.GROUPING_ERROR, "aggregate functions are not allowed here");
    }
    if (call.withinGroup()) {
      throw PgException.unsupported("ordered-set aggregates");
    }
    aggregates = null;
    List<Expr> arguments = call.arguments().stream().map(this::compile).toList();
    Expr filter = call.filter().map(this::condition).orElse(null);
    List<Order.By> order = new ArrayList<>();
    for (Select.Order each : call.order()) {
      order.add(new Order.By(compile(each.expression()), each.descending(), each.nullsComeFirst()));
    }
    aggregates = collected;
    Aggregates.Function function = Aggregates.resolve(call.name(), arguments);
    var found = new AggregateCall(function, arguments, call.distinct(), order, filter, call.name());
    collected.add(found);
    return new Expr.AggregateRef(collected.size() - 1, function.type());
  }

  private Expr array(Expression.ArrayOf array) {
    List<Expr> elements = array.elements().stream().map(this::compile).toList();
    Type type = Type.UNKNOWN;
    for (Expr element : elements) {
      Type common = Casts.common(type, element.type());
      if (common == null) {
        throw PgException.of(
            SqlState.DATATYPE_MISMATCH,
            "ARRAY types "
                + type.sqlName()
                + " and "
                + element.type().sqlName()
                + " cannot be matched");
      }
      type = common;
    }
    Type element = type == Type.UNKNOWN ? Type.TEXT : type;
    List<Expr> converted =
        elements.stream().map(e -> Casts.to(element, e, context.zone())).toList();
    return Fold.fold(
        new Expr.Computed(
            "array",
            element.array(),
            converted,
            args ->
                row -> {
                  List<@Nullable Object> values = new ArrayList<>();
                  for (Expr value : args) {
                    values.add(value.eval(row));
                  }
                  return new PgArray(element, values);
                }));
  }

  private Expr subscript(Expression.Subscript subscript) {
    Expr base = compile(subscript.base());
    Expr index = compile(subscript.index());
    Type element =
        base.type()
            .element()
            .orElseThrow(() -> PgException.unsupported("subscripts of " + base.type().sqlName()));
    return Expr.strict(
        "subscript",
        element,
        List.of(base, Casts.to(Type.INT4, index, context.zone())),
        values -> {
          int at = (Integer) values[1];
          var elements = ((PgArray) values[0]).elements();
          return at < 1 || at > elements.size() ? null : elements.get(at - 1);
        });
  }

  private Expr collate(Expression.Collate collate) {
    String name = collate.collation().toLowerCase(java.util.Locale.ROOT);
    if (!name.equals("c")
        && !name.equals("posix")
        && !name.equals("default")
        && !name.equals("ucs_basic")) {
      throw PgException.unsupported("the collation \"" + collate.collation() + "\"");
    }
    return compile(collate.operand());
  }

  private Planner.Block subselect(Select select, Compiler[] inner) {
    return new Planner(context, this).block(select, inner);
  }

  private Expr scalar(Select select) {
    Compiler[] inner = new Compiler[1];
    Planner.Block block = subselect(select, inner);
    if (block.types().size() != 1) {
      throw PgException.of(SqlState.SYNTAX_ERROR, "subquery must return only one column");
    }
    return Subqueries.scalar(block, inner[0]::bindOuter, context);
  }

  private Expr exists(Select select) {
    Compiler[] inner = new Compiler[1];
    Planner.Block block = subselect(select, inner);
    return Subqueries.exists(block, inner[0]::bindOuter, context);
  }

  private Expr subselectArray(Expression.ArraySelect array) {
    Compiler[] inner = new Compiler[1];
    Planner.Block block = subselect(array.select(), inner);
    return Subqueries.array(block, inner[0]::bindOuter, context);
  }

  private Expr quantified(Expression.QuantifiedSelect test) {
    Expr left = compile(test.left());
    Compiler[] inner = new Compiler[1];
    Planner.Block block = subselect(test.select(), inner);
    Expr array = Subqueries.array(block, inner[0]::bindOuter, context);
    return Quantifiers.array(test.operator(), left, test.all(), array, context.zone());
  }

  private void bindOuter(@Nullable Object[] row) {
    outerRow.row = row;
  }
}
