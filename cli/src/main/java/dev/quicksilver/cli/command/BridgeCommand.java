package dev.quicksilver.cli.command;

import dev.quicksilver.bridge.Bridge;
import dev.quicksilver.bridge.BridgeConfig;
import dev.quicksilver.bridge.evaluate.EvaluatorConfig;
import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.Endpoint;
import dev.quicksilver.cli.config.Role;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.config.UserSource;
import dev.quicksilver.cli.process.ActivatedSockets;
import dev.quicksilver.cli.process.CommandException;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.Health;
import dev.quicksilver.cli.process.Lifecycle;
import dev.quicksilver.cli.process.Niceness;
import dev.quicksilver.cli.process.ProcessFile;
import dev.quicksilver.edge.access.Credentials;
import dev.quicksilver.postgres.EmbeddedPostgresException;
import dev.quicksilver.storage.FollowedDatabases;
import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;

/** Serves a replica's databases to {@code postgres_fdw}. */
@Command(
    name = "bridge",
    description = "Serves the databases of a replica's data directory to postgres_fdw.")
public final class BridgeCommand extends NodeCommand {
  private static final Logger LOG = LoggerFactory.getLogger(BridgeCommand.class);

  /** The name of its file below {@code run/}. */
  public static final String PROCESS_NAME = "bridge";

  BridgeCommand() {
    super(Role.BRIDGE);
  }

  @Override
  void start(Lifecycle lifecycle, Configuration configuration, Reload reload) {
    Endpoint listen = configuration.get(Settings.BRIDGE_LISTEN);
    ActivatedSockets sockets = ActivatedSockets.ofThisProcess();
    Optional<ServerSocketChannel> open =
        sockets.take("bridge", Settings.BRIDGE_LISTEN.key(), listen);
    sockets.requireNoneLeft();
    Niceness.atLeast(configuration.get(Settings.BRIDGE_NICENESS));
    Path data = configuration.get(Settings.DATA_DIRECTORY);
    ProcessFile file = BesideNode.claim(lifecycle, configuration, PROCESS_NAME);
    Bridge bridge = lifecycle.own("bridge", bridge(configuration, listen, open));
    Map<String, String> addresses = new LinkedHashMap<>();
    addresses.put("bridge", new Endpoint(listen.host(), bridge.port()).toString());

    reload.taking(
        now -> bridge.takeLimits(limits(now)),
        Settings.BRIDGE_MAX_CONNECTIONS,
        Settings.BRIDGE_MAX_SNAPSHOT_AGE,
        Settings.BRIDGE_EVALUATOR_STATEMENTS,
        Settings.BRIDGE_EVALUATOR_IDLE,
        Settings.BRIDGE_EVALUATOR_MEMORY,
        Settings.BRIDGE_EVALUATOR_TEMPORARY_FILES);
    StatusReporter reporter =
        new StatusReporter(
            configuration, role(), () -> addresses, () -> BesideNode.certificates(bridge.tls()));
    var _ =
        HttpListeners.start(
            lifecycle,
            configuration,
            health(bridge, data),
            HttpListeners.Content.ofStatus(
                () -> BridgeReports.report(bridge, data, reporter), reload),
            addresses);
    BesideNode.publish(file, PROCESS_NAME, addresses);
    LOG.info("bridge {} is ready: {}", configuration.get(Settings.NODE_NAME), addresses);
  }

  private static Health.Source health(Bridge bridge, Path data) {
    return new Health.Source(
        () -> Map.of("looking after connections", bridge.silence()),
        () -> {
          try (FollowedDatabases.View databases = bridge.look()) {
            return LocalReports.standing(databases, data);
          }
        });
  }

  private static BridgeConfig limits(Configuration configuration) {
    return BridgeConfig.of(
            configuration.get(Settings.BRIDGE_LISTEN).port(),
            configuration.get(Settings.DATA_DIRECTORY))
        .withMaxConnections(configuration.get(Settings.BRIDGE_MAX_CONNECTIONS))
        .withMaxConcurrentQueries(configuration.get(Settings.BRIDGE_EVALUATOR_STATEMENTS))
        .withMaxSnapshotAge(configuration.get(Settings.BRIDGE_MAX_SNAPSHOT_AGE))
        .withEvaluator(
            new EvaluatorConfig(
                configuration.get(Settings.BRIDGE_EVALUATOR_START),
                configuration.find(Settings.BRIDGE_EVALUATOR_DIRECTORY),
                configuration.get(Settings.BRIDGE_EVALUATOR_IDLE),
                (long) configuration.get(Settings.BRIDGE_EVALUATOR_MEMORY) << 20,
                (long) configuration.get(Settings.BRIDGE_EVALUATOR_TEMPORARY_FILES) << 20));
  }

  private static Bridge bridge(
      Configuration configuration, Endpoint listen, Optional<ServerSocketChannel> open) {
    Optional<Credentials> credentials =
        BesideNode.credentials(
            configuration,
            Settings.BRIDGE_USER,
            Settings.BRIDGE_PASSWORD,
            Settings.BRIDGE_PASSWORD_FILE);
    BridgeConfig config =
        limits(configuration).withHost(listen.host()).withStorage(storageOptions(configuration));
    config = credentials.map(config::withCredentials).orElse(config);
    if (configuration.get(Settings.BRIDGE_USERS) == UserSource.CATALOG) {
      config = config.withCatalogUsers();
    }
    config =
        ClientTls.files(
                configuration,
                Settings.BRIDGE_TLS_CERTIFICATE,
                Settings.BRIDGE_TLS_KEY,
                Optional.of(Settings.BRIDGE_TLS_AUTHORITIES))
            .map(config::withTls)
            .orElse(config);
    try {
      return open.isPresent() ? Bridge.start(config, open.get().socket()) : Bridge.start(config);
    } catch (EmbeddedPostgresException e) {
      throw new CommandException(
          ExitCode.USAGE, Settings.BRIDGE_EVALUATOR_DIRECTORY.key() + ": " + e.getMessage());
    } catch (IllegalArgumentException e) {
      throw new CommandException(ExitCode.USAGE, "bridge.listen: " + e.getMessage());
    } catch (IOException e) {
      throw new CommandException(ExitCode.FAILURE, String.valueOf(e.getMessage()));
    }
  }
}
