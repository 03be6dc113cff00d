package dev.quicksilver.bridge.seek;

import dev.quicksilver.bridge.sql.Expression;
import dev.quicksilver.bridge.sql.Select;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A query block while its scans are narrowed: what its FROM names, within the blocks around. */
final class Block {
  /** A FROM item that is not understood: a catalog, a table with other names for its columns. */
  static final Item OPAQUE = new Item(Map.of());

  private final @Nullable Block around;
  private final Map<String, Item> named = new HashMap<>();
  private final List<Item> items = new ArrayList<>();

  Block(@Nullable Block around) {
    this.around = around;
  }

  /**
   * A FROM item: its columns that hold keys.
   *
   * @param keys the occurrence that a column's values come from, by the column's name
   */
  record Item(Map<String, Key> keys) {}

  /**
   * A column that holds the keys of an occurrence, or NULL.
   *
   * @param restricts whether a condition on the column excludes rows of the occurrence. Not so for
   *     a column of a block around, or where LIMIT makes rows matter that do not come out.
   */
  record Key(Occurrence occurrence, boolean restricts) {
    Key withoutRestricting() {
      return new Key(occurrence, false);
    }
  }

  @Nullable Block around() {
    return around;
  }

  /** Adds an item; one without a name has the empty one. */
  void add(String name, Item item) {
    items.add(item);
    if (!name.isEmpty()) {
      named.merge(name, item, (one, other) -> OPAQUE);
    }
  }

  /** The key that an expression is, if it is certain that it is one. */
  Optional<Key> find(Expression expression) {
    if (!(expression instanceof Expression.Name name) || name.star()) {
      return Optional.empty();
    }
    List<String> parts = name.parts();
    if (parts.size() == 1 && items.size() == 1) {
      return Optional.ofNullable(items.getFirst().keys().get(parts.getFirst()));
    }
    return parts.size() == 2 ? find(parts.getFirst(), parts.getLast()) : Optional.empty();
  }

  private Optional<Key> find(String item, String column) {
    for (Block block = this; block != null; block = block.around) {
      Item found = block.named.get(item);
      if (found != null) {
        Optional<Key> key = Optional.ofNullable(found.keys().get(column));
        return block == this ? key : key.map(Key::withoutRestricting);
      }
    }
    return Optional.empty();
  }

  /**
   * The columns of the block's own rows that hold keys; none if other rows are united with them.
   */
  Item projection(Select select) {
    boolean joinedByNames = select.from().stream().anyMatch(Block::usesNames);
    if (!select.unions().isEmpty() || joinedByNames) {
      return OPAQUE;
    }
    boolean whole =
        select.groupBy().isEmpty()
            && select.having().isEmpty()
            && select.limit().isEmpty()
            && select.offset().isEmpty();
    Map<String, Key> keys = new HashMap<>();
    Set<String> names = new HashSet<>();
    for (Select.Target target : select.targets()) {
      if (target.star()) {
        star(target)
            .forEach(item -> item.keys().forEach((name, key) -> put(name, key, keys, names)));
      } else {
        find(target.expression()).ifPresent(key -> put(name(target), key, keys, names));
      }
    }
    keys.replaceAll((name, key) -> whole ? key : key.withoutRestricting());
    return new Item(Map.copyOf(keys));
  }

  private static boolean usesNames(Select.FromItem item) {
    return item instanceof Select.FromItem.Join join
        && (!join.using().isEmpty() || usesNames(join.left()) || usesNames(join.right()));
  }

  private static String name(Select.Target target) {
    return target.alias().orElse(((Expression.Name) target.expression()).parts().getLast());
  }

  private List<Item> star(Select.Target target) {
    List<String> parts = ((Expression.Name) target.expression()).parts();
    if (parts.isEmpty()) {
      return items;
    }
    Item item = parts.size() == 1 ? named.get(parts.getFirst()) : null;
    return item == null ? List.of() : List.of(item);
  }

  /** A name that two columns have names neither. */
  private static void put(String name, Key key, Map<String, Key> keys, Set<String> names) {
    if (names.add(name)) {
      keys.put(name, key);
    } else {
      keys.remove(name);
    }
  }
}
