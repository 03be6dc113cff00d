package dev.quicksilver.gateway.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.quicksilver.gateway.GatewayConfig;
import dev.quicksilver.gateway.GatewayException;
import dev.quicksilver.gateway.GatewayException.ErrorCode;
import dev.quicksilver.gateway.GatewayStatus;
import dev.quicksilver.gateway.GatewayStatus.State;
import dev.quicksilver.gateway.Preparation;
import dev.quicksilver.gateway.Standby;
import dev.quicksilver.gateway.central.CentralDatabase;
import dev.quicksilver.gateway.central.ReplicationConnection;
import dev.quicksilver.gateway.sequence.ConfirmedStream;
import dev.quicksilver.gateway.sequence.Sequenced;
import dev.quicksilver.gateway.session.SlotState.Checking;
import dev.quicksilver.gateway.session.SlotState.Closed;
import dev.quicksilver.gateway.session.SlotState.Connecting;
import dev.quicksilver.gateway.session.SlotState.Copying;
import dev.quicksilver.gateway.session.SlotState.Failed;
import dev.quicksilver.gateway.session.SlotState.Reclaiming;
import dev.quicksilver.gateway.session.SlotState.StandingBy;
import dev.quicksilver.gateway.session.SlotState.Taking;
import dev.quicksilver.gateway.session.SlotState.WaitingForPostgres;
import dev.quicksilver.gateway.session.SlotState.WaitingForSpace;
import dev.quicksilver.gateway.start.FirstStart;
import dev.quicksilver.gateway.start.OwnCopy;
import dev.quicksilver.gateway.status.Progress;
import dev.quicksilver.replication.RootRole.Standing;
import dev.quicksilver.replication.Standbys;
import dev.quicksilver.storage.record.Position;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.sql.Connection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** States one after the other, with connections to nowhere and a clock that is stepped by hand. */
final class TransitionsTest {
  private static final Duration PAUSE = Duration.ofSeconds(1);

  @TempDir Path folder;
  private long now = Long.MAX_VALUE - 5; // a clock may overflow
  private final Progress progress = new Progress();
  private final List<Standing> roles = new ArrayList<>();
  private final Transitions transitions = new Transitions(progress, roles::add, () -> now);
  private final AtomicInteger aborted = new AtomicInteger();
  private final ReplicationConnection connection = connection();
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();

  private ReplicationConnection connection() {
    return new ReplicationConnection(
        (Connection)
            Proxy.newProxyInstance(
                getClass().getClassLoader(),
                new Class<?>[] {Connection.class},
                (_, method, _) -> {
                  if (!method.getName().equals("abort")) {
                    throw new UnsupportedOperationException(method.getName());
                  }
                  return aborted.incrementAndGet();
                }));
  }

  private static Logger logger() {
    return (Logger) LoggerFactory.getLogger(Transitions.class);
  }

  @BeforeEach
  void listen() {
    log.start();
    logger().addAppender(log);
  }

  @AfterEach
  void unlisten() {
    logger().detachAppender(log);
  }

  /** What an operator sees of this test; others may run beside it. */
  private List<String> said() {
    String thread = Thread.currentThread().getName();
    return List.copyOf(log.list).stream()
        .filter(event -> event.getThreadName().equals(thread))
        .filter(event -> event.getLevel().isGreaterOrEqual(Level.INFO))
        .map(event -> event.getLevel() + " " + event.getFormattedMessage())
        .toList();
  }

  @Test
  void whatTheNextStateHoldsStaysOpenAndTheRestIsClosed() {
    transitions.move(new Checking(connection), "connected");
    transitions.move(copying(), "first start");
    transitions.move(new Taking(connection, Sequenced.SOURCE), "copied");
    assertThat(aborted).hasValue(0);
    transitions.move(new WaitingForPostgres(1, PAUSE, "gone"), "gone");
    assertThat(aborted).hasValue(1);
  }

  @Test
  void theSameAgainOnAnotherConnectionIsAnotherState() {
    transitions.move(new Checking(connection), "connected");
    transitions.move(new Checking(connection()), "connected again");
    assertThat(aborted).as("the first of them").hasValue(1);
  }

  @Test
  void aCloseLetsGoOfWhatIsOpenUnderTheSessionsHands() {
    for (SlotState state : List.of(new Checking(connection), copying(), taking())) {
      Transitions session = new Transitions(progress, roles::add, () -> now);
      session.move(state, "connected");
      aborted.set(0);
      session.close();
      assertThat(aborted).as(state.toString()).hasValue(1);
    }
  }

  @Test
  void aStateThatIsEnteredAfterTheCloseIsLetGoAtOnce() {
    transitions.close();
    transitions.move(new Checking(connection), "connected meanwhile");
    assertThat(aborted).hasValue(1);
    assertThat(transitions.isClosing()).isTrue();
    assertThatThrownBy(() -> transitions.pause(Duration.ofDays(1)))
        .isInstanceOf(CancellationException.class);
  }

  @Test
  void thereIsNoWayOnFromTheEnd() {
    transitions.move(new Closed(), "closing");
    assertThatThrownBy(() -> transitions.move(new Connecting(), "once more"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("once more");
    assertThat(progress.status().state()).isEqualTo(State.CLOSED);
  }

  @Test
  void othersSeeWhereTheSessionIsAndTheLastProblem() {
    shows(new WaitingForSpace(PAUSE, "full"), State.WAITING_FOR_SPACE, "full");
    shows(new Connecting(), State.WAITING_FOR_SPACE, "full");
    shows(new Checking(connection), State.WAITING_FOR_SPACE, "full");
    shows(new WaitingForPostgres(1, PAUSE, "gone"), State.CONNECTING, "gone");
    shows(new Connecting(), State.CONNECTING, "gone");
    shows(copying(), State.COPYING, "gone");
    shows(standingBy(), State.WAITING_FOR_SLOT, "gone");
    Reclaiming reclaiming = new Reclaiming(7, 0);
    shows(reclaiming, State.CONNECTING, reclaiming.problem());
    assertThat(reclaiming.problem()).startsWith("process 7 of PostgreSQL still holds");
    shows(
        new Failed(new GatewayException(ErrorCode.SLOT_LOST, "it is\nlost")),
        State.FAILED,
        "it is; lost");
  }

  private void shows(SlotState state, State shown, String problem) {
    transitions.move(state, "a reason");
    GatewayStatus status = progress.status();
    assertThat(status.state()).as(state.toString()).isEqualTo(shown);
    assertThat(status.lastProblem()).as(state.toString()).isEqualTo(problem);
  }

  private static StandingBy standingBy() {
    return new StandingBy(7, 0, Optional.empty(), "");
  }

  private static Standby.Following following(AtomicInteger ended) {
    return new Standby.Following() {
      @Override
      public boolean isHeard() {
        return true;
      }

      @Override
      public void close() {
        ended.incrementAndGet();
      }
    };
  }

  @Test
  void whatFollowsAnotherRootGoesOnWhilePostgresIsAwayAndIsTriedAgain() {
    AtomicInteger ended = new AtomicInteger();
    WaitingForPostgres waiting =
        new WaitingForPostgres(2, PAUSE, "gone").with(Optional.of(following(ended)));
    transitions.move(waiting, "gone");
    transitions.move(new Connecting(waiting.following()), "trying again");
    transitions.move(new WaitingForPostgres(3, PAUSE, "gone").with(waiting.following()), "gone");
    transitions.move(new StandingBy(0, 0, waiting.following(), ""), "another root has it");
    assertThat(ended).hasValue(0);
    assertThat(roles).as("until then it is what it was").containsExactly(Standing.STANDING_BY);
    transitions.move(new Connecting(), "the slot is free");
    assertThat(ended).hasValue(1);
  }

  @Test
  void aNodeThatFollowsSaysNeverthelessThatPostgresIsAway() {
    Optional<Standby.Following> follows = Optional.of(following(new AtomicInteger()));
    transitions.move(new WaitingForPostgres(2, PAUSE, "gone").with(follows), "gone");
    assertThat(progress.hindrance()).isEqualTo("the central PostgreSQL cannot be read: gone");
    transitions.move(new Connecting(follows), "trying again");
    assertThat(progress.hindrance()).as("it may take long").contains("gone");
    transitions.move(new StandingBy(0, 0, follows, ""), "another root has it");
    assertThat(progress.hindrance()).isEmpty();
    transitions.move(new WaitingForPostgres(3, PAUSE, "gone").with(follows), "gone");
    transitions.move(new Connecting(), "it is free");
    assertThat(progress.hindrance()).isEmpty();
  }

  @Test
  void whatFollowsTheActiveRootGoesOnUntilTheNodeStandsByNoMore() {
    AtomicInteger ended = new AtomicInteger();
    StandingBy standing = new StandingBy(7, 0, Optional.of(following(ended)), "");
    transitions.move(standing, "in use");
    transitions.move(standing.heldBy(8), "in use by another");
    transitions.move(standing.hinderedBy("it lacks entries"), "hindered");
    assertThat(progress.status().lastProblem()).isEqualTo("it lacks entries");
    assertThat(ended).hasValue(0);
    transitions.standing(Standing.TAKING_OVER);
    transitions.move(new Connecting(), "it is free");
    assertThat(ended).hasValue(1);
    assertThat(roles)
        .containsExactly(
            Standing.STANDING_BY, Standing.STANDING_BY, Standing.STANDING_BY, Standing.TAKING_OVER);
  }

  @Test
  void whatGoesOnIsSaidOnce() {
    for (int attempt = 1; attempt <= 100; attempt++) {
      transitions.move(new WaitingForPostgres(attempt, PAUSE, "a"), "it is away: a");
      transitions.move(new Connecting(), "trying again");
    }
    transitions.move(new WaitingForPostgres(101, PAUSE, "b"), "it is away: b");
    transitions.move(standingBy(), "in use");
    transitions.move(new WaitingForSpace(PAUSE, "full"), "full");
    transitions.move(standingBy(), "in use");
    assertThat(said())
        .containsExactly("WARN it is away: a", "WARN it is away: b", "INFO in use", "ERROR full");
  }

  @Test
  void theRootIsKnownByItsHolderWhileItSequences() throws Exception {
    try (Sequenced node = new Sequenced(folder);
        CentralDatabase central = nowhere()) {
      transitions.move(taking(), "connected");
      transitions.move(sequencing(node, central), "holding it");
      assertThat(progress.holder()).isEqualTo(4711);
      assertThat(progress.status().state()).isEqualTo(State.STREAMING);
      transitions.close();
      assertThat(aborted).as("what has arrived is committed first").hasValue(0);
      transitions.move(new Closed(), "closing");
      assertThat(progress.holder()).isZero();
      assertThat(aborted.get()).isPositive();
    }
  }

  @Test
  void troubleIsNewAgainAfterTheSlotWasHeldWell() throws Exception {
    try (Sequenced node = new Sequenced(folder);
        CentralDatabase central = nowhere()) {
      WaitingForSpace full = new WaitingForSpace(PAUSE, "full");
      for (int i = 0; i < 5; i++) {
        transitions.move(full, "full");
        transitions.move(taking(), "connected");
        transitions.move(sequencing(node, central), "holding it");
        now += Transitions.LASTING.toNanos() - 1;
      }
      transitions.move(full, "full");
      assertThat(said()).as("it led nowhere").containsExactly("ERROR full", "INFO holding it");

      transitions.move(sequencing(node, central), "holding it");
      now += Transitions.LASTING.toNanos();
      transitions.move(full, "full");
      assertThat(said()).as("held for long").hasSize(3).endsWith("ERROR full");

      transitions.move(sequencing(node, central), "holding it");
      progress.durable(new Position(1, 1, 0x20), 1, 1);
      transitions.move(full, "full");
      assertThat(said()).as("with success").hasSize(5).endsWith("INFO holding it", "ERROR full");
    }
  }

  @Test
  void whatIsOurFaultIsSaidWithItsTrace() {
    transitions.move(new Failed(new AssertionError("a bug")), "The gateway failed");
    assertThat(said()).containsExactly("ERROR The gateway failed");
    assertThat(log.list.getLast().getThrowableProxy().getMessage()).isEqualTo("a bug");
    assertThat(progress.status().lastProblem()).contains("a bug");
  }

  private Taking taking() {
    return new Taking(connection, Sequenced.SOURCE);
  }

  private static CentralDatabase nowhere() {
    return new CentralDatabase(GatewayConfig.of("jdbc:postgresql://127.0.0.1:1/nowhere", "", ""));
  }

  private Copying copying() {
    try (Sequenced node = new Sequenced(folder.resolve("copying"));
        CentralDatabase central = nowhere()) {
      GatewayConfig config = GatewayConfig.of("jdbc:postgresql:", "", "");
      return new Copying(
          connection,
          Sequenced.SOURCE,
          new UUID(1, 1),
          new FirstStart(config, node.databases, new OwnCopy(node.databases), central, progress));
    }
  }

  private Sequencing sequencing(Sequenced node, CentralDatabase central) {
    SessionParts parts =
        new SessionParts(
            GatewayConfig.of("jdbc:postgresql:", "", ""),
            node.databases,
            central,
            Standby.alone(),
            Preparation.NONE,
            new Standbys(),
            progress,
            node.waiters,
            () -> now);
    return new Sequencing(parts, taking(), 4711, new ConfirmedStream(), Position.NONE);
  }
}
