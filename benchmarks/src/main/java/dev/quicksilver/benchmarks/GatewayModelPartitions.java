package dev.quicksilver.benchmarks;

import static dev.quicksilver.benchmarks.GatewayModelStep.done;
import static dev.quicksilver.benchmarks.GatewayModelStep.refused;
import static dev.quicksilver.benchmarks.GatewayModelStep.refusedToLoaders;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.IntFunction;

/**
 * Partitions of a published table that come, go and are misused, in any order, while others write.
 * Whoever deletes a partition's rows locks it first, so that what comes of a statement depends on
 * nothing but the seed. For one thread.
 */
final class GatewayModelPartitions {
  private enum State {
    ABSENT,
    LEAF,
    /** Has partitions of its own, {@code _0} and {@code _1}. */
    TREE,
    DETACHED_LEAF,
    DETACHED_TREE
  }

  /**
   * A partitioned table.
   *
   * @param hashed what sub-partitions are told by
   * @param bounds of a partition
   * @param row a row of a partition, as what stands after INSERT INTO and the table
   * @param own the condition of a partition's rows
   * @param rest its default partition, empty if there is none
   */
  record Parted(
      String name,
      String hashed,
      IntFunction<String> bounds,
      IntFunction<String> row,
      IntFunction<String> own,
      String rest) {}

  static final Parted RANGES =
      new Parted(
          "ranges",
          "k",
          i -> "FROM (" + i * 500 + ") TO (" + (i + 1) * 500 + ")",
          i ->
              "(k, big) VALUES (" + (i * 500 + 7) + ", '') ON CONFLICT (k) DO UPDATE SET note = ''",
          i -> "k BETWEEN " + i * 500 + " AND " + (i * 500 + 499),
          "");

  static final Parted LISTS =
      new Parted(
          "lists",
          "id",
          i -> "IN ('r" + i + "')",
          i ->
              "(region, id, value) VALUES ('r"
                  + i
                  + "', 7, '') ON CONFLICT (region, id) DO UPDATE SET value = 'again'",
          i -> "region = 'r" + i + "'",
          "lists_rest");

  private final GatewayModelClient client;
  private final Parted table;
  private final Random random;
  private final State[] states = new State[6];

  GatewayModelPartitions(GatewayModelClient client, Parted table, Random random) {
    this.client = client;
    this.table = table;
    this.random = random;
    Arrays.fill(states, State.ABSENT);
  }

  /** One transaction, committed or not, on one partition. */
  void transaction() throws Exception {
    int i = random.nextInt(states.length);
    String part = table.name() + "_" + i;
    List<GatewayModelStep> steps = new ArrayList<>();
    State next =
        switch (states[i]) {
          case ABSENT -> create(steps, part, i);
          case LEAF, TREE ->
              random.nextInt(3) == 0 ? detach(steps, part, i) : misuse(steps, part, i);
          case DETACHED_LEAF, DETACHED_TREE -> attachOrDrop(steps, part, i);
        };
    if (random.nextBoolean() && (next == State.LEAF || next == State.TREE)) {
      steps.add(insert("insert", table.name(), i));
    }
    boolean commit = random.nextInt(8) > 0;
    client.transaction(steps, commit, random.nextInt(6) == 0);
    if (commit) {
      states[i] = next;
    }
  }

  private GatewayModelStep insert(String kind, String into, int i) {
    return done(kind, "INSERT INTO " + into + " " + table.row().apply(i));
  }

  /** What others wrote for a partition to come must leave the default partition first. */
  private void makeRoom(List<GatewayModelStep> steps, int i) {
    if (!table.rest().isEmpty() || random.nextInt(4) == 0) {
      steps.add(done("lock", "LOCK TABLE " + table.name() + " IN ACCESS EXCLUSIVE MODE"));
    }
    if (!table.rest().isEmpty()) {
      steps.add(
          done("make room", "DELETE FROM " + table.rest() + " WHERE " + table.own().apply(i)));
    }
  }

  private State create(List<GatewayModelStep> steps, String part, int i) {
    makeRoom(steps, i);
    boolean tree = random.nextInt(3) == 0;
    String byHash = tree ? " PARTITION BY HASH (" + table.hashed() + ")" : "";
    String of = " PARTITION OF " + table.name() + " FOR VALUES " + table.bounds().apply(i);
    if (random.nextInt(4) == 0) {
      steps.add(refused("CREATE UNLOGGED TABLE " + part + of));
    }
    if (random.nextBoolean()) {
      steps.add(done("create partition", "CREATE TABLE " + part + of + byHash));
      subPartitions(steps, part, tree);
    } else {
      String like = "CREATE TABLE " + part + " (LIKE " + table.name() + " INCLUDING ALL)";
      steps.add(done("create table like", like + byHash));
      subPartitions(steps, part, tree);
      attach(steps, part, i);
    }
    return tree ? State.TREE : State.LEAF;
  }

  private static void subPartitions(List<GatewayModelStep> steps, String part, boolean tree) {
    for (int j = 0; tree && j < 2; j++) {
      steps.add(
          done(
              "create sub-partition",
              "CREATE TABLE " + part + "_" + j + " PARTITION OF " + part + hashed(j)));
    }
  }

  private static String hashed(int j) {
    return " FOR VALUES WITH (MODULUS 2, REMAINDER " + j + ")";
  }

  private void attach(List<GatewayModelStep> steps, String part, int i) {
    String attach =
        "ALTER TABLE "
            + table.name()
            + " ATTACH PARTITION "
            + part
            + " FOR VALUES "
            + table.bounds().apply(i);
    // Others may have written what PostgreSQL itself would refuse.
    steps.add(done("lock", "LOCK TABLE " + part + " IN ACCESS EXCLUSIVE MODE"));
    String empty = random.nextBoolean() ? "TRUNCATE " : "DELETE FROM ";
    if (random.nextBoolean()) {
      steps.add(done("empty a table alone", empty + part));
      steps.add(insert("insert into a table alone", part, i));
      steps.add(refused(attach));
    }
    steps.add(done("empty a table alone", empty + part));
    steps.add(done("attach", attach));
  }

  private State detach(List<GatewayModelStep> steps, String part, int i) {
    boolean tree = states[i] == State.TREE;
    if (random.nextInt(3) > 0) {
      String lock = random.nextBoolean() ? table.name() : part;
      steps.add(done("lock", "LOCK TABLE " + lock + " IN ACCESS EXCLUSIVE MODE"));
      steps.add(done("delete of a partition", "DELETE FROM " + part));
    } else {
      steps.add(done("truncate", "TRUNCATE " + table.name()));
    }
    String alter = "ALTER TABLE " + table.name() + " DETACH PARTITION " + part;
    if (tree && random.nextBoolean()) {
      String leaf = part + "_" + random.nextInt(2);
      String again = " ATTACH PARTITION " + leaf + hashed(leaf.charAt(leaf.length() - 1) - '0');
      steps.add(
          done("detach a sub-partition", "ALTER TABLE " + part + " DETACH PARTITION " + leaf));
      steps.add(done("attach a sub-partition", "ALTER TABLE " + part + again));
      return State.TREE;
    }
    steps.add(done("detach", alter));
    if (random.nextInt(3) == 0) {
      steps.add(done("drop a table alone", "DROP TABLE " + part));
      return State.ABSENT;
    }
    if (random.nextBoolean()) {
      steps.add(insert("insert into a table alone", part, i));
    }
    return tree ? State.DETACHED_TREE : State.DETACHED_LEAF;
  }

  private State attachOrDrop(List<GatewayModelStep> steps, String part, int i) {
    if (random.nextInt(3) == 0) {
      steps.add(done("drop a table alone", "DROP TABLE " + part));
      return State.ABSENT;
    }
    makeRoom(steps, i);
    attach(steps, part, i);
    return states[i] == State.DETACHED_TREE ? State.TREE : State.LEAF;
  }

  /** What has to be refused. */
  private State misuse(List<GatewayModelStep> steps, String part, int i) {
    boolean tree = states[i] == State.TREE;
    String leaf = tree ? part + "_" + random.nextInt(2) : part;
    if (random.nextInt(8) == 0) {
      steps.add(done("truncate", "TRUNCATE " + table.name()));
      steps.addAll(refusedToLoaders("TRUNCATE " + leaf));
    }
    if (random.nextInt(6) == 0) {
      steps.add(done("replica role", "SET LOCAL session_replication_role = replica"));
      steps.add(done("truncate", "TRUNCATE " + table.name()));
      steps.add(done("replica role left", "SET LOCAL session_replication_role = origin"));
    }
    steps.add(insert("insert into a partition", part, i));
    for (int n = 1 + random.nextInt(3); n > 0; n--) {
      switch (random.nextInt(11)) {
        case 0 -> steps.addAll(refusedToLoaders("TRUNCATE " + leaf));
        case 1 -> steps.addAll(refusedToLoaders("TRUNCATE " + part));
        case 2 -> steps.addAll(refusedToLoaders("ALTER TABLE " + leaf + " DISABLE TRIGGER ALL"));
        case 3 -> steps.add(refused("ALTER TABLE " + table.name() + " DISABLE TRIGGER ALL"));
        case 4 -> steps.add(refused("ALTER TABLE " + leaf + " ENABLE TRIGGER USER"));
        case 5 -> steps.add(refused("DROP TRIGGER quicksilver_truncate_whole ON " + leaf));
        case 6 -> steps.add(refused("ALTER TABLE " + table.name() + " DETACH PARTITION " + part));
        case 7 -> steps.addAll(refusedToLoaders("DROP TABLE " + part));
        case 8 -> steps.add(refused("ALTER TABLE " + leaf + " REPLICA IDENTITY NOTHING"));
        case 9 -> steps.add(refused("ALTER TABLE " + leaf + " SET UNLOGGED"));
        default ->
            steps.add(
                refused(
                    "ALTER TRIGGER quicksilver_truncate_whole ON " + leaf + " RENAME TO other"));
      }
    }
    return states[i];
  }
}
