package dev.quicksilver.replication;

/**
 * What a node said of one database. Of two reports with the same database and node the one that was
 * said later holds: a node that moved or was started again counts once.
 *
 * @param database its name
 * @param node the name of the node
 * @param location where it says it stands
 * @param upstream the name of the node it pulls from, or last pulled from; empty before the first
 * @param state what it does with the database
 * @param sequence its last durable sequence
 * @param commitTime of that sequence, µs since 1970-01-01 UTC; 0 while there is none
 * @param asOf the latest time on the root's clock of which it knows that it has all that the root
 *     had then, µs since 1970-01-01 UTC; 0 while it knows of none
 * @param said when it said so, µs since 1970-01-01 UTC on its own clock, rising within a process;
 *     compared only with what the same node said
 */
public record NodeAck(
    String database,
    String node,
    String location,
    String upstream,
    FollowerState state,
    long sequence,
    long commitTime,
    long asOf,
    long said) {

  AckKey key() {
    return new AckKey(database, node);
  }
}
