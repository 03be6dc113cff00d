package dev.quicksilver.replication;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How one database is followed.
 *
 * @param reason why the state was entered, one line
 * @param upstream the name of the node it pulls from, or last pulled from; empty before the first
 * @param lastSequence durable here
 * @param upstreamSequence last known of the upstream
 * @param commitTime of the last durable entry, µs since 1970-01-01 UTC; 0 while there is none
 * @param refusal the last refusal, until an upstream accepts; from then on the final refusal of an
 *     upstream that is left out, if there is one
 * @param commits durable commits since the start
 * @param connections connections that reached streaming since the start
 * @param switches how often another node was followed than before, since the start
 * @param receivedBytes off the wire since the start
 * @param followers the nodes below this one
 * @param contradiction what has contradicted this copy, as long as no commit has proved it right
 *     since; empty if nothing has
 * @param copy how far the copy is, while one is being made
 * @param upstreams what came of asking each upstream, in the order of preference
 * @param rootSequence last known of the root; 0 if nothing was heard of it
 * @param lagMicros time on the root's clock since the last moment of which it is known that nothing
 *     is missing here; grows while nothing is heard; empty before the first
 */
public record DatabaseStatus(
    String database,
    FollowerState state,
    String reason,
    String upstream,
    long lastSequence,
    long upstreamSequence,
    long commitTime,
    Optional<Refusal> refusal,
    long commits,
    long connections,
    long switches,
    long receivedBytes,
    List<NodeAck> followers,
    String contradiction,
    Optional<CopyStatus> copy,
    List<UpstreamStatus> upstreams,
    long rootSequence,
    OptionalLong lagMicros) {

  /** Returns how many entries are known to be missing here. */
  public long lag() {
    return Math.max(0, Math.max(upstreamSequence, rootSequence) - lastSequence);
  }
}
