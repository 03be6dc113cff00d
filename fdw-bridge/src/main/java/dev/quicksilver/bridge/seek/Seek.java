package dev.quicksilver.bridge.seek;

import dev.quicksilver.bridge.catalog.CatalogView;
import dev.quicksilver.bridge.catalog.KeySet;
import dev.quicksilver.bridge.catalog.Relation;
import dev.quicksilver.bridge.catalog.RelationCursor;
import dev.quicksilver.bridge.sql.Select;
import dev.quicksilver.bridge.types.Type;
import java.time.ZoneId;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/**
 * A statement that the bridge answers by itself. Immutable; belongs to the transaction whose
 * catalog it was planned with.
 */
public final class Seek {
  private final Shape shape;
  private final ZoneId zone;

  /** The keys that the rows lie in, for pairs. */
  private final KeySet keys;

  /** What is left to be tested within the keys. */
  private final List<Condition> conditions;

  private Seek(Shape shape, ZoneId zone, KeySet keys, List<Condition> conditions) {
    this.shape = shape;
    this.zone = zone;
    this.keys = keys;
    this.conditions = conditions;
  }

  /**
   * What is known of a statement before its parameters have values.
   *
   * @param parameterTypes their OIDs, declared or deduced
   */
  public record Description(List<String> names, List<Type> types, List<Integer> parameterTypes) {}

  /**
   * Plans a statement.
   *
   * @param arguments the values of its parameters
   * @return empty if it is not certain that this gives what PostgreSQL would give
   */
  public static Optional<Seek> plan(
      Select select, CatalogView catalog, List<Argument> arguments, Scope scope) {
    try {
      Shape shape = Shape.of(select, catalog, arguments, true, scope);
      return Optional.of(of(shape, scope.zone()));
    } catch (Outside e) {
      return Optional.empty();
    }
  }

  /**
   * Describes a statement without values for its parameters. With some values it may still turn out
   * to be no seek.
   *
   * @param parameterTypes the OIDs that Parse declared, 0 where it left one open
   */
  public static Optional<Description> describe(
      Select select, CatalogView catalog, List<Integer> parameterTypes, Scope scope) {
    List<Argument> arguments =
        parameterTypes.stream().map(oid -> new Argument(oid, false, null)).toList();
    try {
      Shape shape = Shape.of(select, catalog, arguments, false, scope);
      return Optional.of(new Description(names(shape), types(shape), shape.parameterTypes()));
    } catch (Outside e) {
      return Optional.empty();
    }
  }

  private static Seek of(Shape shape, ZoneId zone) {
    Optional<Condition> where = shape.where();
    if (where.isEmpty() || !shape.table().isPairs()) {
      return new Seek(shape, zone, KeySet.ALL, where.stream().toList());
    }
    int key = shape.table().relation().keyColumn();
    return new Seek(
        shape, zone, Bounds.of(where.get(), key).keys(), Bounds.residue(where.get(), key));
  }

  /** The same over the rows whose keys lie in a set. Changes nothing for tables without keys. */
  public Seek narrowed(KeySet within) {
    return shape.table().isPairs()
        ? new Seek(shape, zone, keys.intersect(within), conditions)
        : this;
  }

  /** The table that is read. */
  public Relation relation() {
    return shape.table().relation();
  }

  /** Whether PostgreSQL reads such a query backward, too, in the same order. */
  public boolean scrolls() {
    return !shape.isCount() && shape.sampling().isEmpty();
  }

  /** Names of the output columns. */
  public List<String> names() {
    return names(shape);
  }

  private static List<String> names(Shape shape) {
    return shape.outputs().stream().map(Output::name).toList();
  }

  /** Types of the output columns. */
  public List<Type> types() {
    return types(shape);
  }

  private static List<Type> types(Shape shape) {
    return shape.outputs().stream().map(Output::type).toList();
  }

  /** OIDs of the parameters, declared or deduced. */
  public List<Integer> parameterTypes() {
    return shape.parameterTypes();
  }

  /** The first line of EXPLAIN, in the form that postgres_fdw scans for. */
  public String explain() {
    return Estimate.of(shape, keys, conditions).line();
  }

  /** Starts an execution; each gives the same rows. */
  public Rows open(Interruption interruption) {
    if (shape.isCount()) {
      return new CountedRows(() -> count(interruption), shape.outputs().size(), shape.window());
    }
    if (shape.ordering().isNatural(shape.table())) {
      return new ScannedRows(
          matches(wanted(), sequences(), interruption), shape.outputs(), shape.window(), zone);
    }
    return new OrderedRows(
        () -> first(interruption), this::again, shape.outputs(), shape.window(), zone);
  }

  private long count(Interruption interruption) {
    Relation relation = shape.table().relation();
    if (keys.isAll()
        && conditions.isEmpty()
        && shape.sampling().isEmpty()
        && relation.rowsAreExact()) {
      return relation.rows();
    }
    long count = 0;
    try (Matches matches = matches(wanted(), sequences(), interruption)) {
      while (matches.next()) {
        count++;
      }
    }
    return count;
  }

  private Matches matches(BitSet columns, Sequences sequences, Interruption interruption) {
    return new Matches(cursor(columns, sequences), conditions, shape.sampling(), interruption);
  }

  private RelationCursor cursor(BitSet columns, Sequences sequences) {
    Relation relation = shape.table().relation();
    if (shape.table().isLog()) {
      return relation.openSequences(sequences.from(), sequences.to(), columns);
    }
    boolean backward = shape.ordering().isNatural(shape.table()) && shape.ordering().isDescending();
    return relation.open(keys, backward, columns);
  }

  private Sequences sequences() {
    return shape.table().isLog()
        ? Sequences.of(new Condition.All(conditions), shape.table().relation().sequenceColumn())
        : Sequences.ALL;
  }

  /** The columns that are written or tested. */
  private BitSet wanted() {
    BitSet columns = Output.columns(shape.outputs());
    columns.or(tested());
    return columns;
  }

  private BitSet tested() {
    var columns = new BitSet();
    conditions.forEach(condition -> Condition.columns(condition, columns));
    return columns;
  }

  /** Finds the first rows of an order that no scan gives. */
  private List<FirstRows.Kept> first(Interruption interruption) {
    Table table = shape.table();
    var first =
        new FirstRows(
            shape.ordering(),
            (int) shape.window().rows(),
            table.relation().keyColumn(),
            table.relation().sequenceColumn());
    BitSet columns = tested();
    shape.ordering().columns().forEach(by -> columns.set(by.column()));
    if (shape.ordering().isBySequence(table)) {
      newest(first, columns, interruption);
    } else {
      offerAll(first, columns, sequences(), interruption);
    }
    return first.take();
  }

  private void offerAll(
      FirstRows first, BitSet columns, Sequences sequences, Interruption interruption) {
    try (Matches matches = matches(columns, sequences, interruption)) {
      while (matches.next()) {
        first.offer(matches.row());
      }
    }
  }

  /** Reads a log from its end, in parts that grow until there are enough rows. */
  private void newest(FirstRows first, BitSet columns, Interruption interruption) {
    Relation relation = shape.table().relation();
    var retained = new Sequences(relation.firstSequence(), relation.lastSequence());
    Sequences bounds = sequences().intersect(retained);
    long part = Math.max(1_000, 2 * shape.window().rows());
    long to = bounds.to();
    while (!first.isFull() && to >= bounds.from()) {
      long from = to - bounds.from() < part ? bounds.from() : to - part + 1;
      offerAll(first, columns, new Sequences(from, to), interruption);
      to = from - 1;
      part *= 2;
    }
  }

  private RelationCursor again(FirstRows.Kept row) {
    Relation relation = shape.table().relation();
    BitSet columns = Output.columns(shape.outputs());
    return shape.table().isLog()
        ? relation.openSequences(row.sequence(), row.sequence(), columns)
        : relation.open(KeySet.single(row.key()), false, columns);
  }
}
