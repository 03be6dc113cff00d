package dev.quicksilver.bridge;

import dev.quicksilver.bridge.evaluate.EvaluatorConfig;
import dev.quicksilver.edge.access.Credentials;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.tls.TlsFiles;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** How a bridge runs. Immutable; begins with {@link #of} and is changed step by step. */
public final class BridgeConfig {
  private String host = "127.0.0.1";
  private int port;
  private Path dataDirectory = Path.of("");
  private int maxConnections = 100;
  private int maxConcurrentQueries = 8;
  private Duration maxSnapshotAge = Duration.ofMinutes(5);
  private Optional<Credentials> credentials = Optional.empty();
  private boolean catalogUsers;
  private Optional<TlsFiles> tls = Optional.empty();
  private EvaluatorConfig evaluator = EvaluatorConfig.DEFAULT;
  private StorageOptions storage = StorageOptions.DEFAULT;

  private BridgeConfig() {}

  private interface Change {
    void to(BridgeConfig copy);
  }

  /**
   * Loopback, 100 connections, 8 queries at a time, snapshots of at most 5 minutes, no password, no
   * TLS.
   *
   * @param port 0 for any free port
   * @param dataDirectory the replica's data directory
   */
  public static BridgeConfig of(int port, Path dataDirectory) {
    return new BridgeConfig()
        .with(
            copy -> {
              copy.port = port;
              copy.dataDirectory = dataDirectory;
            });
  }

  private BridgeConfig with(Change change) {
    var copy = new BridgeConfig();
    copy.host = host;
    copy.port = port;
    copy.dataDirectory = dataDirectory;
    copy.maxConnections = maxConnections;
    copy.maxConcurrentQueries = maxConcurrentQueries;
    copy.maxSnapshotAge = maxSnapshotAge;
    copy.credentials = credentials;
    copy.catalogUsers = catalogUsers;
    copy.tls = tls;
    copy.evaluator = evaluator;
    copy.storage = storage;
    change.to(copy);
    return copy;
  }

  /** Another address to listen on; any but a loopback one needs TLS, and users. */
  public BridgeConfig withHost(String other) {
    return with(copy -> copy.host = other);
  }

  /** Further clients are refused with 53300. */
  public BridgeConfig withMaxConnections(int number) {
    return with(copy -> copy.maxConnections = number);
  }

  /** So many statements are evaluated at a time; further ones wait, seeks never do. */
  public BridgeConfig withMaxConcurrentQueries(int number) {
    return with(copy -> copy.maxConcurrentQueries = number);
  }

  /** A transaction that reads for longer gets an error of class 72. */
  public BridgeConfig withMaxSnapshotAge(Duration age) {
    return with(copy -> copy.maxSnapshotAge = age);
  }

  /** A user of this bridge's own, who may read everything. */
  public BridgeConfig withCredentials(Credentials user) {
    return with(copy -> copy.credentials = Optional.of(user));
  }

  /** The users that the catalog lists may connect, and read what it says that they may. */
  public BridgeConfig withCatalogUsers() {
    return with(copy -> copy.catalogUsers = true);
  }

  /**
   * A certificate.
   *
   * @param files with authorities if clients may prove with certificates who they are
   */
  public BridgeConfig withTls(TlsFiles files) {
    return with(copy -> copy.tls = Optional.of(files));
  }

  /** Another evaluator. */
  public BridgeConfig withEvaluator(EvaluatorConfig other) {
    return with(copy -> copy.evaluator = other);
  }

  /** Environments that are opened another way; the map size must be that of the replica. */
  public BridgeConfig withStorage(StorageOptions options) {
    return with(copy -> copy.storage = options);
  }

  /** The limits of another one, which a running bridge can take; all else as it is. */
  BridgeConfig withLimitsOf(BridgeConfig other) {
    return with(
        copy -> {
          copy.maxConnections = other.maxConnections;
          copy.maxConcurrentQueries = other.maxConcurrentQueries;
          copy.maxSnapshotAge = other.maxSnapshotAge;
          copy.evaluator = evaluator.withLimitsOf(other.evaluator);
        });
  }

  String host() {
    return host;
  }

  int port() {
    return port;
  }

  Path dataDirectory() {
    return dataDirectory;
  }

  int maxConnections() {
    return maxConnections;
  }

  int maxConcurrentQueries() {
    return maxConcurrentQueries;
  }

  Duration maxSnapshotAge() {
    return maxSnapshotAge;
  }

  Optional<Credentials> credentials() {
    return credentials;
  }

  boolean catalogUsers() {
    return catalogUsers;
  }

  Optional<TlsFiles> tls() {
    return tls;
  }

  /** How what is no seek is evaluated. */
  public EvaluatorConfig evaluator() {
    return evaluator;
  }

  StorageOptions storage() {
    return storage;
  }
}
