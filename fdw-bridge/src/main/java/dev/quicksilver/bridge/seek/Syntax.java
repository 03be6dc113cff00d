package dev.quicksilver.bridge.seek;

import dev.quicksilver.bridge.sql.Expression;
import dev.quicksilver.bridge.sql.Select;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Ways through the tree of a statement; whoever takes them meets every part of it. */
final class Syntax {
  private Syntax() {}

  /** The expressions of a block, without those of blocks inside, joined ones and FROM. */
  static List<Expression> expressions(Select select) {
    List<Expression> all = new ArrayList<>();
    select.targets().forEach(target -> all.add(target.expression()));
    select.where().ifPresent(all::add);
    all.addAll(select.groupBy());
    select.having().ifPresent(all::add);
    select.orderBy().forEach(order -> all.add(order.expression()));
    select.limit().ifPresent(all::add);
    select.offset().ifPresent(all::add);
    return all;
  }

  /** The expressions of a FROM item itself: conditions of joins, samples. */
  static List<Expression> expressions(Select.FromItem item) {
    return switch (item) {
      case Select.FromItem.Table table -> {
        List<Expression> all = new ArrayList<>();
        table
            .sample()
            .ifPresent(
                sample -> {
                  all.add(sample.percent());
                  sample.seed().ifPresent(all::add);
                });
        yield all;
      }
      case Select.FromItem.Sub ignored -> List.of();
      case Select.FromItem.Join join ->
          Stream.of(
                  expressions(join.left()).stream(),
                  expressions(join.right()).stream(),
                  join.condition().stream())
              .flatMap(each -> each)
              .toList();
    };
  }

  /** The parts of an expression, without the block that it may hold. */
  static List<Expression> parts(Expression expression) {
    return switch (expression) {
      case Expression.Literal ignored -> List.of();
      case Expression.Parameter ignored -> List.of();
      case Expression.Name ignored -> List.of();
      case Expression.Prefix prefix -> List.of(prefix.operand());
      case Expression.Infix infix -> List.of(infix.left(), infix.right());
      case Expression.Logic logic -> logic.operands();
      case Expression.Not not -> List.of(not.operand());
      case Expression.IsNull test -> List.of(test.operand());
      case Expression.IsTruth test -> List.of(test.operand());
      case Expression.IsDistinct test -> List.of(test.left(), test.right());
      case Expression.Quantified each -> List.of(each.left(), each.array());
      case Expression.QuantifiedSelect each -> List.of(each.left());
      case Expression.In in -> Stream.concat(Stream.of(in.left()), in.list().stream()).toList();
      case Expression.Between between -> List.of(between.operand(), between.low(), between.high());
      case Expression.Cast cast -> List.of(cast.operand());
      case Expression.Call call -> parts(call);
      case Expression.Case choice -> parts(choice);
      case Expression.ArrayOf array -> array.elements();
      case Expression.ArraySelect ignored -> List.of();
      case Expression.Row row -> row.fields();
      case Expression.Scalar ignored -> List.of();
      case Expression.Exists ignored -> List.of();
      case Expression.Subscript subscript -> List.of(subscript.base(), subscript.index());
      case Expression.Collate collate -> List.of(collate.operand());
    };
  }

  private static List<Expression> parts(Expression.Call call) {
    List<Expression> all = new ArrayList<>(call.arguments());
    call.order().forEach(order -> all.add(order.expression()));
    call.filter().ifPresent(all::add);
    return all;
  }

  private static List<Expression> parts(Expression.Case choice) {
    List<Expression> all = new ArrayList<>();
    choice.operand().ifPresent(all::add);
    for (Expression.Case.When when : choice.whens()) {
      all.add(when.condition());
      all.add(when.result());
    }
    choice.otherwise().ifPresent(all::add);
    return all;
  }

  /** The block that an expression holds. */
  static Optional<Select> select(Expression expression) {
    return switch (expression) {
      case Expression.QuantifiedSelect each -> Optional.of(each.select());
      case Expression.ArraySelect array -> Optional.of(array.select());
      case Expression.Scalar scalar -> Optional.of(scalar.select());
      case Expression.Exists exists -> Optional.of(exists.select());
      default -> Optional.empty();
    };
  }

  /** Shows every expression of a statement, those of blocks inside included. */
  static void visit(Select select, Consumer<Expression> visitor) {
    expressions(select).forEach(expression -> visit(expression, visitor));
    select.from().forEach(item -> visit(item, visitor));
    select.unions().forEach(union -> visit(union.select(), visitor));
  }

  private static void visit(Select.FromItem item, Consumer<Expression> visitor) {
    switch (item) {
      case Select.FromItem.Sub sub -> visit(sub.select(), visitor);
      case Select.FromItem.Table ignored ->
          expressions(item).forEach(expression -> visit(expression, visitor));
      case Select.FromItem.Join join -> {
        visit(join.left(), visitor);
        visit(join.right(), visitor);
        join.condition().ifPresent(condition -> visit(condition, visitor));
      }
    }
  }

  private static void visit(Expression expression, Consumer<Expression> visitor) {
    visitor.accept(expression);
    parts(expression).forEach(part -> visit(part, visitor));
    select(expression).ifPresent(inside -> visit(inside, visitor));
  }
}
