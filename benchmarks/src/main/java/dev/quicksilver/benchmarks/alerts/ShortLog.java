package dev.quicksilver.benchmarks.alerts;

import java.util.Set;

/** Comes after {@link FullMap}, whose node has a log of 4 MiB. */
record ShortLog(AlertTree tree) implements Trial {
  @Override
  public String what() {
    return "a node's log may have 4 MiB and a day; then 64 MiB";
  }

  @Override
  public Set<String> alerts() {
    return Set.of("QuicksilverLogCutShort " + tree.instance(AlertTree.SMALL));
  }

  @Override
  public void cause() {}

  @Override
  public void causeMore() throws Exception {
    tree.execute(
        "INSERT INTO dns SELECT 'l' || i, md5(random()::text) || md5(random()::text)"
            + " FROM generate_series(1, 3000) AS s (i)"
            + " ON CONFLICT (key) DO UPDATE SET value = excluded.value");
  }

  @Override
  public void cure() throws Exception {
    tree.cluster().stop(AlertTree.SMALL);
    tree.cluster().start(FullMap.small(1024, 64));
  }
}
