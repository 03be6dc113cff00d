package dev.quicksilver.gateway.session;

import dev.quicksilver.gateway.GatewayException;
import dev.quicksilver.gateway.Standby;
import dev.quicksilver.gateway.central.CentralDatabase;
import dev.quicksilver.gateway.central.CentralDatabase.Hold;
import dev.quicksilver.gateway.central.PostgresFailure;
import dev.quicksilver.gateway.central.ReplicationConnection;
import dev.quicksilver.gateway.session.SlotHolders.Holder;
import dev.quicksilver.gateway.session.SlotState.Checking;
import dev.quicksilver.gateway.session.SlotState.Closed;
import dev.quicksilver.gateway.session.SlotState.Connecting;
import dev.quicksilver.gateway.session.SlotState.Copying;
import dev.quicksilver.gateway.session.SlotState.Ended;
import dev.quicksilver.gateway.session.SlotState.Failed;
import dev.quicksilver.gateway.session.SlotState.Reclaiming;
import dev.quicksilver.gateway.session.SlotState.StandingBy;
import dev.quicksilver.gateway.session.SlotState.Taking;
import dev.quicksilver.gateway.session.SlotState.WaitingForPostgres;
import dev.quicksilver.gateway.session.SlotState.WaitingForSpace;
import dev.quicksilver.gateway.session.SlotState.Yielding;
import dev.quicksilver.gateway.start.FirstStart;
import dev.quicksilver.gateway.start.OwnCopy;
import dev.quicksilver.gateway.start.SourceChecks;
import dev.quicksilver.replication.RootRole.Standing;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.record.Position;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jooq.exception.DataAccessException;
import org.postgresql.replication.PGReplicationStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A root's session with the slot: does the work of each {@link SlotState}, one method a state. A
 * method ends by moving on, or returns to be called again, or throws: then {@link AfterFailure}
 * decides.
 */
final class SlotSession {
  private static final Logger LOG = LoggerFactory.getLogger(SlotSession.class);

  /** A PostgreSQL that restarts is often back before that. */
  private static final int FOLLOWS_FROM_ATTEMPT = 2;

  /** How long a slot that was let go for a standby root waits for it. */
  private static final Duration LONGEST_YIELD = Duration.ofSeconds(10);

  private final SessionParts parts;
  private final CentralDatabase central;
  private final DatabaseSet databases;
  private final OwnCopy copy;
  private final Transitions transitions;
  private final AfterFailure afterFailure;
  private final SlotHolders holders;

  SlotSession(SessionParts parts) {
    this.parts = parts;
    central = parts.central();
    databases = parts.databases();
    copy = new OwnCopy(databases);
    // One that knows of no other root serves its followers whether it holds the slot or not.
    Consumer<Standing> role =
        parts.standby().hasOthers() ? parts.standby().role()::become : _ -> {};
    role.accept(Standing.TAKING_OVER);
    transitions = new Transitions(parts.progress(), role, parts.nanoTime());
    afterFailure =
        new AfterFailure(parts.nanoTime(), bound -> ThreadLocalRandom.current().nextLong(bound));
    holders = new SlotHolders(central::hold, central::terminate, parts.nanoTime());
  }

  /** Lets the session end soon; from any thread. */
  void close() {
    transitions.close();
  }

  /** For how long it has done nothing although something is due. */
  Duration silence() {
    return transitions.current() instanceof Sequencing sequencing
        ? sequencing.workingFor()
        : parts.progress().silence();
  }

  /** Works until it is closed or has to refuse; returns which. */
  Ended run() {
    while (true) {
      SlotState state = transitions.current();
      if (state instanceof Ended end) {
        parts.progress().rest();
        return end;
      }
      parts.progress().beat();
      try {
        step(state);
      } catch (Throwable e) {
        transitions.move(new Failed(e), "The gateway failed");
      }
    }
  }

  private void step(SlotState state) {
    try {
      if (transitions.isClosing()) {
        throw new CancellationException("closing");
      }
      work(state);
    } catch (Sequencing.Yielded e) {
      transitions.move(
          transitions.isClosing() ? new Closed() : new Yielding(now()),
          "a switch-over was asked for");
    } catch (GatewayException e) {
      if (parts.standby().hasOthers() && isOfThisCopy(e)) {
        standByFor(standingBy(0).hinderedBy(PostgresFailure.oneLine(e)));
      } else {
        follow(afterFailure.decide(e, durableLsn()));
      }
    } catch (StorageException e) {
      follow(afterFailure.decide(e, durableLsn()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      transitions.move(new Closed(), "interrupted");
    } catch (Exception e) {
      // What was closed under the session's hands has failed for that reason.
      if (transitions.isClosing()) {
        transitions.move(new Closed(), "closing");
      } else {
        follow(afterFailure.decide(e, durableLsn()));
      }
    }
  }

  /** Whether what is missing here may come from another root. */
  private static boolean isOfThisCopy(GatewayException e) {
    return switch (e.code()) {
      case SLOT_AHEAD, NOT_COMPLETE, DATABASE_MISSING -> true;
      default -> false;
    };
  }

  private long durableLsn() {
    return parts.progress().status().position().lsn();
  }

  private void follow(AfterFailure.Decision decision) {
    switch (decision) {
      case AfterFailure.Decision.Move move ->
          transitions.move(
              move.to() instanceof WaitingForPostgres waiting ? followed(waiting) : move.to(),
              move.reason());
      case AfterFailure.Decision.AskWhoHoldsIt _ -> slotIsInUse();
    }
  }

  /** PostgreSQL may be away from this node alone, and have given the slot to another root. */
  private WaitingForPostgres followed(WaitingForPostgres waiting) {
    if (!parts.standby().hasOthers() || waiting.attempt() < FOLLOWS_FROM_ATTEMPT) {
      return waiting;
    }
    Optional<Standby.Following> following = transitions.current().following();
    return waiting.with(following.isPresent() ? following : parts.standby().listen());
  }

  private void work(SlotState state) throws Exception {
    switch (state) {
      case Connecting connecting -> connect(connecting);
      case Checking checking -> check(checking);
      case Copying copying -> copy(copying);
      case Taking taking -> take(taking);
      case Sequencing sequencing -> sequencing.run(transitions::isClosing);
      case StandingBy standing -> standBy(standing);
      case Reclaiming reclaiming -> reclaim(reclaiming);
      case Yielding yielding -> awaitTaker(yielding);
      case WaitingForPostgres waiting -> tryAgainAfter(waiting.pause(), waiting.following());
      case WaitingForSpace waiting -> tryAgainAfter(waiting.pause(), Optional.empty());
      case Ended end -> throw new IllegalStateException("no work is left in " + end);
    }
  }

  private void connect(Connecting connecting) throws SQLException {
    Optional<Standby.Following> heard = connecting.following().filter(Standby.Following::isHeard);
    if (heard.isPresent()) {
      Transitions.letGo(heard.get()); // before another one begins
      afterFailure.recovered();
      standByFor(standingBy(0));
      return;
    }
    transitions.move(new Checking(open()), "connected");
  }

  private ReplicationConnection open() throws SQLException {
    try {
      return ReplicationConnection.open(parts.config());
    } catch (SQLException e) {
      if ("53300".equals(e.getSQLState())) {
        central.checkSenders();
      }
      // What the driver takes for a standby may be a primary on which nothing is to be written.
      Optional<String> role = ReplicationConnection.readOnlyPrimary(parts.config());
      if (role.isPresent()) {
        throw CentralDatabase.readOnly(role.get());
      }
      throw e;
    }
  }

  private void check(Checking checking) throws SQLException, IOException {
    ReplicationConnection connection = checking.connection();
    central.checkServer(connection.server());
    ReplicationConnection.Identity source = connection.identify();
    parts.progress().rest(); // a migration may wait for others' locks
    parts.preparation().run();
    parts.progress().beat();
    UUID cluster = central.checkSetup();
    databases
        .get(DatabaseSet.CATALOG)
        .ifPresent(catalog -> SourceChecks.cluster(catalog.identity().id(), cluster));
    copy.requirePast(source);
    FirstStart firstStart =
        new FirstStart(parts.config(), databases, copy, central, parts.progress());
    firstStart.clearUp();
    firstStart.requireCatalog();
    if (!firstStart.isDue()) {
      transitions.move(new Taking(connection, source), "this PostgreSQL is the right one");
    } else if (!connection.lockFirstStart()) {
      standByFor(standingBy(0).hinderedBy("another root copies what the tables hold"));
    } else {
      transitions.move(
          new Copying(connection, source, cluster, firstStart),
          "Nothing was ever read from a slot into this node; copying what the tables hold");
    }
  }

  private void copy(Copying copying) throws Exception {
    parts.progress().rest(); // others' transactions are waited for, and large tables are sorted
    copying.firstStart().run(copying.connection(), copying.source(), copying.cluster());
    parts.progress().beat();
    transitions.move(new Taking(copying.connection(), copying.source()), "the slot was made");
  }

  private void take(Taking taking) throws SQLException {
    ReplicationConnection connection = taking.connection();
    Position held = copy.furthest();
    CentralDatabase.Slot slot = central.slot().orElseThrow(() -> central.slotMissing(held));
    central.checkUsable(slot, held);
    if (slot.canFailOver() && !slot.failsOver()) {
      connection.keepOnStandbys(central.slotName());
    }
    int pid = connection.pid();
    PGReplicationStream stream =
        connection.stream(
            central.slotName(), parts.config().publication(), copy.reached(taking.source()));
    holders.own(pid);
    // Nobody else can confirm from here on.
    CentralDatabase.Slot ours = central.slot().orElseThrow(() -> central.slotMissing(held));
    central.checkUsable(ours, held);
    Position position =
        copy.require(central.slotName(), ours.confirmedLsn(), central.catalog(), taking.source());
    copy.abandonCopies();
    parts.progress().durable(position, 0, 0);
    central.noteSlot();
    String tried =
        afterFailure
            .recovered()
            .map(time -> ", after " + time.toSeconds() + " s of trying")
            .orElse("");
    transitions.move(
        new Sequencing(parts, taking, pid, stream, position),
        "Holding the slot " + central.slotName() + ", from " + position + tried);
  }

  private StandingBy standingBy(int holder) {
    return new StandingBy(holder, now(), parts.standby().follow(), "");
  }

  private void standBy(StandingBy standing) throws InterruptedException {
    transitions.pause(afterFailure.slotPause());
    // Followers that have lost the active root, too, are not sent back to it.
    boolean isHeard = standing.following().map(Standby.Following::isHeard).orElse(true);
    transitions.standing(isHeard ? Standing.STANDING_BY : Standing.TAKING_OVER);
    try {
      Holder holder = holders.ask();
      parts.progress().hindrance(standing.problem());
      switch (holder) {
        case Holder.Nobody nobody -> slotIsFree(standing, nobody.slot());
        case Holder.LostConnection lost -> reclaimFrom(lost);
        case Holder.AnotherRoot other -> slotIsHeld(standing, isHeard, other.slot());
      }
    } catch (DataAccessException e) {
      if (standing.following().isEmpty()) {
        throw e;
      }
      // What the active root has sequenced still comes.
      LOG.debug("Cannot ask who holds the slot", e);
      parts
          .progress()
          .hindrance(
              "the central PostgreSQL cannot be asked who holds the slot: "
                  + PostgresFailure.oneLine(e));
    }
  }

  private void slotIsFree(StandingBy standing, Hold slot) {
    if (slot.beginning()) {
      return; // the root that makes the slot will have it
    }
    Optional<GatewayException> refusal = refusal(slot);
    if (refusal.isPresent() && parts.standby().hasOthers()) {
      hinder(standing.heldBy(0), refusal.get());
      return;
    }
    transitions.standing(Standing.TAKING_OVER);
    transitions.move(new Connecting(), free(standing.since()));
  }

  private Optional<GatewayException> refusal(Hold slot) {
    return slot.confirmedLsn() == 0
        ? Optional.empty() // there is none: what to do is seen when this node is connected
        : copy.refusal(central.slotName(), slot.confirmedLsn(), central.catalog());
  }

  private void slotIsHeld(StandingBy standing, boolean isHeard, Hold slot) {
    Duration silence = holders.silence();
    boolean isSilent = !isHeard && silence.compareTo(parts.config().takeOverAfter()) > 0;
    if (isSilent) {
      Optional<GatewayException> refusal = refusal(slot);
      if (refusal.isPresent()) {
        hinder(standing, refusal.get());
        return;
      }
      LOG.warn(
          "The active root has said nothing for {} ms, to PostgreSQL and to this node: ending its"
              + " hold of the slot, process {} of PostgreSQL",
          silence.toMillis(),
          slot.pid());
      central.terminate(slot.pid());
    } else if (slot.pid() != standing.holder() || !standing.problem().isEmpty()) {
      // What is missing here comes from the root that is active now.
      standByFor(standing.heldBy(slot.pid()).hinderedBy(""));
    }
  }

  private void hinder(StandingBy standing, GatewayException refusal) {
    String problem = PostgresFailure.oneLine(refusal);
    if (!problem.equals(standing.problem())) {
      transitions.move(
          standing.hinderedBy(problem), "The slot has no root, and not this one: " + problem);
    }
  }

  /** Lets another root have the slot; from any thread. */
  boolean switchOver() {
    if (transitions.current() instanceof Sequencing sequencing) {
      sequencing.letGo();
      return true;
    }
    return false;
  }

  private void awaitTaker(Yielding yielding) throws InterruptedException {
    transitions.pause(afterFailure.slotPause());
    if (holders.ask() instanceof Holder.AnotherRoot other) {
      standByFor(standingBy(other.pid()));
    } else if (now() - yielding.since() >= LONGEST_YIELD.toNanos()) {
      transitions.move(new Connecting(), "no standby root has taken the slot; taking it again");
    }
  }

  private void reclaim(Reclaiming reclaiming) throws InterruptedException {
    transitions.pause(afterFailure.slotPause());
    switch (holders.ask()) {
      case Holder.Nobody _ -> transitions.move(new Connecting(), free(reclaiming.since()));
      case Holder.LostConnection _ -> {
        // it was told again
      }
      case Holder.AnotherRoot other -> standByFor(standingBy(other.pid()));
    }
  }

  /** Somebody was sooner, or PostgreSQL has not noticed yet that this node's connection is lost. */
  private void slotIsInUse() {
    Holder holder;
    try {
      holder = holders.ask();
    } catch (DataAccessException e) {
      LOG.debug("Cannot ask who holds the slot", e);
      standByFor(standingBy(0));
      return;
    }
    switch (holder) {
      case Holder.Nobody _ -> standByFor(standingBy(0));
      case Holder.LostConnection lost -> reclaimFrom(lost);
      case Holder.AnotherRoot other -> standByFor(standingBy(other.pid()));
    }
  }

  private void standByFor(StandingBy standing) {
    transitions.move(
        standing,
        standing.problem().isEmpty()
            ? "The slot is in use: another root holds it"
                + (standing.holder() == 0
                    ? ""
                    : " by process " + standing.holder() + " of PostgreSQL")
                + "; standing by for it"
            : "Standing by: " + standing.problem());
  }

  private void reclaimFrom(Holder.LostConnection lost) {
    Reclaiming reclaiming = new Reclaiming(lost.pid(), now());
    transitions.move(reclaiming, "The slot is in use: " + reclaiming.problem());
  }

  private String free(long waitedSince) {
    return "the slot is free after " + TimeUnit.NANOSECONDS.toMillis(now() - waitedSince) + " ms";
  }

  private void tryAgainAfter(Duration pause, Optional<Standby.Following> following)
      throws InterruptedException {
    parts.progress().rest();
    transitions.pause(pause);
    transitions.move(new Connecting(following), "trying again");
  }

  private long now() {
    return parts.nanoTime().getAsLong();
  }
}
