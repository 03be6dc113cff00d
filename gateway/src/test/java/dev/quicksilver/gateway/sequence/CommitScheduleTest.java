package dev.quicksilver.gateway.sequence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.gateway.GatewayConfig;
import dev.quicksilver.gateway.sequence.Wal.Column;
import dev.quicksilver.gateway.start.OwnCopy;
import dev.quicksilver.gateway.status.Progress;
import dev.quicksilver.gateway.status.Waiters;
import dev.quicksilver.gateway.wal.MessageQueue;
import dev.quicksilver.replication.Standbys;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A clock that is stepped by hand, messages by hand, databases as they are. */
final class CommitScheduleTest {
  private static final int DNS = 16_001;
  private static final Duration WINDOW = Duration.ofMillis(500);

  @TempDir Path folder;
  private long now = 7;
  private Duration nextCommitTakes = Duration.ZERO;
  private final Waiters waiters = new Waiters(() -> now);
  private final Progress progress = new Progress();
  private final Standbys standbys = new Standbys();
  private final MessageQueue queue = new MessageQueue(64 << 20, () -> now);
  private final ConfirmedStream stream = new ConfirmedStream();
  private Sequenced node;
  private CommitSchedule schedule;

  @BeforeEach
  void open() {
    open("at-once", Duration.ZERO);
  }

  private void open(String data, Duration confirmAfter) {
    open(data, confirmAfter, 0);
  }

  private void open(String data, Duration confirmAfter, int others) {
    node =
        new Sequenced(
            folder.resolve(data), waiters, Sequenced.OPTIONS.withClock(this::commitTakes));
    node.transaction(
        Wal.catalog(),
        Wal.insert(Wal.CATALOG, Wal.database("dns", new UUID(1, 2), DNS, "text text", null)),
        Wal.relation(
            DNS,
            "public",
            "dns",
            'd',
            Column.key("key", ColumnType.TEXT),
            Column.of("value", ColumnType.TEXT)));
    schedule =
        new CommitSchedule(
            GatewayConfig.of("jdbc:postgresql:", "", "")
                .withWindow(WINDOW)
                .withConfirmAfter(confirmAfter)
                .withStandbys(others),
            Sequenced.SOURCE,
            node.databases,
            node.transactions,
            node.sequencer,
            standbys,
            progress,
            waiters,
            () -> now,
            new OwnCopy(node.databases).furthest().lsn());
  }

  @AfterEach
  void close() {
    node.close();
  }

  /** A commit asks what day it is, to see what leaves the log. */
  private Instant commitTakes() {
    now += nextCommitTakes.toNanos();
    nextCommitTakes = Duration.ZERO;
    return Instant.EPOCH;
  }

  @Test
  void theFirstChangeAfterAPauseIsCommittedAtOnce() throws Exception {
    step(change(0x1000));
    assertThat(sequence()).isEqualTo(1);
    assertThat(stream.flushed()).isEqualTo(0x1008);
    assertThat(progress.status().confirmedLsn()).isEqualTo(0x1008);
  }

  @Test
  void laterChangesWaitForTheWindowTogether() throws Exception {
    step(change(0x1000));
    pass(Duration.ofMillis(100));
    step(change(0x2000));
    step(change(0x3000));
    pass(WINDOW.minusMillis(100).minusNanos(1));
    step();
    assertThat(sequence()).isEqualTo(1);
    assertThat(stream.flushed()).as("what is not durable is not confirmed").isEqualTo(0x1008);
    pass(Duration.ofNanos(1));
    step();
    assertThat(stream.flushed()).isEqualTo(0x3008);
    assertThat(node.databases.get("dns").orElseThrow().readLog(2).nextBlock().lastSequence())
        .isEqualTo(3);
    assertThat(progress.status().transactions()).isEqualTo(3);
    assertThat(progress.status().entries()).isEqualTo(3);
  }

  @Test
  void anOpenTransactionIsNotCommittedHoweverLateItIs() throws Exception {
    step(change(0x1000));
    step(change(0x2000));
    step(Wal.begin(0x3000), Wal.insert(DNS, "open", "1"));
    pass(WINDOW.multipliedBy(10));
    step();
    assertThat(sequence()).isEqualTo(1);
    step(Wal.commit(0x3000, 0x3008));
    assertThat(sequence()).isEqualTo(3);
    assertThat(stream.flushed()).isEqualTo(0x3008);
  }

  @Test
  void muchThatIsPendingDoesNotWait() throws Exception {
    step(change(0x1000));
    String large = "x".repeat(3 << 20);
    for (int i = 2; i <= 3; i++) {
      step(Wal.begin(i << 12), Wal.insert(DNS, "k", large), Wal.commit(i << 12, (i << 12) + 8));
      assertThat(sequence()).isEqualTo(1);
    }
    step(Wal.begin(0x4000), Wal.insert(DNS, "k", large), Wal.commit(0x4000, 0x4008));
    assertThat(sequence()).isEqualTo(4);
  }

  @Test
  void aSlowCommitIsFollowedByFourTimesItsWork() throws Exception {
    pass(Duration.ofSeconds(1));
    nextCommitTakes = WINDOW;
    step(change(0x1000));
    assertThat(nextCommitTakes).as("the commit has taken it").isZero();
    step(change(0x2000));
    pass(WINDOW.minusNanos(1));
    step();
    assertThat(sequence()).as("at most the window, if it is half a second or more").isEqualTo(1);
    pass(Duration.ofNanos(1));
    nextCommitTakes = Duration.ofMillis(110);
    step();
    assertThat(sequence()).isEqualTo(2);
    step(change(0x3000));
    pass(Duration.ofMillis(439));
    step();
    assertThat(sequence()).isEqualTo(2);
    pass(Duration.ofMillis(1));
    step();
    assertThat(sequence()).isEqualTo(3);
  }

  @Test
  void walOfOthersIsRecordedOncePerIdleInterval() throws Exception {
    stream.received(0x9000);
    pass(Duration.ofSeconds(10).minusNanos(1));
    step();
    assertThat(recordedLsn()).isLessThan(0x9000);
    pass(Duration.ofNanos(1));
    step();
    assertThat(recordedLsn()).isEqualTo(0x9000);
    assertThat(stream.flushed()).isEqualTo(0x9000);
    stream.received(0xA000);
    step();
    assertThat(recordedLsn()).isEqualTo(0x9000);
  }

  @Test
  void whatIsConfirmedLaterIsRecordedOnceASecondAndKeptBack() throws Exception {
    node.close();
    open("later", Duration.ofSeconds(10));
    pass(Duration.ofSeconds(2));
    step(change(0x10_000));
    assertThat(sequence()).isEqualTo(1);
    assertThat(recordedLsn()).isEqualTo(0x10_008);
    assertThat(stream.flushed()).isLessThan(0x10_000);
    pass(Duration.ofMillis(600));
    step(change(0x20_000));
    assertThat(sequence()).isEqualTo(2);
    assertThat(recordedLsn()).isEqualTo(0x10_008);
    pass(Duration.ofMillis(400));
    step();
    assertThat(recordedLsn()).isEqualTo(0x20_008);
    pass(Duration.ofSeconds(9));
    step();
    assertThat(stream.flushed()).isEqualTo(0x10_008);
    // Commits that wait for the root do not wait for that.
    progress.slot(true, 0);
    step();
    assertThat(stream.flushed()).isEqualTo(0x20_008);
    pass(Duration.ofSeconds(1));
    step(change(0x30_000));
    assertThat(stream.flushed()).isEqualTo(0x30_008);
    assertThat(recordedLsn()).isEqualTo(0x30_008);
  }

  @Test
  void nothingIsConfirmedThatStandbysLack() throws Exception {
    node.close();
    open("standbys", Duration.ZERO, 1);
    step(change(0x10_000));
    assertThat(recordedLsn()).isEqualTo(0x10_008);
    assertThat(stream.flushed()).isZero();
    standbys.held("connection", "b", Sequenced.SOURCE.position(0x10_004));
    step();
    assertThat(stream.flushed()).isEqualTo(0x10_004);
    // In the mode in which commits wait, too.
    progress.slot(true, 0);
    pass(WINDOW);
    step(change(0x20_000));
    assertThat(recordedLsn()).isEqualTo(0x20_008);
    assertThat(stream.flushed()).isEqualTo(0x10_004);
    standbys.held("connection", "b", Sequenced.SOURCE.position(0x30_000));
    step();
    assertThat(stream.flushed()).isEqualTo(0x20_008);
  }

  @Test
  void aSessionThatWaitsHasItRecordedAtOnce() throws Exception {
    stream.received(0x9000);
    step(Wal.said("wait"));
    assertThat(stream.flushed()).isEqualTo(0x9000);
    assertThat(waiters.isWaiting()).isFalse();
  }

  @Test
  void inTheSynchronousModeItIsRecordedAtOnce() throws Exception {
    progress.slot(true, 0);
    stream.received(0x9000);
    step();
    assertThat(stream.flushed()).isEqualTo(0x9000);
  }

  @Test
  void whatWasReceivedInsideATransactionIsNotRecorded() throws Exception {
    progress.slot(true, 0);
    stream.received(0x9000);
    step(Wal.begin(0x8000), Wal.insert(DNS, "a", "1"));
    assertThat(recordedLsn()).isLessThan(0x8000);
    assertThat(stream.flushed()).isLessThan(0x8000);
    step(Wal.commit(0x8000, 0x9000));
    assertThat(stream.flushed()).isEqualTo(0x9000);
  }

  @Test
  void aCleanStopCommitsWhatWaitsForTheWindow() throws Exception {
    step(change(0x1000));
    for (ByteBuffer message : change(0x2000)) {
      queue.put(message);
    }
    stop();
    assertThat(sequence()).isEqualTo(2);
    assertThat(stream.flushed()).isEqualTo(0x2008);
  }

  @Test
  void aCleanStopLeavesAnOpenTransactionToTheNextStart() throws Exception {
    queue.put(Wal.begin(0x1000));
    queue.put(Wal.insert(DNS, "open", "1"));
    stop();
    assertThat(sequence()).isZero();
    assertThat(stream.flushed()).isLessThan(0x1000);
  }

  private void stop() {
    CancellationException reason = new CancellationException("stop");
    queue.end(reason);
    assertThatThrownBy(() -> schedule.run(queue, stream, () -> false)).isSameAs(reason);
  }

  private void pass(Duration time) {
    now += time.toNanos();
  }

  private static ByteBuffer[] change(long lsn) {
    return new ByteBuffer[] {
      Wal.begin(lsn), Wal.insert(DNS, "k" + lsn, "v"), Wal.commit(lsn, lsn + 8)
    };
  }

  private void step(ByteBuffer... messages) throws Exception {
    for (ByteBuffer message : messages) {
      queue.put(message);
    }
    queue.nudge();
    schedule.step(queue, stream);
  }

  private long sequence() {
    return node.databases.get("dns").orElseThrow().head().lastSequence();
  }

  private long recordedLsn() {
    return node.databases.completeness().map(c -> c.position().lsn()).orElse(0L);
  }
}
