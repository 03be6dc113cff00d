package dev.quicksilver.replication;

/** What a report is about, in the order in which reports are passed up: by UTF-16 code units. */
record AckKey(String database, String node) implements Comparable<AckKey> {
  /** Before all others. */
  static final AckKey FIRST = new AckKey("", "");

  @Override
  public int compareTo(AckKey other) {
    int byDatabase = database.compareTo(other.database);
    return byDatabase != 0 ? byDatabase : node.compareTo(other.node);
  }
}
