package dev.quicksilver.postgres;

import java.io.IOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The life of one embedded PostgreSQL on its files, from one start to the next. Thread-safe. */
final class PostgresServer {
  private static final Logger LOG = LoggerFactory.getLogger(PostgresServer.class);
  private static final int PORT_ATTEMPTS = 5;

  /** Names nothing but a file in a directory of its own. */
  private static final int PORT_OF_A_UNIX_SOCKET = 5432;

  private final PostgresDirectory directory;
  private final Map<String, String> settings;
  private final ProcessLimits limits;
  private final boolean fixedPort;
  private int port;
  private @Nullable Postmaster postmaster;
  private boolean closed;

  /**
   * One that does not run yet.
   *
   * @param port 0 for a free one
   */
  PostgresServer(
      PostgresDirectory directory, Map<String, String> settings, ProcessLimits limits, int port) {
    this.directory = directory;
    this.settings = settings;
    this.limits = limits;
    fixedPort = port != 0;
    if (fixedPort) {
      this.port = port;
    } else {
      this.port = directory.options().unixSocketOnly() ? PORT_OF_A_UNIX_SOCKET : Ports.free();
    }
  }

  PostgresDirectory directory() {
    return directory;
  }

  synchronized int port() {
    return port;
  }

  synchronized boolean isRunning() {
    return postmaster != null && postmaster.isRunning();
  }

  synchronized void kill() {
    Postmaster running = postmaster;
    if (running != null) {
      run("kill", running::kill);
      postmaster = null;
    }
  }

  synchronized void stop() {
    Postmaster running = postmaster;
    if (running != null) {
      run("stop", running::stop);
      postmaster = null;
    }
  }

  synchronized void restart() {
    if (closed) {
      throw new EmbeddedPostgresException(
          "the embedded PostgreSQL in " + directory.root() + " is closed; start a new one");
    }
    stop();
    run("start", this::launch);
  }

  synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    boolean wasRunning = isRunning();
    stop();
    run(
        "clean up",
        () -> {
          if (!wasRunning) {
            Postmaster.removeSharedMemory(directory.data());
          }
          directory.close();
        });
  }

  private void launch() throws IOException, InterruptedException {
    for (int attempt = 1; ; attempt++) {
      directory.configure(settings, port);
      try {
        postmaster = Postmaster.start(directory, limits);
        break;
      } catch (EmbeddedPostgresException e) {
        boolean portTaken =
            e.getMessage() != null && e.getMessage().contains("Address already in use");
        if (!portTaken || fixedPort || attempt == PORT_ATTEMPTS) {
          throw e;
        }
        port = Ports.free();
      }
    }
    LOG.debug("PostgreSQL in {} listens on port {}", directory.root(), port);
  }

  private interface Action {
    void run() throws IOException, InterruptedException;
  }

  private void run(String what, Action action) {
    try {
      action.run();
    } catch (IOException e) {
      throw new EmbeddedPostgresException(
          "cannot " + what + " the embedded PostgreSQL in " + directory.root() + ": " + e, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EmbeddedPostgresException(
          "interrupted on the way to " + what + " the embedded PostgreSQL in " + directory.root(),
          e);
    }
  }
}
