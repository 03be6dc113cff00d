package dev.quicksilver.benchmarks;

import static dev.quicksilver.benchmarks.GatewayModelStep.done;

import dev.quicksilver.benchmarks.GatewayModelStep.End;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Random transactions on tables that others write to as well; what they are depends on nothing but
 * the seed. For one thread.
 */
final class GatewayModelMix {
  private final GatewayModelClient client;
  private final List<GatewayModelShared> tables;
  private final Random random;

  GatewayModelMix(GatewayModelClient client, List<GatewayModelShared> tables, Random random) {
    this.client = client;
    this.tables = tables;
    this.random = random;
  }

  /** One transaction, committed or not. */
  void transaction() throws Exception {
    List<GatewayModelStep> steps = new ArrayList<>();
    if (random.nextInt(8) == 0) {
      steps.add(done("replica role", "SET LOCAL session_replication_role = replica"));
    }
    int parts = 1 + random.nextInt(6);
    for (int i = 0; i < parts; i++) {
      boolean inside = random.nextInt(4) == 0;
      if (inside) {
        steps.add(GatewayModelStep.savepoint());
        steps.add(change());
      }
      steps.add(change());
      if (inside && random.nextInt(3) > 0) {
        steps.add(GatewayModelStep.rolledBack());
      }
    }
    client.transaction(steps, random.nextInt(10) > 0, random.nextInt(8) == 0);
  }

  private GatewayModelStep change() {
    GatewayModelShared table = tables.get(random.nextInt(tables.size()));
    String into = "{" + table.database() + "}";
    if (!table.leaves().isEmpty() && random.nextInt(4) == 0) {
      into = table.leaves().get(random.nextInt(table.leaves().size()));
    }
    TreeSet<Integer> ids = new TreeSet<>();
    int rows = 1 + (random.nextInt(10) == 0 ? random.nextInt(60) : random.nextInt(8));
    // Rows of a partition are near to each other.
    int from = random.nextInt(GatewayModelBar.IDS);
    int within = random.nextBoolean() ? 60 : GatewayModelBar.IDS;
    for (int i = 0; i < rows; i++) {
      ids.add((from + random.nextInt(within)) % GatewayModelBar.IDS);
    }
    int kind = random.nextInt(100);
    if (kind < 25) {
      String sets =
          table.columns().keySet().stream()
              .map(column -> column + " = excluded." + column)
              .collect(Collectors.joining(", "));
      String conflict = " ON CONFLICT (" + table.keys() + ") DO UPDATE SET " + sets;
      return unfit("insert on conflict do update", insert(table, into, ids) + conflict);
    } else if (kind < 33) {
      return unfit(
          "insert on conflict do nothing", insert(table, into, ids) + " ON CONFLICT DO NOTHING");
    } else if (kind < 40) {
      return unfit("insert", insert(table, into, ids));
    } else if (kind < 50) {
      String sql = "COPY " + into + " (" + table.names() + ") FROM STDIN (FORMAT csv)";
      String csv = rows(table, ids, GatewayModelValues::csv, ",", "", "\n", "\n");
      return new GatewayModelStep(End.DONE_OR_UNFIT, "copy", sql, csv);
    } else if (kind < 72) {
      return unfit("update", "UPDATE " + into + " SET " + sets(table) + where(table, ids));
    } else if (kind < 85) {
      return unfit("delete", "DELETE FROM " + into + where(table, ids));
    } else if (kind < 99 || random.nextInt(4) > 0) {
      TreeSet<Integer> few = ids.stream().limit(2).collect(Collectors.toCollection(TreeSet::new));
      String sql = "UPDATE " + into + " SET " + table.shift() + where(table, few);
      return unfit("key change", sql);
    } else if (table.database().equals("ranges") && random.nextBoolean()) {
      return done("truncate cascade", "TRUNCATE anchors CASCADE; INSERT INTO anchors VALUES (1)");
    } else {
      return done("truncate", "TRUNCATE {" + table.database() + "}");
    }
  }

  private static GatewayModelStep unfit(String kind, String sql) {
    return new GatewayModelStep(End.DONE_OR_UNFIT, kind, sql, null);
  }

  private String insert(GatewayModelShared table, String into, TreeSet<Integer> ids) {
    return "INSERT INTO "
        + into
        + " ("
        + table.names()
        + ") VALUES "
        + rows(table, ids, GatewayModelValues::literal, ", ", "(", ")", ", ");
  }

  private String rows(
      GatewayModelShared table,
      TreeSet<Integer> ids,
      Function<@Nullable String, String> field,
      String between,
      String before,
      String after,
      String separator) {
    StringBuilder all = new StringBuilder();
    for (int id : ids) {
      all.append(all.isEmpty() || separator.equals(after) ? "" : separator).append(before);
      List<String> fields = new ArrayList<>();
      for (String value : table.row(id, random)) {
        fields.add(field.apply(value));
      }
      all.append(String.join(between, fields)).append(after);
    }
    return all.toString();
  }

  /** One column or several, so that large ones are often left as they are. */
  private String sets(GatewayModelShared table) {
    List<String> columns = new ArrayList<>(table.columns().keySet());
    int first = random.nextInt(columns.size());
    int last = Math.min(columns.size(), first + 1 + random.nextInt(2));
    List<String> sets = new ArrayList<>();
    for (String column : columns.subList(first, last)) {
      String type = Objects.requireNonNull(table.columns().get(column));
      String value = GatewayModelValues.literal(GatewayModelValues.of(type, random));
      sets.add(
          column + " = " + (type.equals("int") && random.nextBoolean() ? column + " + 1" : value));
    }
    return String.join(", ", sets);
  }

  private static String where(GatewayModelShared table, TreeSet<Integer> ids) {
    return ids.stream()
        .map(table::keyLiteral)
        .collect(Collectors.joining(", ", " WHERE (" + table.keys() + ") IN (", ")"));
  }
}
