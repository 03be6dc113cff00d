package dev.quicksilver.cli.command;

import dev.quicksilver.storage.Following;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the other processes of the machine twice a second how the databases are followed. */
final class FollowingWriter implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FollowingWriter.class);
  private static final long PERIOD_MILLIS = 500;

  private final Path dataDirectory;
  private final Supplier<Map<String, Following>> following;
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("following").factory());
  private boolean failed;

  private FollowingWriter(Path dataDirectory, Supplier<Map<String, Following>> following) {
    this.dataDirectory = dataDirectory;
    this.following = following;
  }

  /** Begins to write. */
  static FollowingWriter start(Path dataDirectory, Supplier<Map<String, Following>> following) {
    var writer = new FollowingWriter(dataDirectory, following);
    var _ =
        writer.thread.scheduleWithFixedDelay(
            writer::write, 0, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
    return writer;
  }

  private void write() {
    try {
      Following.write(dataDirectory, following.get());
      failed = false;
    } catch (IOException | RuntimeException e) {
      if (!failed) { // readers see that nothing new is said
        LOG.warn("bridges of this machine are not told how far this node is: {}", e.toString());
        failed = true;
      }
    }
  }

  @Override
  public void close() {
    thread.shutdownNow();
  }
}
