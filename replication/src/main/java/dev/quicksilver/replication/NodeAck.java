package dev.quicksilver.replication;

import java.util.List;
import java.util.UUID;

/**
 * What a node said of one database. Of two reports of the same database, name and run the one that
 * was said later holds.
 *
 * @param database its name
 * @param node the name of the node, which another one may have too
 * @param location where it says it stands
 * @param upstream the name of the node it pulls from, or last pulled from; empty before the first
 * @param state what it does with the database
 * @param sequence its last durable sequence
 * @param commitTime of that sequence, µs since 1970-01-01 UTC; 0 while there is none
 * @param asOf the latest time on the root's clock of which it knows that it has all that the root
 *     had then, µs since 1970-01-01 UTC; 0 while it knows of none
 * @param said when it said so, µs since 1970-01-01 UTC on its own clock, rising within a process;
 *     compared only with what the same node said
 * @param run which node it is, and which of its processes
 * @param databaseId the id of its copy; zero while it has none, and if it did not say so
 * @param scrape where the metrics of the node, and of processes beside it, can be scraped: said
 *     with the catalog only, and by nobody who speaks a version before 4; at most {@value
 *     Protocol#MAX_SCRAPE_ADDRESSES}
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
    long said,
    NodeRun run,
    UUID databaseId,
    List<ScrapeAddress> scrape) {

  public NodeAck {
    scrape = List.copyOf(scrape);
  }

  /** What a node says that speaks version 1 of the protocol: its name alone tells it apart. */
  public NodeAck(
      String database,
      String node,
      String location,
      String upstream,
      FollowerState state,
      long sequence,
      long commitTime,
      long asOf,
      long said) {
    this(
        database,
        node,
        location,
        upstream,
        state,
        sequence,
        commitTime,
        asOf,
        said,
        NodeRun.named(node),
        Protocol.ANY_DATABASE,
        List.of());
  }

  AckKey key() {
    return new AckKey(database, node, run.instance(), run.process());
  }

  /** Returns the same of another run, and of a copy with this id. */
  NodeAck by(NodeRun other, UUID copy) {
    return with(other, copy, scrape);
  }

  /** Returns the same with the addresses at which metrics can be scraped. */
  NodeAck scrapedAt(List<ScrapeAddress> addresses) {
    return with(run, databaseId, addresses);
  }

  private NodeAck with(NodeRun newRun, UUID newDatabaseId, List<ScrapeAddress> newScrape) {
    return new NodeAck(
        database,
        node,
        location,
        upstream,
        state,
        sequence,
        commitTime,
        asOf,
        said,
        newRun,
        newDatabaseId,
        newScrape);
  }

  /** Returns what is left of it for a peer that speaks version 1. */
  NodeAck onlyNamed() {
    return new NodeAck(database, node, location, upstream, state, sequence, commitTime, asOf, said);
  }
}
