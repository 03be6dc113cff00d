package dev.quicksilver.bridge.seek;

import dev.quicksilver.bridge.catalog.RelationCursor;
import dev.quicksilver.bridge.sql.Expression;
import dev.quicksilver.bridge.sql.Expression.Literal;
import dev.quicksilver.bridge.sql.Select;
import dev.quicksilver.bridge.types.Type;
import dev.quicksilver.bridge.wire.MessageWriter;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;

/** A column of the answer. */
sealed interface Output {
  /** What PostgreSQL calls a column that has no name. */
  String NAMELESS = "?column?";

  /** Its name. */
  String name();

  /** Its type. */
  Type type();

  /** A column of the table. */
  record Plain(String name, Type type, int column) implements Output {}

  /** NULL. */
  record Null(String name) implements Output {
    @Override
    public Type type() {
      return Type.TEXT;
    }
  }

  /** An integer literal. */
  record Whole(String name, Type type, long number) implements Output {}

  /** {@code count(*)}. */
  record Count(String name) implements Output {
    @Override
    public Type type() {
      return Type.INT8;
    }
  }

  /** The columns that a select list names. */
  static List<Output> list(Select select, Table table) {
    List<Output> outputs = new ArrayList<>();
    for (Select.Target target : select.targets()) {
      if (target.star()) {
        star(target, table, outputs);
      } else {
        outputs.add(of(target, table));
      }
    }
    boolean counted = outputs.stream().anyMatch(Count.class::isInstance);
    if (outputs.isEmpty() || (counted && !outputs.stream().allMatch(Count.class::isInstance))) {
      throw new Outside("no columns, or columns beside count(*)");
    }
    return List.copyOf(outputs);
  }

  private static void star(Select.Target target, Table table, List<Output> outputs) {
    var parts = ((Expression.Name) target.expression()).parts();
    if (parts.size() > 1 || (parts.size() == 1 && !parts.getFirst().equals(table.name()))) {
      throw new Outside("all columns of another table");
    }
    for (int i = 0; i < table.relation().columns().size(); i++) {
      if (!table.column(i).hidden()) {
        outputs.add(new Plain(table.column(i).name(), table.column(i).type(), i));
      }
    }
  }

  private static Output of(Select.Target target, Table table) {
    OptionalInt column = table.find(target.expression());
    if (column.isPresent()) {
      var found = table.column(column.getAsInt());
      return new Plain(target.alias().orElse(found.name()), found.type(), column.getAsInt());
    }
    return switch (target.expression()) {
      case Expression.Call call when isCount(call) -> new Count(target.alias().orElse("count"));
      case Literal literal when literal.kind() == Literal.Kind.NULL ->
          new Null(target.alias().orElse(NAMELESS));
      case Literal literal when literal.kind() == Literal.Kind.INTEGER -> {
        String digits = Objects.requireNonNull(literal.text());
        yield new Whole(
            target.alias().orElse(NAMELESS),
            Constants.integerType(digits),
            Input.integer(Type.INT8, digits));
      }
      default -> throw new Outside("an expression in the select list");
    };
  }

  private static boolean isCount(Expression.Call call) {
    return call.name().equals("count")
        && (call.schema().isEmpty() || call.schema().equals("pg_catalog"))
        && call.star()
        && !call.distinct()
        && call.order().isEmpty()
        && !call.withinGroup()
        && call.filter().isEmpty();
  }

  /** The columns of the table that the outputs read. */
  static BitSet columns(List<Output> outputs) {
    var columns = new BitSet();
    for (Output output : outputs) {
      if (output instanceof Plain plain) {
        columns.set(plain.column());
      }
    }
    return columns;
  }

  /** Bytes of a row's texts and byte strings, as they go out. */
  static long bytes(List<Output> outputs, RelationCursor row) {
    long bytes = 0;
    for (int i = 0; i < outputs.size(); i++) {
      if (outputs.get(i) instanceof Plain plain
          && plain.type().length() == -1
          && !row.isNull(plain.column())) {
        bytes += (plain.type() == Type.BYTEA ? 2L : 1L) * row.length(plain.column());
      }
    }
    return bytes;
  }

  /** Writes the fields of a row, each with its length. */
  static void write(
      List<Output> outputs, RelationCursor row, MessageWriter out, boolean[] binary, ZoneId zone) {
    for (int i = 0; i < outputs.size(); i++) {
      switch (outputs.get(i)) {
        case Plain plain -> {
          if (binary[i]) {
            row.writeBinary(plain.column(), out);
          } else {
            row.write(plain.column(), out, zone);
          }
        }
        case Null ignored -> out.int32(-1);
        case Whole integer -> number(integer.type(), integer.number(), out, binary[i]);
        case Count ignored -> throw new IllegalStateException("a count has no rows");
      }
    }
  }

  /** Writes an int4 or int8. */
  static void number(Type type, long number, MessageWriter out, boolean binary) {
    if (!binary) {
      out.longField(number);
    } else if (type == Type.INT4) {
      out.int32(4);
      out.int32((int) number);
    } else {
      out.int32(8);
      out.int64(number);
    }
  }
}
