package dev.quicksilver.bridge.engine;

import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.bridge.types.PgArray;
import dev.quicksilver.bridge.types.Type;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Subqueries in expressions. One that reads nothing of the outer row runs once; a correlated one
 * runs for every row.
 */
final class Subqueries {
  private Subqueries() {}

  private interface Reader {
    @Nullable Object read(RowSource rows);
  }

  static Expr scalar(Planner.Block block, Consumer<@Nullable Object[]> bind, QueryContext context) {
    return expr(
        "scalar",
        block.types().getFirst(),
        block,
        bind,
        context,
        rows -> {
          Object[] first = rows.next();
          if (first == null) {
            return null;
          }
          if (rows.next() != null) {
            throw PgException.of(
                SqlState.CARDINALITY_VIOLATION,
                "more than one row returned by a subquery used as an expression");
          }
          return first[0];
        });
  }

  static Expr exists(Planner.Block block, Consumer<@Nullable Object[]> bind, QueryContext context) {
    return expr("exists", Type.BOOL, block, bind, context, rows -> rows.next() != null);
  }

  static Expr array(Planner.Block block, Consumer<@Nullable Object[]> bind, QueryContext context) {
    Type element = block.types().getFirst() == Type.UNKNOWN ? Type.TEXT : block.types().getFirst();
    return expr(
        "array",
        element.array(),
        block,
        bind,
        context,
        rows -> {
          List<@Nullable Object> values = new ArrayList<>();
          for (Object[] row = rows.next(); row != null; row = rows.next()) {
            context.hold();
            values.add(row[0]);
          }
          return new PgArray(element, values);
        });
  }

  private static Expr expr(
      String name,
      Type type,
      Planner.Block block,
      Consumer<@Nullable Object[]> bind,
      QueryContext context,
      Reader reader) {
    Object[] once = new Object[2];
    return new Expr.Computed(
        "volatile:" + name,
        type,
        block.outerReferences(),
        args ->
            row -> {
              if (args.isEmpty() && once[0] != null) {
                return once[1];
              }
              bind.accept(row);
              try (RowSource rows = block.plan().open(context)) {
                once[1] = reader.read(rows);
                once[0] = true;
                return once[1];
              }
            });
  }
}
