package dev.quicksilver.cli.process;

import dev.quicksilver.bridge.BridgeStatus.Outcome;
import dev.quicksilver.bridge.BridgeStatus.Way;
import dev.quicksilver.replication.UpstreamStatus;
import dev.quicksilver.storage.Durations;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

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
 * @param sent what was sent to followers; absent where there can be none
 * @param diskFreeBytes that are left to this process where its data are; absent if it cannot be
 *     told
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
    @Nullable SentReport sent,
    @Nullable Long diskFreeBytes,
    String complete) {

  /** A node of an earlier version does not tell how it is. */
  public NodeStatus {
    health = Objects.requireNonNullElse(health, HealthReport.UNKNOWN);
  }

  /** Returns the same with what was sent to followers. */
  public NodeStatus withSent(SentReport report) {
    return with(health, upstreams, slots, refusals, bridges, resp, report, complete);
  }

  /** Returns the same with how the process is. */
  public NodeStatus withHealth(HealthReport report) {
    return with(report, upstreams, slots, refusals, bridges, resp, sent, complete);
  }

  /** Returns the same with upstreams and how often they have refused. */
  public NodeStatus withUpstreams(List<UpstreamReport> reports, List<RefusalReport> refused) {
    return with(
        health, List.copyOf(reports), slots, List.copyOf(refused), bridges, resp, sent, complete);
  }

  /** Returns the same with a root's slot. */
  public NodeStatus withSlot(SlotReport slot) {
    return with(health, upstreams, List.of(slot), refusals, bridges, resp, sent, complete);
  }

  /** Returns the same with what a bridge counts. */
  public NodeStatus withBridge(BridgeReport bridge) {
    return with(health, upstreams, slots, refusals, List.of(bridge), resp, sent, complete);
  }

  /** Returns the same with what a RESP server counts. */
  public NodeStatus withResp(RespReport report) {
    return with(health, upstreams, slots, refusals, bridges, List.of(report), sent, complete);
  }

  /** Returns the same with the position up to which the node is complete. */
  public NodeStatus withComplete(String position) {
    return with(health, upstreams, slots, refusals, bridges, resp, sent, position);
  }

  private NodeStatus with(
      HealthReport newHealth,
      List<UpstreamReport> newUpstreams,
      List<SlotReport> newSlots,
      List<RefusalReport> newRefusals,
      List<BridgeReport> newBridges,
      List<RespReport> newResp,
      @Nullable SentReport newSent,
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
        newSent,
        diskFreeBytes,
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
   * @param state what is done with it; if it is {@code UNREADABLE}, all figures are 0
   * @param reason why that state was entered
   * @param contradiction what an upstream has contradicted this copy with, as long as no commit
   *     since has proved the copy right; else empty
   * @param upstream the node that it pulls from, or empty
   * @param upstreamSequence the last sequence known of the upstream; the node's own on a root,
   *     absent where a replica's files are read, which knows of none
   * @param copiedPairs pairs that are here of a new copy in the making; 0 while none is
   * @param pairsToCopy pairs that its source holds; 0 while none is in the making
   * @param rootSequence the last sequence known of the root; the node's own on a root, absent while
   *     nothing was heard of it
   * @param lagSeconds time since the last moment of which it is known that nothing of what the root
   *     had is missing here; absent while none is known
   * @param received from upstreams; absent where nothing is followed
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
      DatabaseState state,
      String reason,
      String contradiction,
      String upstream,
      @Nullable Long upstreamSequence,
      long copiedPairs,
      long pairsToCopy,
      @Nullable Long rootSequence,
      @Nullable Double lagSeconds,
      @Nullable ReceivedReport received,
      StorageReport storage) {
    /** A node of a later version may have states that are not known here. */
    public DatabaseReport {
      state = Objects.requireNonNullElse(state, DatabaseState.UNKNOWN);
      upstreamSequence = known(upstreamSequence);
      rootSequence = known(rootSequence);
      lagSeconds = known(lagSeconds);
    }

    /**
     * Returns how many entries are known to be missing here; null if nothing is known of others.
     */
    public @Nullable Long lag() {
      Long known = upstreamSequence;
      if (rootSequence != null && (known == null || rootSequence > known)) {
        known = rootSequence;
      }
      return known == null ? null : Long.valueOf(Math.max(0, known - sequence));
    }
  }

  /** A node of an earlier version says -1 of what is not known. */
  private static <T extends Number> @Nullable T known(@Nullable T said) {
    return said == null || said.doubleValue() < 0 ? null : said;
  }

  /** What is done with a database. */
  public enum DatabaseState {
    /** A root sequences it. */
    SEQUENCING(true),
    /** It is pulled from an upstream. */
    STREAMING(true),
    /** A process that follows nobody serves it. */
    SERVING(true),
    /** Nothing works on it yet. */
    WAITING(false),
    /** A connection is being opened: to an upstream, or to the root's PostgreSQL. */
    CONNECTING(false),
    /** It is being copied: from a peer, or from the tables of PostgreSQL. */
    COPYING(false),
    /** All upstreams have failed; it is tried again. */
    BACKING_OFF(false),
    /** Every upstream refuses finally; it is asked again now and then. */
    REFUSED(false),
    /** A block has contradicted it. */
    DIVERGED(false),
    /** Another root holds the slot. */
    WAITING_FOR_SLOT(false),
    /** The disk or the map is full. */
    WAITING_FOR_SPACE(false),
    /** Its pairs must not be read. */
    WITHHELD(false),
    /** It cannot be read. */
    UNREADABLE(false),
    /** The gateway refused to go on. */
    FAILED(false),
    /** It was followed up to a sequence. */
    ENDED(false),
    /** Its work was stopped. */
    STOPPED(false),
    /** A state of a later version. */
    UNKNOWN(false);

    private final boolean works;

    DatabaseState(boolean works) {
      this.works = works;
    }

    /** Returns whether all is as it should be. */
    public boolean works() {
      return works;
    }
  }

  /**
   * What came from upstreams since the start of the process.
   *
   * @param bytes off the wire, within TLS
   * @param connections that reached streaming
   * @param switches how often another node was followed than before
   */
  public record ReceivedReport(long bytes, long connections, long switches) {}

  /**
   * What was sent to followers since the start of the process.
   *
   * @param bytes on the wire, within TLS; copies are among them
   * @param entries in blocks of the log
   */
  public record SentReport(long bytes, long entries) {}

  /**
   * What one database stores, and what failed since this process opened it.
   *
   * @param fileBytes the length of its file
   * @param mapBytes how large the file may become
   * @param logBytes of its log's pages
   * @param logCommitTime commit time of the oldest that the log holds, µs since 1970-01-01 UTC; 0
   *     if it is empty or cannot be read
   * @param entries that were committed
   * @param commits how long LMDB's commits took
   * @param corruptReads how many reads met damage
   * @param errors failed reads and writes by the name of their code, as in {@code NO_SPACE}; codes
   *     that never came are 0
   * @param openSnapshots that this process holds, each of which keeps pages from being used again
   * @param oldestSnapshotSeconds age of the oldest of them; 0 if there is none
   * @param readers other processes that have reader slots of it
   */
  public record StorageReport(
      long fileBytes,
      long mapBytes,
      long logBytes,
      long logCommitTime,
      long entries,
      Durations.Sums commits,
      long corruptReads,
      Map<String, Long> errors,
      int openSnapshots,
      double oldestSnapshotSeconds,
      List<ReaderReport> readers) {
    /** Of a database of which nothing can be said. */
    public static final StorageReport NONE =
        new StorageReport(0, 0, 0, 0, 0, Durations.Sums.NONE, 0, Map.of(), 0, 0, List.of());

    /** A node of an earlier version says nothing of readers and commits. */
    public StorageReport {
      commits = Objects.requireNonNullElse(commits, Durations.Sums.NONE);
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
   * @param statements those that have ended, by what did them and how they ended, with their times
   * @param rows sent since the start, to clients and to the evaluator
   * @param errors sent since the start, by SQLSTATE
   * @param oldestSnapshotSeconds age of the oldest transaction's snapshot; 0 if there is none
   * @param evaluatorRuns whether the evaluator runs
   * @param evaluatorStarts how often it was started
   * @param waiting statements that wait for their turn to be evaluated
   */
  public record BridgeReport(
      int connections,
      long connectionsTotal,
      long queries,
      long evaluated,
      Map<Way, Map<Outcome, Durations.Sums>> statements,
      long rows,
      Map<String, Long> errors,
      double oldestSnapshotSeconds,
      boolean evaluatorRuns,
      long evaluatorStarts,
      int waiting) {}

  /**
   * A node that this one may pull a database from.
   *
   * @param address as it is configured: {@code host:port} or {@code node@host:port}
   * @param role {@code primary} or {@code secondary}
   * @param result what came of asking it last
   * @param node the name it gave itself; empty before its first answer
   * @param sequence the last that it had when it answered
   * @param detail one line: its refusal or failure; empty if there was none
   */
  public record UpstreamReport(
      String database,
      String address,
      String role,
      UpstreamStatus.Result result,
      String node,
      long sequence,
      String detail) {
    /** A node of a later version may have results that are not known here. */
    public UpstreamReport {
      result = Objects.requireNonNullElse(result, UpstreamStatus.Result.NOT_ASKED);
    }
  }

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
   * @param retainedBytes of WAL that PostgreSQL keeps for it; absent while unknown
   * @param synchronous whether commits wait for the root
   * @param transactions that were sequenced since the start of the process
   * @param standbys the standby roots that follow this one
   */
  public record SlotReport(
      String name,
      @Nullable Long retainedBytes,
      boolean synchronous,
      long transactions,
      List<StandbyReport> standbys) {}

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
   * @param commandsByName that were run, by their names; those that are none as {@code unknown}
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
      Map<String, Long> commandsByName,
      long hits,
      long misses,
      int subscribers,
      long events,
      long waitingBytes,
      Map<String, Long> errors) {}

  /**
   * One directly connected follower of one database.
   *
   * @param ackedSequence durable there; absent before its first acknowledgement
   */
  public record FollowerReport(
      String database,
      String node,
      String location,
      long sentSequence,
      @Nullable Long ackedSequence) {}

  /**
   * One node anywhere below this one, for one database.
   *
   * @param upstream the name of the node it pulls from
   * @param sequence durable there when it last said so
   * @param lag entries that this node knows of and that one has not acknowledged
   * @param commitTime of that sequence, µs since 1970-01-01 UTC; 0 while there is none
   * @param lagSeconds time on the root's clock since the last moment of which that node has said
   *     that it lacked nothing; absent if it is not known
   * @param state what it does with the database
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
      @Nullable Double lagSeconds,
      DatabaseState state,
      String instance,
      String problem) {
    /** A node of a later version may have states that are not known here. */
    public SubtreeReport {
      state = Objects.requireNonNullElse(state, DatabaseState.UNKNOWN);
      lagSeconds = known(lagSeconds);
    }
  }

  /**
   * The nodes below this one at one location, for one database.
   *
   * @param nodes how many; at least one
   * @param lowestSequence durable on all of them
   * @param medianSequence durable on at least half of them
   * @param worstLag entries that the last of them has not acknowledged
   * @param worstLagSeconds the longest lag of those whose lag is known; absent if none is
   * @param states how many are in each state
   */
  public record LocationReport(
      String database,
      String location,
      int nodes,
      long lowestSequence,
      long medianSequence,
      long worstLag,
      @Nullable Double worstLagSeconds,
      Map<DatabaseState, Integer> states) {
    /** A node of an earlier version says -1 of what is not known. */
    public LocationReport {
      worstLagSeconds = known(worstLagSeconds);
    }
  }
}
