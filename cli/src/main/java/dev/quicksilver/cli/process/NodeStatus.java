package dev.quicksilver.cli.process;

import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What a process says of itself: the body of {@code /status}.
 *
 * @param healthy whether it does what it is for
 * @param problem one line when it is not healthy, else empty
 * @param health whether it is live, ready and fresh, each for itself
 * @param uptimeSeconds since the process was started
 * @param subtree all nodes below this one whose acks reached it
 * @param reportsLeftOut how often a node below was left out of that since the start, for there are
 *     more than this process keeps
 * @param locations the same, merged by database and location
 * @param certificates this node's own, for TLS between nodes; empty without TLS
 * @param upstreams the nodes that this one may pull from, by database, in the order of preference
 * @param slots a root's replication slot; empty on other nodes
 * @param refusals how often each upstream has refused this node, with all codes
 * @param logMaxAgeSeconds how far back the log of a database may reach; 0 on a bridge, which keeps
 *     none
 * @param logMaxBytes how large the log of a database may be; 0 on a bridge
 * @param bridges what a bridge counts; empty on other nodes
 * @param resp what a RESP server counts; empty on other nodes
 * @param complete the position in PostgreSQL's WAL up to which this node has everything, as in
 *     {@code 7300@1:0/1A2B3C}; empty if it does not know, and on a bridge
 */
public record NodeStatus(
    String version,
    String role,
    String node,
    String location,
    long pid,
    long uptimeSeconds,
    boolean healthy,
    String problem,
    HealthReport health,
    Map<String, String> addresses,
    List<DatabaseReport> databases,
    List<FollowerReport> followers,
    List<SubtreeReport> subtree,
    long reportsLeftOut,
    List<LocationReport> locations,
    List<CertificateReport> certificates,
    List<UpstreamReport> upstreams,
    List<SlotReport> slots,
    List<RefusalReport> refusals,
    long logMaxAgeSeconds,
    long logMaxBytes,
    List<BridgeReport> bridges,
    List<RespReport> resp,
    String complete) {

  /** A node of an earlier version does not tell how it is. */
  public NodeStatus {
    health = Objects.requireNonNullElse(health, HealthReport.UNKNOWN);
  }

  /** Returns the same with how the process is. */
  public NodeStatus withHealth(HealthReport report) {
    return with(report, upstreams, slots, refusals, bridges, resp, complete);
  }

  /** Returns the same with upstreams and how often they have refused. */
  public NodeStatus withUpstreams(List<UpstreamReport> reports, List<RefusalReport> refused) {
    return with(health, List.copyOf(reports), slots, List.copyOf(refused), bridges, resp, complete);
  }

  /** Returns the same with a root's slot. */
  public NodeStatus withSlot(SlotReport slot) {
    return with(health, upstreams, List.of(slot), refusals, bridges, resp, complete);
  }

  /** Returns the same with what a bridge counts. */
  public NodeStatus withBridge(BridgeReport bridge) {
    return with(health, upstreams, slots, refusals, List.of(bridge), resp, complete);
  }

  /** Returns the same with what a RESP server counts. */
  public NodeStatus withResp(RespReport report) {
    return with(health, upstreams, slots, refusals, bridges, List.of(report), complete);
  }

  /** Returns the same with the position up to which the node is complete. */
  public NodeStatus withComplete(String position) {
    return with(health, upstreams, slots, refusals, bridges, resp, position);
  }

  private NodeStatus with(
      HealthReport newHealth,
      List<UpstreamReport> newUpstreams,
      List<SlotReport> newSlots,
      List<RefusalReport> newRefusals,
      List<BridgeReport> newBridges,
      List<RespReport> newResp,
      String newComplete) {
    return new NodeStatus(
        version,
        role,
        node,
        location,
        pid,
        uptimeSeconds,
        healthy,
        problem,
        newHealth,
        addresses,
        databases,
        followers,
        subtree,
        reportsLeftOut,
        locations,
        certificates,
        newUpstreams,
        newSlots,
        newRefusals,
        logMaxAgeSeconds,
        logMaxBytes,
        newBridges,
        newResp,
        newComplete);
  }

  /**
   * Whether something holds.
   *
   * @param why one line if it does not; empty if it does
   */
  public record Verdict(boolean holds, String why) {
    /** It holds. */
    public static final Verdict YES = new Verdict(true, "");

    /** It does not hold. */
    public static Verdict no(String why) {
      return new Verdict(false, why);
    }
  }

  /**
   * How a process is.
   *
   * @param live its threads go on
   * @param ready clients may be sent to it: every database is served, and all have been near the
   *     root since the start
   * @param fresh all databases are near the root now
   */
  public record HealthReport(Verdict live, Verdict ready, Verdict fresh) {
    /** Of a process that does not tell. */
    public static final HealthReport UNKNOWN =
        new HealthReport(
            Verdict.no("it does not tell"),
            Verdict.no("it does not tell"),
            Verdict.no("it does not tell"));
  }

  /**
   * One database.
   *
   * @param oldestSequence the first that the log still holds
   * @param position how far into PostgreSQL's WAL, as in {@code 7300@1:0/1A2B3C}
   * @param commitTime commit time of the last entry, µs since 1970-01-01 UTC; 0 while there is none
   * @param state what following does, as in {@code STREAMING}; {@code SEQUENCING} on a root; {@code
   *     SERVING} or {@code WITHHELD} on a bridge; {@code UNREADABLE} if the database cannot be
   *     read, and then what follows is 0
   * @param reason why that state was entered
   * @param contradiction what an upstream has contradicted this copy with, as long as no commit
   *     since has proved the copy right; else empty
   * @param upstream the node that it pulls from, or empty
   * @param upstreamSequence the last sequence known of the upstream; the node's own on a root, -1
   *     where a replica's files are read, which knows of none
   * @param copiedPairs pairs that are here of a new copy in the making; 0 while none is
   * @param pairsToCopy pairs that its source holds; 0 while none is in the making
   * @param rootSequence the last sequence known of the root; the node's own on a root, 0 while
   *     nothing was heard of it, -1 where a replica's files are read and that has not heard of it
   * @param lagSeconds time since the last moment of which it is known that nothing of what the root
   *     had is missing here; -1 while none is known
   * @param storage what is stored of it, and what failed
   */
  public record DatabaseReport(
      String name,
      String id,
      long sequence,
      long oldestSequence,
      long pairs,
      String chainHash,
      String contentDigest,
      String position,
      long commitTime,
      String state,
      String reason,
      String contradiction,
      String upstream,
      long upstreamSequence,
      long copiedPairs,
      long pairsToCopy,
      long rootSequence,
      double lagSeconds,
      StorageReport storage) {
    /** Returns how many entries are known to be missing here; -1 if nothing is known of others. */
    public long lag() {
      long known = Math.max(upstreamSequence, rootSequence);
      return known < 0 ? -1 : Math.max(0, known - sequence);
    }
  }

  /**
   * What one database stores, and what failed since this process opened it.
   *
   * @param fileBytes the length of its file
   * @param logBytes of its log's pages
   * @param logCommitTime commit time of the oldest that the log holds, µs since 1970-01-01 UTC; 0
   *     if it is empty or cannot be read
   * @param corruptReads how many reads met damage
   * @param errors failed reads and writes by the name of their code, as in {@code NO_SPACE}; codes
   *     that never came are 0
   * @param openSnapshots that this process holds, each of which keeps pages from being used again
   * @param oldestSnapshotSeconds age of the oldest of them; 0 if there is none
   * @param readers other processes that have reader slots of it
   */
  public record StorageReport(
      long fileBytes,
      long logBytes,
      long logCommitTime,
      long corruptReads,
      Map<String, Long> errors,
      int openSnapshots,
      double oldestSnapshotSeconds,
      List<ReaderReport> readers) {
    /** Of a database of which nothing can be said. */
    public static final StorageReport NONE =
        new StorageReport(0, 0, 0, 0, Map.of(), 0, 0, List.of());

    /** A node of an earlier version says nothing of readers. */
    public StorageReport {
      readers = Objects.requireNonNullElse(readers, List.of());
    }
  }

  /**
   * Another process that has reader slots of a database.
   *
   * @param pid its process id
   * @param slots that it has taken
   * @param snapshots that it has open
   * @param behind commits that its oldest snapshot does not see
   * @param heldSeconds how long that snapshot is known to have been behind
   * @param tooOld whether that is too long: pages are kept from being used again
   */
  public record ReaderReport(
      long pid, int slots, int snapshots, long behind, double heldSeconds, boolean tooOld) {}

  /**
   * What a bridge counts.
   *
   * @param connections open now
   * @param connectionsTotal accepted since the start
   * @param queries statements executed since the start
   * @param evaluated of them by the evaluator
   * @param rows sent since the start, to clients and to the evaluator
   * @param errors sent since the start, by SQLSTATE
   * @param oldestSnapshotSeconds age of the oldest transaction's snapshot; 0 if there is none
   * @param evaluatorRuns whether the evaluator runs
   */
  public record BridgeReport(
      int connections,
      long connectionsTotal,
      long queries,
      long evaluated,
      long rows,
      Map<String, Long> errors,
      double oldestSnapshotSeconds,
      boolean evaluatorRuns) {}

  /**
   * A node that this one may pull a database from.
   *
   * @param address as it is configured: {@code host:port} or {@code node@host:port}
   * @param role {@code primary} or {@code secondary}
   * @param result what came of asking it last: {@code NOT_ASKED}, {@code FOLLOWED}, {@code WELL},
   *     {@code REFUSED}, {@code LEFT_OUT} (it refused finally or contradicted the copy, and is
   *     asked again at a slow pace) or {@code FAILED}
   * @param node the name it gave itself; empty before its first answer
   * @param sequence the last that it had when it answered
   * @param detail one line: its refusal or failure; empty if there was none
   */
  public record UpstreamReport(
      String database,
      String address,
      String role,
      String result,
      String node,
      long sequence,
      String detail) {}

  /**
   * How often an upstream has refused this node for one reason.
   *
   * @param upstream as it is configured
   * @param code the refusal's name, as in {@code NOT_AUTHORIZED}
   * @param count since the start of the process, over all databases, copies and probes
   */
  public record RefusalReport(String upstream, String code, long count) {}

  /**
   * The replication slot of a root, as PostgreSQL shows it.
   *
   * @param retainedBytes of WAL that PostgreSQL keeps for it; -1 while unknown
   * @param synchronous whether commits wait for the root
   * @param standbys the standby roots that follow this one
   */
  public record SlotReport(
      String name, long retainedBytes, boolean synchronous, List<StandbyReport> standbys) {}

  /**
   * A standby root that follows this one.
   *
   * @param complete the position up to which it has everything, as in {@code 7300@1:0/1A2B3C}
   */
  public record StandbyReport(String node, String complete) {}

  /**
   * A certificate that this process shows to others.
   *
   * @param expires as in {@code 2027-01-31T12:00:00Z}
   * @param secondsLeft until then; negative once it has expired
   * @param reloads how often new files were taken
   * @param reloadFailures how often new files could not be used
   * @param problem why the files that are there now are not in use; empty if they are
   */
  public record CertificateReport(
      String file,
      String expires,
      long secondsLeft,
      long reloads,
      long reloadFailures,
      String problem) {}

  /**
   * What a RESP server counts since it started, or has now.
   *
   * @param connections open now
   * @param refused connections beyond the most that are allowed
   * @param hits keys that were there when they were asked for
   * @param subscribers clients that are told of changes now
   * @param events that they were told
   * @param waitingBytes of commands that are not complete and replies that were not taken, now
   * @param errors error replies by their first word
   */
  public record RespReport(
      int connections,
      long connectionsTotal,
      long refused,
      long commands,
      long hits,
      long misses,
      int subscribers,
      long events,
      long waitingBytes,
      Map<String, Long> errors) {}

  /**
   * One directly connected follower of one database.
   *
   * @param ackedSequence durable there; -1 before its first acknowledgement
   */
  public record FollowerReport(
      String database, String node, String location, long sentSequence, long ackedSequence) {}

  /**
   * One node anywhere below this one, for one database.
   *
   * @param upstream the name of the node it pulls from
   * @param sequence durable there when it last said so
   * @param lag entries that this node knows of and that one has not acknowledged
   * @param commitTime of that sequence, µs since 1970-01-01 UTC; 0 while there is none
   * @param lagSeconds time on the root's clock since the last moment of which that node has said
   *     that it lacked nothing; -1 if it is not known
   * @param state what it does with the database, as in {@code STREAMING}
   * @param instance the id that tells it from all other nodes
   * @param problem why it is hard to tell from another one, as in {@code NAME_IN_USE}; empty if it
   *     is not
   */
  public record SubtreeReport(
      String database,
      String node,
      String location,
      String upstream,
      long sequence,
      long lag,
      long commitTime,
      double lagSeconds,
      String state,
      String instance,
      String problem) {}

  /**
   * The nodes below this one at one location, for one database.
   *
   * @param nodes how many; at least one
   * @param lowestSequence durable on all of them
   * @param medianSequence durable on at least half of them
   * @param worstLag entries that the last of them has not acknowledged
   * @param worstLagSeconds the longest lag of those whose lag is known; -1 if none is
   * @param states how many are in each state
   */
  public record LocationReport(
      String database,
      String location,
      int nodes,
      long lowestSequence,
      long medianSequence,
      long worstLag,
      double worstLagSeconds,
      Map<String, Integer> states) {}
}
