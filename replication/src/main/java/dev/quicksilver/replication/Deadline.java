package dev.quicksilver.replication;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Bounds something as a whole, however slowly its single steps trickle in. Whoever is late is told
 * once, on another thread. Thread-safe.
 */
final class Deadline implements AutoCloseable {
  private enum State {
    RUNNING,
    MET,
    MISSED
  }

  private final AtomicReference<State> state = new AtomicReference<>(State.RUNNING);
  private final Thread thread;

  private Deadline(Duration limit, Runnable onMissed) {
    this.thread =
        Thread.ofVirtual()
            .name("replication-deadline")
            .unstarted(
                () -> {
                  try {
                    Thread.sleep(limit);
                  } catch (InterruptedException e) {
                    return;
                  }
                  if (state.compareAndSet(State.RUNNING, State.MISSED)) {
                    onMissed.run();
                  }
                });
  }

  /** Starts the time. */
  static Deadline start(Duration limit, Runnable onMissed) {
    Deadline deadline = new Deadline(limit, onMissed);
    deadline.thread.start();
    return deadline;
  }

  /** Stops the time; returns whether it was in time. */
  boolean met() {
    boolean inTime = state.compareAndSet(State.RUNNING, State.MET) || state.get() == State.MET;
    thread.interrupt();
    return inTime;
  }

  boolean missed() {
    return state.get() == State.MISSED;
  }

  @Override
  public void close() {
    met();
  }
}
