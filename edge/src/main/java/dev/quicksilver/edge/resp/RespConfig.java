package dev.quicksilver.edge.resp;

import dev.quicksilver.edge.access.Credentials;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.tls.TlsFiles;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * How a RESP server runs. Immutable.
 *
 * @param host the address to listen on; any but a loopback one needs TLS, and users
 * @param port 0 for any free one
 * @param unixSocket also listens on this path; a socket that nobody listens on is replaced
 * @param dataDirectory the node's
 * @param threads each serves a part of the connections
 * @param maxConnections further clients are refused
 * @param maxMemory the bytes that may wait for clients; one more reply per thread comes on top
 * @param numbered the databases that SELECT 0, SELECT 1 … stand for
 * @param mostAge no copy that may be older is read unless a client says otherwise; zero for any
 * @param credentials a user of the server's own, who may read everything
 * @param catalogUsers whether those whom the catalog lists may connect
 */
public record RespConfig(
    String host,
    int port,
    Optional<Path> unixSocket,
    Path dataDirectory,
    int threads,
    int maxConnections,
    long maxMemory,
    List<String> numbered,
    Duration mostAge,
    Optional<Credentials> credentials,
    boolean catalogUsers,
    Optional<TlsFiles> tls,
    StorageOptions storage,
    String version) {
  public RespConfig {
    numbered = List.copyOf(numbered);
  }

  /** Returns this with the limits of another: of connections, of memory and of age. */
  RespConfig withLimitsOf(RespConfig other) {
    return with(other.maxConnections, other.maxMemory, numbered, other.mostAge);
  }

  /**
   * Returns this with further numbered databases.
   *
   * @throws IllegalArgumentException if a number would stand for another database than before
   */
  RespConfig withNumbered(List<String> names) {
    int before = numbered.size();
    if (names.size() < before || !names.subList(0, before).equals(numbered)) {
      throw new IllegalArgumentException(
          "a number would stand for another database to those who are connected: add names at the"
              + " end, or start the process again");
    }
    if (numbered.isEmpty() && !names.isEmpty()) {
      throw new IllegalArgumentException(
          "a first list is taken when the process is started again, since 0 stands for the only"
              + " database until then");
    }
    return with(maxConnections, maxMemory, names, mostAge);
  }

  private RespConfig with(int connections, long memory, List<String> names, Duration age) {
    return new RespConfig(
        host,
        port,
        unixSocket,
        dataDirectory,
        threads,
        connections,
        memory,
        names,
        age,
        credentials,
        catalogUsers,
        tls,
        storage,
        version);
  }

  /**
   * Loopback, one thread for two processors, 10,000 connections, 128 MiB, no TLS, no users.
   *
   * @param port 0 for any free one
   * @param dataDirectory the node's
   */
  public static RespConfig of(int port, Path dataDirectory) {
    return new RespConfig(
        "127.0.0.1",
        port,
        Optional.empty(),
        dataDirectory,
        Math.max(1, Runtime.getRuntime().availableProcessors() / 2),
        10_000,
        128L << 20,
        List.of(),
        Duration.ZERO,
        Optional.empty(),
        false,
        Optional.empty(),
        StorageOptions.DEFAULT,
        "0");
  }
}
