package dev.quicksilver.bridge.seek;

import dev.quicksilver.bridge.catalog.CatalogView;
import dev.quicksilver.bridge.catalog.KeySet;
import dev.quicksilver.bridge.catalog.Relation;
import dev.quicksilver.bridge.sql.Expression;
import dev.quicksilver.bridge.sql.Select;
import dev.quicksilver.bridge.sql.Select.FromItem;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads the blocks of one statement for {@link Narrowing}.
 *
 * <p>Why what it finds is enough: take away the rows that an occurrence's condition excludes, one
 * condition after the other. A conjunct of WHERE, or of the ON of an inner join, is true for no
 * combination with such a row, nor for one in which an outer join has put NULL for it, so the
 * answer is the same without them; the ON of a left join says this of its right side only. If a key
 * must be equal to another table's key, rows are without a partner when their partners have been
 * taken away, and so do not matter either. A block inside is evaluated for rows around it of which
 * the same holds.
 */
final class BlockReader {
  private final CatalogView catalog;
  private final Scope scope;
  private final KeyConditions conditions;
  private final List<Occurrence> occurrences = new ArrayList<>();

  /** The occurrences that conditions on the columns of a FROM item restrict. */
  private final IdentityHashMap<FromItem, List<Occurrence>> restrictable = new IdentityHashMap<>();

  /** The one column of blocks inside expressions, if it holds keys. */
  private final IdentityHashMap<Select, Block.Key> columns = new IdentityHashMap<>();

  /** Reads a statement. */
  BlockReader(Select select, CatalogView catalog, List<Argument> arguments, Scope scope) {
    this.catalog = catalog;
    this.scope = scope;
    Syntax.visit(select, Understood::require);
    this.conditions =
        new KeyConditions(new Parameters(arguments, true), Parameters.unclear(select, arguments));
    read(select, null);
    while (takeOver()) {}
  }

  private boolean takeOver() {
    boolean changed = false;
    for (Occurrence occurrence : occurrences) {
      changed |= occurrence.takeOver();
    }
    return changed;
  }

  /** The keys that can matter, by table. */
  Map<String, KeySet> keys() {
    Map<String, List<KeySet>> sets = new HashMap<>();
    for (Occurrence occurrence : occurrences) {
      if (occurrence.relation().keyColumn() >= 0) {
        sets.computeIfAbsent(occurrence.relation().name(), name -> new ArrayList<>())
            .add(occurrence.keys());
      }
    }
    Map<String, KeySet> result = new HashMap<>();
    sets.forEach(
        (name, each) -> {
          KeySet keys = KeySet.union(each);
          if (!keys.isAll()) {
            result.put(name, keys);
          }
        });
    return Map.copyOf(result);
  }

  /** Reads a block with what it is united with; returns those of its columns that hold keys. */
  private Block.Item read(Select select, @Nullable Block around) {
    var block = new Block(around);
    List<Occurrence> all = new ArrayList<>();
    for (FromItem item : select.from()) {
      all.addAll(declare(item, block));
    }
    Syntax.expressions(select).forEach(expression -> readInside(expression, block));
    for (FromItem item : select.from()) {
      Syntax.expressions(item).forEach(expression -> readInside(expression, block));
      join(item, block);
    }
    select.where().ifPresent(where -> apply(where, all, block));
    select.unions().forEach(union -> read(union.select(), around));
    return block.projection(select);
  }

  private void readInside(Expression expression, Block block) {
    Syntax.select(expression)
        .ifPresent(
            select -> {
              Block.Item item = read(select, block);
              if (select.targets().size() == 1 && !select.targets().getFirst().star()) {
                item.keys().values().forEach(key -> columns.put(select, key));
              }
            });
    Syntax.parts(expression).forEach(part -> readInside(part, block));
  }

  /** Makes a FROM item known; returns the occurrences that conditions on its columns restrict. */
  private List<Occurrence> declare(FromItem item, Block block) {
    List<Occurrence> restricted =
        switch (item) {
          case FromItem.Table table -> table(table, block);
          case FromItem.Sub sub -> subselect(sub, block);
          case FromItem.Join join ->
              Stream.of(declare(join.left(), block), declare(join.right(), block))
                  .flatMap(List::stream)
                  .toList();
        };
    restrictable.put(item, restricted);
    return restricted;
  }

  private List<Occurrence> subselect(FromItem.Sub sub, Block block) {
    Block.Item item = read(sub.select(), block.around());
    boolean renamed = !sub.columnAliases().isEmpty();
    block.add(sub.alias(), renamed ? Block.OPAQUE : item);
    return item.keys().values().stream()
        .filter(Block.Key::restricts)
        .map(Block.Key::occurrence)
        .distinct()
        .toList();
  }

  /** Applies the conditions of joins, each to the sides of which it says something. */
  private void join(FromItem item, Block block) {
    if (!(item instanceof FromItem.Join join)) {
      return;
    }
    join(join.left(), block);
    join(join.right(), block);
    List<FromItem> sides =
        switch (join.kind()) {
          case INNER, CROSS -> List.of(join.left(), join.right());
          case LEFT -> List.of(join.right());
          case RIGHT -> List.of(join.left());
          case FULL -> List.of();
        };
    List<Occurrence> targets =
        sides.stream()
            .flatMap(side -> restrictable.getOrDefault(side, List.of()).stream())
            .toList();
    join.condition().ifPresent(condition -> apply(condition, targets, block));
  }

  /** Applies a condition that has to be true to the occurrences of which it says something. */
  private void apply(Expression condition, List<Occurrence> targets, Block block) {
    switch (condition) {
      case Expression.Logic logic when logic.and() ->
          logic.operands().forEach(operand -> apply(operand, targets, block));
      case Expression.IsTruth test when test.truth().orElse(false) && !test.negated() ->
          apply(test.operand(), targets, block);
      case Expression.Infix infix
          when infix.operator().equals("=")
              && key(infix.left(), block).isPresent()
              && key(infix.right(), block).isPresent() ->
          equal(key(infix.left(), block).get(), key(infix.right(), block).get(), targets);
      case Expression.QuantifiedSelect any
          when any.operator().equals("=") && !any.all() && columns.containsKey(any.select()) ->
          key(any.left(), block)
              .ifPresent(
                  left -> equal(left, Objects.requireNonNull(columns.get(any.select())), targets));
      default ->
          targets.forEach(target -> target.restrict(conditions.of(condition, target, block)));
    }
  }

  /** The key that an expression is, a block of one column and at most one row included. */
  private Optional<Block.Key> key(Expression expression, Block block) {
    return expression instanceof Expression.Scalar scalar
        ? Optional.ofNullable(columns.get(scalar.select()))
        : block.find(expression);
  }

  private static void equal(Block.Key one, Block.Key other, List<Occurrence> targets) {
    if (one.restricts() && targets.contains(one.occurrence())) {
      one.occurrence().takeFrom(other.occurrence());
    }
    if (other.restricts() && targets.contains(other.occurrence())) {
      other.occurrence().takeFrom(one.occurrence());
    }
  }

  private List<Occurrence> table(FromItem.Table table, Block block) {
    String name = table.alias().orElse(table.name());
    boolean system =
        table.schema().isEmpty()
            ? table.name().startsWith("pg_")
            : table.schema().equals("pg_catalog") || table.schema().equals("information_schema");
    if (system) {
      block.add(name, Block.OPAQUE);
      return List.of();
    }
    if (!table.schema().equals("public") && !(table.schema().isEmpty() && scope.publicVisible())) {
      throw new Outside("a table of another schema, which may read ours");
    }
    Relation relation =
        catalog
            .find("public", table.name())
            .orElseThrow(() -> new Outside("a table that is not known"));
    int key = keyColumn(relation);
    if (key < 0) {
      block.add(name, Block.OPAQUE);
      return List.of();
    }
    var occurrence = new Occurrence(relation, key);
    occurrences.add(occurrence);
    if (!table.columnAliases().isEmpty() || table.sample().isPresent()) {
      block.add(name, Block.OPAQUE);
      return List.of();
    }
    block.add(name, new Block.Item(Map.of("key", new Block.Key(occurrence, true))));
    return List.of(occurrence);
  }

  private static int keyColumn(Relation relation) {
    for (int i = 0; i < relation.columns().size(); i++) {
      if (relation.columns().get(i).name().equals("key")) {
        return i;
      }
    }
    return -1;
  }
}
