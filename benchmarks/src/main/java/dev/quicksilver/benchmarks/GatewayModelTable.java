package dev.quicksilver.benchmarks;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One table of {@code gateway.model} and what it must hold, kept by other means than the gateway's.
 * A row has a number, of which its key is made. Changes can be taken back. For one thread.
 */
final class GatewayModelTable {
  /** What a row holds beside its key; a table uses some of it. */
  record Row(String big, int n, String json) {}

  private record Undo(int id, @Nullable Row before) {}

  final String name;
  final List<String> keyColumns;

  /** The columns beside the key: {@code big} (or {@code value} alone), {@code n}, {@code j}. */
  final List<String> columns;

  private final Function<Integer, List<String>> keyLiterals;
  private final Function<Integer, byte[]> edgeKey;
  private final Function<Row, String> edgeValue;

  /** A trigger rounds n down to tens. */
  private final boolean rounds;

  private final TreeMap<Integer, Row> rows = new TreeMap<>();
  private final List<Undo> undo = new ArrayList<>();

  GatewayModelTable(
      String name,
      List<String> keyColumns,
      List<String> columns,
      boolean rounds,
      Function<Integer, List<String>> keyLiterals,
      Function<Integer, byte[]> edgeKey,
      Function<Row, String> edgeValue) {
    this.name = name;
    this.keyColumns = keyColumns;
    this.columns = columns;
    this.rounds = rounds;
    this.keyLiterals = keyLiterals;
    this.edgeKey = edgeKey;
    this.edgeValue = edgeValue;
  }

  boolean hasNumber() {
    return columns.size() > 1;
  }

  String keys() {
    return String.join(", ", keyColumns);
  }

  /** The key as a row constructor. */
  String key(int id) {
    return "(" + String.join(", ", keyLiterals.apply(id)) + ")";
  }

  /** The key and the row, as VALUES has them. */
  String values(int id, Row row) {
    List<String> all = new ArrayList<>(keyLiterals.apply(id));
    all.add(quote(row.big()));
    if (hasNumber()) {
      all.add(Integer.toString(row.n()));
      all.add(quote(row.json()) + "::jsonb");
    }
    return "(" + String.join(", ", all) + ")";
  }

  static String quote(String text) {
    return "'" + text.replace("'", "''") + "'";
  }

  @Nullable Row get(int id) {
    return rows.get(id);
  }

  /** Returns a row that is there. */
  Row row(int id) {
    return Objects.requireNonNull(rows.get(id));
  }

  /** The key and the row as a line of CSV. */
  String csv(int id, Row row) {
    List<String> fields = keyFields(id);
    fields.add(row.big());
    if (hasNumber()) {
      fields.add(Integer.toString(row.n()));
      fields.add(row.json());
    }
    return fields.stream()
        .map(field -> '"' + field.replace("\"", "\"\"") + '"')
        .collect(Collectors.joining(","));
  }

  private List<String> keyFields(int id) {
    List<String> fields = new ArrayList<>();
    for (String literal : keyLiterals.apply(id)) {
      int end = literal.lastIndexOf('\'');
      fields.add(end < 0 ? literal : literal.substring(1, end).replace("''", "'"));
    }
    return fields;
  }

  /** A row that is there, if any is. */
  int any(Random random, int otherwise) {
    Integer id = rows.ceilingKey(random.nextInt(GatewayModelBar.IDS));
    return id == null ? otherwise : id;
  }

  void set(int id, Row row) {
    Row stored = rounds ? new Row(row.big(), row.n() / 10 * 10, row.json()) : row;
    if (!hasNumber()) {
      stored = new Row(row.big(), 0, "");
    }
    undo.add(new Undo(id, rows.put(id, stored)));
  }

  void remove(int id) {
    undo.add(new Undo(id, rows.remove(id)));
  }

  void clear() {
    List.copyOf(rows.keySet()).forEach(this::remove);
  }

  int mark() {
    return undo.size();
  }

  void rollBack(int mark) {
    while (undo.size() > mark) {
      Undo last = undo.removeLast();
      Row before = last.before();
      if (before == null) {
        rows.remove(last.id());
      } else {
        rows.put(last.id(), before);
      }
    }
  }

  void commit() {
    undo.clear();
  }

  /** What an edge must hold: keys in hex to values. */
  Map<String, String> edge() {
    Map<String, String> pairs = new TreeMap<>();
    rows.forEach(
        (id, row) -> pairs.put(HexFormat.of().formatHex(edgeKey.apply(id)), edgeValue.apply(row)));
    return pairs;
  }

  /** What the table itself must hold: rows by their key's columns as text. */
  Map<String, Row> source() {
    Map<String, Row> source = new TreeMap<>();
    rows.forEach((id, row) -> source.put(String.join("|", keyFields(id)), row));
    return source;
  }

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
