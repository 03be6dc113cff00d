package dev.quicksilver.benchmarks;

import static dev.quicksilver.benchmarks.GatewayModelStep.done;
import static dev.quicksilver.benchmarks.GatewayModelStep.refused;
import static dev.quicksilver.benchmarks.GatewayModelStep.refusedToLoaders;

import dev.quicksilver.benchmarks.GatewayModelStep.End;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;

/**
 * Changes of published tables' definitions, allowed ones and ones to be refused, while others
 * write; and a database that comes and goes. For one thread.
 */
final class GatewayModelDefinitions {
  /** A table has 1,600 columns at most, dropped ones included. */
  private static final int MOST_COLUMNS = 1_200;

  private static final List<String> ADDED =
      List.of(
          "int",
          "text DEFAULT ''",
          "text NOT NULL DEFAULT 'x'",
          "float8 DEFAULT random()",
          "timestamptz DEFAULT clock_timestamp()",
          "bigserial",
          "varchar(3)");

  private static final List<String> REFUSED =
      List.of(
          "DROP TABLE {wide}",
          "ALTER TABLE {wide} DROP COLUMN big",
          "ALTER TABLE {wide} DROP COLUMN n, ADD COLUMN n int DEFAULT 1",
          "ALTER TABLE {wide} RENAME COLUMN jb TO other",
          "ALTER TABLE {wide} ALTER n TYPE bigint",
          "ALTER TABLE {wide} ALTER v TYPE text",
          "ALTER TABLE {wide} ALTER v TYPE varchar(10) USING left(v, 10)",
          "ALTER TABLE {wide} ALTER spare TYPE bigint",
          "ALTER TABLE {wide} REPLICA IDENTITY DEFAULT",
          "ALTER TABLE {wide} DROP CONSTRAINT wide_pkey",
          "CREATE TABLE heir () INHERITS ({loaded})",
          "ALTER TABLE {loaded} DROP CONSTRAINT quicksilver_key_must_have_1_to_511_bytes",
          "ALTER TABLE {docs} ALTER value DROP NOT NULL",
          "ALTER PUBLICATION quicksilver DROP TABLE {docs}",
          "ALTER PUBLICATION quicksilver SET (publish = 'insert')");

  private static final List<String> BRIEF =
      List.of(
          "CREATE TABLE brief (k int PRIMARY KEY, a varchar(9), b int)",
          "INSERT INTO brief SELECT i, i::text, NULL FROM generate_series(1, 200) i",
          "SELECT quicksilver.publish('brief', 'brief')");

  private final GatewayModelClient client;
  private final Map<String, String> places;
  private final Random random;
  private int columns;
  private int moves;
  private int width = 20;
  private String spare = "spare";
  private boolean triggers = true;
  private boolean brief;

  GatewayModelDefinitions(GatewayModelClient client, Map<String, String> places, Random random) {
    this.client = client;
    this.places = places;
    this.random = random;
  }

  /** One transaction, committed or not. */
  void transaction() throws Exception {
    switch (random.nextInt(9)) {
      case 0, 1 -> columns();
      case 2 -> rename();
      case 3 -> move();
      case 4 -> widen();
      case 5 -> triggers();
      case 6 -> brief();
      case 7 -> rewrite();
      default -> refusals();
    }
  }

  private boolean run(List<GatewayModelStep> steps) throws Exception {
    boolean commit = random.nextInt(8) > 0;
    client.transaction(steps, commit, random.nextInt(6) == 0);
    return commit;
  }

  private void columns() throws Exception {
    if (columns >= MOST_COLUMNS) {
      refusals();
      return;
    }
    String table = random.nextBoolean() ? "{wide}" : "{loaded}";
    String name = "x" + ++columns;
    String type = ADDED.get(random.nextInt(ADDED.size()));
    List<GatewayModelStep> steps = new ArrayList<>();
    steps.add(done("add column", "ALTER TABLE " + table + " ADD COLUMN " + name + " " + type));
    steps.add(done("update", "UPDATE " + table + " SET n = n + 1 WHERE n % 20 = 1"));
    steps.add(
        done(
            "rename column",
            "ALTER TABLE " + table + " RENAME COLUMN " + name + " TO \"Y " + name + "\""));
    if (run(steps)) {
      String drop = "ALTER TABLE " + table + " DROP COLUMN \"Y " + name + "\"";
      client.transaction(List.of(done("drop column", drop)), true, false);
    }
    if (random.nextInt(4) == 0) {
      String renamed = "spare " + columns;
      String sql = "ALTER TABLE {wide} RENAME COLUMN \"" + spare + "\" TO \"" + renamed + "\"";
      if (run(List.of(done("rename column", sql)))) {
        spare = renamed;
      }
    }
  }

  private void rename() throws Exception {
    String database = List.of("wide", "docs", "loaded").get(random.nextInt(3));
    String place = Objects.requireNonNull(places.get(database));
    String schema = place.substring(0, place.indexOf('.'));
    String name = "\"" + database + " é'" + ++moves + "\"";
    if (run(
        List.of(
            done("rename table", "ALTER TABLE {" + database + "} RENAME TO " + name),
            done("update", "DELETE FROM " + schema + "." + name + " WHERE random() < 0.01")))) {
      places.put(database, schema + "." + name);
    }
  }

  private void move() throws Exception {
    String place = Objects.requireNonNull(places.get("wide"));
    String schema = place.substring(0, place.indexOf('.'));
    String table = place.substring(place.indexOf('.'));
    String fresh = "place" + ++moves;
    List<GatewayModelStep> steps = new ArrayList<>();
    if (random.nextBoolean()) {
      steps.add(done("rename schema", "ALTER SCHEMA " + schema + " RENAME TO " + fresh));
    } else {
      steps.add(done("create schema", "CREATE SCHEMA " + fresh));
      steps.add(done("set schema", "ALTER TABLE {wide} SET SCHEMA " + fresh));
      steps.add(done("drop schema", "DROP SCHEMA " + schema));
    }
    steps.add(done("update", "UPDATE " + fresh + table + " SET n = 1 WHERE id % 100 = 0"));
    if (run(steps)) {
      places.put("wide", fresh + table);
    }
  }

  private void widen() throws Exception {
    String sql = "ALTER TABLE {wide} ALTER v TYPE varchar(" + (width + 1) + ")";
    if (run(List.of(done("wider varchar", sql)))) {
      width++;
    }
  }

  private void triggers() throws Exception {
    String to = triggers ? "DISABLE" : "ENABLE";
    List<GatewayModelStep> steps = new ArrayList<>();
    steps.add(done("user triggers", "ALTER TABLE {loaded} " + to + " TRIGGER ALL"));
    steps.add(done("user triggers", "ALTER TABLE ranges " + to + " TRIGGER change"));
    steps.add(done("update", "UPDATE {loaded} SET n = n + 3 WHERE n % 10 = 0"));
    if (run(steps)) {
      triggers = !triggers;
    }
  }

  /** A rewrite that leaves all rows as they are. */
  private void rewrite() throws Exception {
    run(
        List.of(
            done("cluster", "CLUSTER {wide} USING wide_pkey"),
            done("update", "UPDATE {wide} SET flag = NOT flag WHERE id % 50 = 0")));
  }

  /** A table whose rows are short, which then get a column that can be large. */
  private void brief() throws Exception {
    List<GatewayModelStep> steps = new ArrayList<>();
    if (brief) {
      String add = "ALTER TABLE brief ADD COLUMN note text DEFAULT 'x'";
      steps.add(new GatewayModelStep(End.CURED, "column cured by the hint", add, null));
      steps.add(done("update", "UPDATE brief SET b = k, note = repeat('x', 5000) WHERE k % 3 = 0"));
      steps.add(done("update", "UPDATE brief SET a = NULL WHERE k % 6 = 0"));
      if (run(steps)) {
        client.transaction(
            List.of(
                done("update", "UPDATE brief SET a = b::text WHERE k % 4 = 0"),
                done("unpublish", "SELECT quicksilver.unpublish('brief')"),
                done("drop table", "DROP TABLE brief")),
            true,
            false);
        brief = false;
      }
      return;
    }
    BRIEF.forEach(sql -> steps.add(done("publish", sql)));
    steps.add(done("update", "UPDATE brief SET b = k + 1, k = -k WHERE k % 2 = 0"));
    brief |= run(steps);
  }

  private void refusals() throws Exception {
    List<GatewayModelStep> steps = new ArrayList<>();
    for (int n = 1 + random.nextInt(3); n > 0; n--) {
      String sql = REFUSED.get(random.nextInt(REFUSED.size()));
      sql = sql.replace("ALTER spare TYPE", "ALTER \"" + spare + "\" TYPE");
      if (random.nextBoolean()) {
        steps.add(refused(sql));
      } else {
        steps.addAll(refusedToLoaders(sql));
      }
    }
    run(steps);
  }
}
