package dev.quicksilver.bridge;

import dev.quicksilver.bridge.evaluate.EvaluatorConfig;
import dev.quicksilver.storage.StorageOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * How a bridge runs.
 *
 * @param host loopback address to listen on
 * @param port 0 for any free port
 * @param dataDirectory the replica's data directory
 * @param maxConnections further clients are refused with 53300
 * @param maxConcurrentQueries statements that are evaluated at a time; further ones wait, seeks
 *     never do
 * @param maxSnapshotAge a transaction that reads for longer gets an error of class 72
 * @param credentials who may connect; anyone on this machine if empty
 * @param evaluator what runs the statements that are no seeks
 * @param storage how environments are opened; the map size must be that of the replica
 */
public record BridgeConfig(
    String host,
    int port,
    Path dataDirectory,
    int maxConnections,
    int maxConcurrentQueries,
    Duration maxSnapshotAge,
    Optional<Credentials> credentials,
    EvaluatorConfig evaluator,
    StorageOptions storage) {

  /**
   * Loopback, 100 connections, 8 queries at a time, snapshots of at most 5 minutes, no password.
   */
  public static BridgeConfig of(int port, Path dataDirectory) {
    return new BridgeConfig(
        "127.0.0.1",
        port,
        dataDirectory,
        100,
        8,
        Duration.ofMinutes(5),
        Optional.empty(),
        EvaluatorConfig.DEFAULT,
        StorageOptions.DEFAULT);
  }

  /** The same with a password. */
  public BridgeConfig withCredentials(Credentials user) {
    return new BridgeConfig(
        host,
        port,
        dataDirectory,
        maxConnections,
        maxConcurrentQueries,
        maxSnapshotAge,
        Optional.of(user),
        evaluator,
        storage);
  }

  /** The same with another bound on the age of snapshots. */
  public BridgeConfig withMaxSnapshotAge(Duration age) {
    return new BridgeConfig(
        host,
        port,
        dataDirectory,
        maxConnections,
        maxConcurrentQueries,
        age,
        credentials,
        evaluator,
        storage);
  }

  /** The same with another evaluator. */
  public BridgeConfig withEvaluator(EvaluatorConfig other) {
    return new BridgeConfig(
        host,
        port,
        dataDirectory,
        maxConnections,
        maxConcurrentQueries,
        maxSnapshotAge,
        credentials,
        other,
        storage);
  }

  /** The same with environments that are opened another way. */
  public BridgeConfig withStorage(StorageOptions options) {
    return new BridgeConfig(
        host,
        port,
        dataDirectory,
        maxConnections,
        maxConcurrentQueries,
        maxSnapshotAge,
        credentials,
        evaluator,
        options);
  }
}
