package dev.quicksilver.cli.process;

import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The parts of a process from start to stop. SIGTERM and SIGINT close them in reverse order, also
 * while they are still being started, and end the process, with exit code 0 unless told otherwise.
 * Thread-safe.
 */
public final class Lifecycle implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Lifecycle.class);
  private static final Duration LONGEST_STOP = Duration.ofMillis(1800);

  private record Part(String name, AutoCloseable closeable) {}

  private final Deque<Part> parts = new ArrayDeque<>();
  private final CompletableFuture<CommandException> failure = new CompletableFuture<>();
  private final Thread hook = new Thread(this::stop, "stop");
  private final ReentrantLock closer = new ReentrantLock();
  private final Duration longestStop;
  private volatile int signalExitCode = ExitCode.OK;
  private boolean closing;

  /** Begins a life cycle; from now on a signal is answered by closing what was started. */
  public Lifecycle() {
    this(LONGEST_STOP);
  }

  /**
   * Begins a life cycle that may take longer to stop.
   *
   * @param longestStop after this the process leaves, whatever is still open
   */
  public Lifecycle(Duration longestStop) {
    this.longestStop = longestStop;
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /**
   * Takes over a part that was just started.
   *
   * @return the part
   * @throws CommandException if the process is already stopping; the part is closed then
   */
  public <T extends AutoCloseable> T own(String name, T part) {
    synchronized (this) {
      if (!closing) {
        parts.push(new Part(name, part));
        return part;
      }
    }
    close(new Part(name, part));
    throw new CommandException(ExitCode.FAILURE, "stopped before it was started");
  }

  /** Sets the exit code that a signal leads to from now on; 0 at first. */
  public void signalExitCode(int code) {
    signalExitCode = code;
  }

  /** Ends the process because a part cannot go on. Only the first failure counts. */
  public void fail(int exitCode, String message) {
    failure.complete(new CommandException(exitCode, message));
  }

  /**
   * Ends the process when standard input ends, which it does when the process that holds it dies.
   */
  public void stopWithStandardInput() {
    Thread.ofPlatform()
        .daemon()
        .name("standard-input")
        .start(
            () -> {
              try {
                System.in.transferTo(OutputStream.nullOutputStream());
              } catch (IOException e) {
                LOG.debug("standard input broke", e);
              }
              LOG.info("standard input has ended: stopping");
              System.exit(ExitCode.OK);
            });
  }

  /** Closes, in reverse order, all parts that were started after one, which goes on. */
  @SuppressWarnings("ReferenceEquality") // whether it is the same part
  public void closeSince(AutoCloseable last) {
    closer.lock();
    try {
      while (true) {
        Part part;
        synchronized (this) {
          part = parts.peek();
          if (part == null || part.closeable() == last) {
            return;
          }
          parts.pop();
        }
        close(part);
      }
    } finally {
      closer.unlock();
    }
  }

  /** Waits for the failure that ends the process; a signal ends it without returning. */
  public CommandException awaitFailure() {
    return failure.join();
  }

  /** Returns whether a signal or {@link #close} is closing the parts. */
  public synchronized boolean isStopping() {
    return closing;
  }

  /** Returns the failure that is ending the process, if there is one already. */
  public Optional<CommandException> failure() {
    return Optional.ofNullable(failure.getNow(null));
  }

  /** Runs an action when a part has failed; at once if one has. */
  public void whenFailed(Runnable action) {
    var _ = failure.thenRun(action);
  }

  /** Closes all parts; a signal meanwhile waits for it. Idempotent. */
  @Override
  public void close() {
    closeParts();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      LOG.debug("a signal has come meanwhile");
    }
  }

  private void stop() {
    Thread closing = Thread.ofPlatform().name("close").start(this::closeParts);
    try {
      if (!closing.join(longestStop)) {
        LOG.warn("not everything was closed within {} ms; leaving", longestStop.toMillis());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Logs.flush();
    // A clean stop on request is a success; the JVM's own code would be 128 + the signal.
    Runtime.getRuntime().halt(signalExitCode);
  }

  private void closeParts() {
    synchronized (this) {
      if (!closing) {
        closing = true;
        ServiceManager.stopping();
      }
    }
    closer.lock(); // whoever comes second leaves when everything is closed
    try {
      while (true) {
        Part part;
        synchronized (this) {
          part = parts.poll();
        }
        if (part == null) {
          return;
        }
        close(part);
      }
    } finally {
      closer.unlock();
    }
  }

  private static void close(Part part) {
    try {
      part.closeable().close();
    } catch (Exception e) {
      LOG.warn("closing {} failed: {}", part.name(), e.toString());
    }
  }
}
