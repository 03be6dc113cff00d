package dev.quicksilver.cli.command;

import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.Endpoint;
import dev.quicksilver.cli.config.Role;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.config.UserSource;
import dev.quicksilver.cli.process.CommandException;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.Lifecycle;
import dev.quicksilver.cli.process.NodeStatus;
import dev.quicksilver.cli.process.NodeStatus.RespReport;
import dev.quicksilver.cli.process.ProcessFile;
import dev.quicksilver.edge.access.Credentials;
import dev.quicksilver.edge.resp.RespConfig;
import dev.quicksilver.edge.resp.RespServer;
import dev.quicksilver.edge.resp.RespStatus;
import dev.quicksilver.storage.FollowedDatabases;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;

/** Serves a replica's databases to clients of Redis. */
@Command(
    name = "serve",
    description =
        "Serves the databases of a replica's data directory to clients of Redis (RESP), read-only.")
public final class ServeCommand extends NodeCommand {
  private static final Logger LOG = LoggerFactory.getLogger(ServeCommand.class);

  /** The name of its file below {@code run/}. */
  public static final String PROCESS_NAME = "serve";

  ServeCommand() {
    super(Role.SERVE);
  }

  @Override
  void start(Lifecycle lifecycle, Configuration configuration) {
    Path data = configuration.get(Settings.DATA_DIRECTORY);
    ProcessFile file = BesideNode.claim(lifecycle, configuration, PROCESS_NAME);
    RespServer server = lifecycle.own("RESP server", server(config(configuration, data)));
    Map<String, String> addresses = new LinkedHashMap<>();
    addresses.put(
        "resp",
        new Endpoint(configuration.get(Settings.RESP_LISTEN).host(), server.port()).toString());
    configuration
        .find(Settings.RESP_UNIX_SOCKET)
        .ifPresent(path -> addresses.put("resp-unix", path.toString()));
    StatusReporter reporter =
        new StatusReporter(
            configuration, role(), () -> addresses, () -> BesideNode.certificates(server.tls()));
    var _ =
        HttpListeners.start(lifecycle, configuration, () -> report(server, reporter), addresses);
    BesideNode.publish(file, PROCESS_NAME, addresses);
    LOG.info("serve {} is ready: {}", configuration.get(Settings.NODE_NAME), addresses);
  }

  private static NodeStatus report(RespServer server, StatusReporter reporter) {
    RespStatus counted = server.status();
    try (FollowedDatabases.View databases = server.look()) {
      return LocalReports.report(databases, reporter)
          .withResp(
              new RespReport(
                  counted.connections(),
                  counted.connectionsTotal(),
                  counted.refused(),
                  counted.commands(),
                  counted.hits(),
                  counted.misses(),
                  counted.subscribers(),
                  counted.events(),
                  counted.waitingBytes(),
                  counted.errors()));
    }
  }

  private static RespConfig config(Configuration configuration, Path data) {
    Endpoint listen = configuration.get(Settings.RESP_LISTEN);
    RespConfig defaults = RespConfig.of(listen.port(), data);
    int threads = configuration.get(Settings.RESP_THREADS);
    Optional<Credentials> credentials =
        BesideNode.credentials(
            configuration, Settings.RESP_USER, Settings.RESP_PASSWORD, Settings.RESP_PASSWORD_FILE);
    return new RespConfig(
        listen.host(),
        listen.port(),
        configuration.find(Settings.RESP_UNIX_SOCKET),
        data,
        threads == 0 ? defaults.threads() : threads,
        configuration.get(Settings.RESP_MAX_CONNECTIONS),
        (long) configuration.get(Settings.RESP_MEMORY) << 20,
        configuration.get(Settings.RESP_DATABASES),
        configuration.get(Settings.RESP_MAX_AGE),
        credentials,
        configuration.get(Settings.RESP_USERS) == UserSource.CATALOG,
        ClientTls.files(
            configuration, Settings.RESP_TLS_CERTIFICATE, Settings.RESP_TLS_KEY, Optional.empty()),
        storageOptions(configuration),
        VersionCommand.version());
  }

  private static RespServer server(RespConfig config) {
    try {
      return RespServer.start(config);
    } catch (IllegalArgumentException e) {
      throw new CommandException(
          ExitCode.USAGE, Settings.RESP_LISTEN.key() + ": " + e.getMessage());
    } catch (IOException e) {
      throw new CommandException(ExitCode.FAILURE, String.valueOf(e.getMessage()));
    }
  }
}
