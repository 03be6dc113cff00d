package dev.quicksilver.gateway.wal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.gateway.Root;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class MessageQueueTest {
  private static final long FOR_EVER = TimeUnit.HOURS.toNanos(1);

  private volatile long now = 5;
  private final MessageQueue queue = new MessageQueue(200, () -> now);
  private final ByteBuffer row = message('I', 10);
  private final ByteBuffer commit = message('C', 10);
  private Thread other = Thread.ofPlatform().unstarted(() -> {});

  @AfterEach
  void letGo() throws Exception {
    queue.close();
    other.interrupt();
    other.join();
  }

  @Test
  void keepsTheOrderAndGivesAllAtOnce() throws Exception {
    queue.put(row);
    queue.put(commit);
    assertThat(queue.isEmpty()).isFalse();
    assertThat(take(0)).containsExactly(row, commit);
    assertThat(queue.isEmpty()).isTrue();
  }

  @Test
  void oneMessageIsLetInHoweverLargeAndThenTheProducerWaits() throws Exception {
    ByteBuffer large = message('I', 1_000_000);
    queue.put(large);
    CompletableFuture<Object> put = inOtherThread(() -> queue.put(row));
    awaitState(Thread.State.WAITING);
    assertThat(take(0)).containsExactly(large);
    assertThat(put.get(60, TimeUnit.SECONDS)).isEqualTo(true);
    assertThat(take(0)).containsExactly(row);
  }

  @Test
  void aCloseLetsTheProducerGo() throws Exception {
    queue.put(message('I', 1_000));
    CompletableFuture<Object> put = inOtherThread(() -> queue.put(row));
    awaitState(Thread.State.WAITING);
    queue.close();
    assertThat(put.get(60, TimeUnit.SECONDS)).isEqualTo(false);
    assertThat(queue.put(row)).isFalse();
    assertThat(queue.isEmpty()).isTrue();
  }

  @Test
  void theFirstReasonToEndComesAfterAllThatCameBeforeIt() throws Exception {
    IOException reason = new IOException("lost");
    queue.put(row);
    queue.end(reason);
    queue.end(new IOException("again"));
    assertThat(take(FOR_EVER)).containsExactly(row);
    assertThatThrownBy(() -> take(FOR_EVER)).isSameAs(reason);
  }

  @Test
  void aConsumerWaitsForACommitNotForARow() throws Exception {
    CompletableFuture<Object> taken = inOtherThread(() -> take(FOR_EVER));
    awaitState(Thread.State.TIMED_WAITING);
    queue.put(row);
    queue.put(commit);
    assertThat(taken.get(60, TimeUnit.SECONDS)).isEqualTo(List.of(row, commit));
  }

  @Test
  void inALullOnlyAMessageWakesTheConsumer() throws Exception {
    queue.lull(now + FOR_EVER);
    CompletableFuture<Object> taken = inOtherThread(() -> take(FOR_EVER));
    awaitState(Thread.State.TIMED_WAITING);
    queue.put(commit);
    awaitState(Thread.State.TIMED_WAITING);
    ByteBuffer said = message('M', 10);
    queue.put(said);
    assertThat(taken.get(60, TimeUnit.SECONDS)).isEqualTo(List.of(commit, said));
  }

  @Test
  void aLullEndsByItself() {
    queue.lull(now + 10);
    now += 9;
    assertThat(queue.isLull()).isTrue();
    now += 1;
    assertThat(queue.isLull()).isFalse();
  }

  @Test
  void aNudgeWakesTheConsumerOnceWithoutAMessage() throws Exception {
    queue.nudge();
    assertThat(take(FOR_EVER)).isEmpty();
    CompletableFuture<Object> taken = inOtherThread(() -> take(FOR_EVER));
    awaitState(Thread.State.TIMED_WAITING);
    queue.nudge();
    assertThat(taken.get(60, TimeUnit.SECONDS)).isEqualTo(List.of());
  }

  private List<ByteBuffer> take(long timeoutNanos) throws Exception {
    List<ByteBuffer> taken = new ArrayList<>();
    queue.take(taken, timeoutNanos);
    return taken;
  }

  private CompletableFuture<Object> inOtherThread(java.util.concurrent.Callable<Object> task) {
    CompletableFuture<Object> result = new CompletableFuture<>();
    other =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    result.complete(task.call());
                  } catch (Exception e) {
                    result.completeExceptionally(e);
                  }
                });
    return result;
  }

  private void awaitState(Thread.State state) throws Exception {
    Root.eventually("the other thread is " + state, () -> other.getState() == state);
  }

  private static ByteBuffer message(char type, int size) {
    ByteBuffer message = ByteBuffer.allocate(size);
    message.put(0, (byte) type);
    return message;
  }
}
