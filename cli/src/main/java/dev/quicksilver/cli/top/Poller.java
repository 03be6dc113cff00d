package dev.quicksilver.cli.top;

import dev.quicksilver.cli.command.NodeClient;
import dev.quicksilver.cli.process.CommandException;
import dev.quicksilver.cli.process.Json;
import dev.quicksilver.cli.process.NodeStatus;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Asks a node again and again, each time a second after the last answer. Thread-safe. */
final class Poller implements AutoCloseable {
  private static final long PAUSE_MILLIS = TimeUnit.SECONDS.toMillis(1);

  private final Supplier<NodeClient> asked;
  private final Runnable seenMore;
  private final Clock clock;
  private final Thread thread;
  private volatile Seen seen = Seen.NOTHING;
  private @Nullable Instant silentSince;

  /**
   * Makes one that does not ask yet.
   *
   * @param asked who asks the node; fetched each time, since a node that was started again may have
   *     another address
   * @param seenMore called after each answer, and after each that did not come
   */
  Poller(Supplier<NodeClient> asked, Runnable seenMore, Clock clock) {
    this.asked = asked;
    this.seenMore = seenMore;
    this.clock = clock;
    this.thread = Thread.ofVirtual().name("top-poller").unstarted(this::run);
  }

  /** Begins to ask. */
  void start() {
    thread.start();
  }

  /** Returns what is known. */
  Seen seen() {
    return seen;
  }

  private void run() {
    try {
      while (!Thread.currentThread().isInterrupted()) {
        seen = next(seen);
        seenMore.run();
        Thread.sleep(PAUSE_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Seen next(Seen before) {
    String where = before.address();
    try {
      NodeClient client = asked.get();
      where = client.address();
      Look look = look(client, clock);
      silentSince = null;
      return new Seen(
          where, Optional.of(look), before.last().map(Seen.Databases::of), Optional.empty());
    } catch (IOException | RuntimeException | Error e) {
      // Whatever it is: if this thread ended, the screen would stand still without a word.
      Instant since = silentSince == null ? clock.instant() : silentSince;
      silentSince = since;
      String what = e instanceof CommandException ? e.getMessage() : e.toString();
      String why = "since " + TopView.time(since) + "; asked again each second: " + what;
      return new Seen(where, before.last(), before.before(), Optional.of(why));
    }
  }

  /**
   * Asks once.
   *
   * @throws CommandException if nothing answers
   * @throws IOException if what answers is no node
   */
  static Look look(NodeClient client, Clock clock) throws IOException {
    byte[] body = client.get("/status", Map.of()).body();
    NodeStatus status = Json.MAPPER.readValue(body, NodeStatus.class);
    return new Look(status, clock.instant(), System.nanoTime());
  }

  /** Does not wait for a node that is just being asked. */
  @Override
  public void close() {
    thread.interrupt();
  }
}
