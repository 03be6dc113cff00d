package dev.quicksilver.cli.command;

import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.ConfigurationException;
import dev.quicksilver.cli.config.Endpoint;
import dev.quicksilver.cli.config.Role;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.config.UserSource;
import dev.quicksilver.cli.process.ActivatedSockets;
import dev.quicksilver.cli.process.CommandException;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.Health;
import dev.quicksilver.cli.process.HttpEndpoint;
import dev.quicksilver.cli.process.Lifecycle;
import dev.quicksilver.cli.process.NodeStatus;
import dev.quicksilver.cli.process.NodeStatus.RespReport;
import dev.quicksilver.cli.process.ProcessFile;
import dev.quicksilver.edge.access.Credentials;
import dev.quicksilver.edge.resp.OpenListeners;
import dev.quicksilver.edge.resp.RespConfig;
import dev.quicksilver.edge.resp.RespServer;
import dev.quicksilver.edge.resp.RespStatus;
import dev.quicksilver.storage.FollowedDatabases;
import java.io.IOException;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
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

  /** The process before lets go within milliseconds, unless the machine is very busy. */
  private static final Duration LONGEST_HANDOVER = Duration.ofSeconds(20);

  private static final long AGAIN_NANOS = 1_000_000_000;

  ServeCommand() {
    super(Role.SERVE);
  }

  @Override
  void start(Lifecycle lifecycle, Configuration configuration, Reload reload) {
    OpenListeners open = open(configuration);
    Path data = BesideNode.required(configuration);
    HttpListeners.Plan http = HttpListeners.plan(configuration);
    RespConfig config = config(configuration, data);
    Optional<ProcessFile> free =
        configuration.get(Settings.NODE_TAKE_OVER)
            ? ProcessFile.tryClaim(data, PROCESS_NAME)
            : Optional.of(ProcessFile.claim(data, PROCESS_NAME));
    ProcessFile file;
    RespServer server;
    if (free.isPresent()) {
      file = lifecycle.own("process file", free.get());
      server = lifecycle.own("RESP server", server(() -> RespServer.start(config, open)));
    } else {
      requireFree(http, data);
      server = lifecycle.own("RESP server", takeOver(config, data, open));
      // The process before leaves when it has given its clients away.
      file =
          lifecycle.own(
              "process file",
              untilItWorks(
                  lifecycle,
                  () -> ProcessFile.claimAfter(data, PROCESS_NAME, LONGEST_HANDOVER),
                  () -> {}));
    }
    Map<String, String> addresses = new LinkedHashMap<>();
    addresses.put(
        "resp",
        new Endpoint(configuration.get(Settings.RESP_LISTEN).host(), server.port()).toString());
    configuration
        .find(Settings.RESP_UNIX_SOCKET)
        .ifPresent(path -> addresses.put("resp-unix", path.toString()));
    reload.taking(
        now -> server.takeLimits(config(now, data)),
        Settings.RESP_MAX_CONNECTIONS,
        Settings.RESP_MEMORY,
        Settings.RESP_MAX_AGE);
    reload.taking(
        now -> {
          try {
            server.takeNumbered(now.get(Settings.RESP_DATABASES));
          } catch (IllegalArgumentException e) {
            throw new ConfigurationException(String.valueOf(e.getMessage()));
          }
        },
        Settings.RESP_DATABASES);
    StatusReporter reporter =
        new StatusReporter(
            configuration, role(), () -> addresses, () -> BesideNode.certificates(server.tls()));
    // It goes on while clients with TLS stay that another process cannot take.
    Health health = http.watch(lifecycle, health(server, data));
    Supplier<HttpEndpoint> rest =
        () -> {
          HttpEndpoint started =
              http.start(
                  lifecycle,
                  health,
                  HttpListeners.Content.ofStatus(() -> report(server, data, reporter), reload),
                  addresses);
          BesideNode.publish(file, PROCESS_NAME, addresses);
          return started;
        };
    var _ =
        free.isPresent()
            ? rest.get()
            : untilItWorks(lifecycle, rest, () -> lifecycle.closeSince(health));
    offer(server, file, configuration, () -> lifecycle.closeSince(health));
    LOG.info("serve {} is ready: {}", configuration.get(Settings.NODE_NAME), addresses);
  }

  private static OpenListeners open(Configuration configuration) {
    ActivatedSockets sockets = ActivatedSockets.ofThisProcess();
    Optional<ServerSocketChannel> tcp =
        sockets.take("resp", Settings.RESP_LISTEN.key(), configuration.get(Settings.RESP_LISTEN));
    Optional<ServerSocketChannel> unix =
        configuration
            .find(Settings.RESP_UNIX_SOCKET)
            .flatMap(path -> sockets.take("resp", Settings.RESP_UNIX_SOCKET.key(), path));
    sockets.requireNoneLeft();
    return new OpenListeners(tcp, unix);
  }

  /** Clients that were taken over are served, whatever else cannot be done yet. */
  private static <T> T untilItWorks(Lifecycle lifecycle, Supplier<T> work, Runnable undo) {
    while (true) {
      try {
        return work.get();
      } catch (RuntimeException e) {
        if (lifecycle.isStopping()) {
          throw e;
        }
        LOG.error("clients are served, but this is tried again: {}", e.toString());
        undo.run();
        LockSupport.parkNanos(AGAIN_NANOS);
      }
    }
  }

  /** Nothing is taken from a process that serves if this one could not serve as well. */
  private static void requireFree(HttpListeners.Plan http, Path data) {
    Predecessor.requireFree(
        Settings.HTTP_LISTEN,
        http.listen(),
        ProcessFile.read(data, PROCESS_NAME)
            .map(before -> before.addresses().values())
            .orElse(Set.of()));
  }

  private static RespServer takeOver(RespConfig config, Path data, OpenListeners open) {
    ProcessFile.useNativeDirectory(data, PROCESS_NAME);
    return server(
        () -> {
          try {
            return RespServer.takeOver(config, handover(data), open);
          } catch (IOException e) {
            throw new IOException(
                "the process that serves "
                    + data
                    + " goes on, since its place cannot be taken: "
                    + e.getMessage()
                    + "; if it is just starting, or another one has just taken its place, try"
                    + " again, otherwise stop it first",
                e);
          }
        });
  }

  /** Where a process asks for the clients of the one that serves a directory. */
  private static Path handover(Path data) {
    return data.resolve("run").resolve(PROCESS_NAME + ".handover");
  }

  private static void offer(
      RespServer server, ProcessFile file, Configuration configuration, Runnable closeHttp) {
    Path data = configuration.get(Settings.DATA_DIRECTORY);
    Duration drain = configuration.get(Settings.RESP_DRAIN_TIME);
    try {
      server.offer(handover(data), () -> leave(server, file, drain, closeHttp));
    } catch (IOException e) {
      LOG.warn(
          "another process cannot take this one's place (node.take-over), it has to be stopped"
              + " first: {}",
          e.getMessage());
    }
  }

  /** Leaves the place to the process that has the clients, but for those with TLS. */
  private static void leave(
      RespServer server, ProcessFile file, Duration drain, Runnable closeHttp) {
    try {
      closeHttp.run();
      file.leave();
      server.awaitClients(drain);
    } catch (IOException e) {
      LOG.warn("the place could not be left", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    System.exit(ExitCode.OK);
  }

  private static Health.Source health(RespServer server, Path data) {
    return new Health.Source(
        () -> Map.of("serving clients", server.silence()),
        () -> {
          try (FollowedDatabases.View databases = server.look()) {
            return LocalReports.standing(databases, data);
          }
        });
  }

  private static NodeStatus report(RespServer server, Path data, StatusReporter reporter) {
    RespStatus counted = server.status();
    try (FollowedDatabases.View databases = server.look()) {
      return LocalReports.report(databases, data, reporter)
          .withResp(
              new RespReport(
                  counted.connections(),
                  counted.connectionsTotal(),
                  counted.refused(),
                  counted.commands(),
                  counted.commandsByName(),
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

  /** Makes a server. */
  @FunctionalInterface
  private interface Making {
    RespServer make() throws IOException;
  }

  private static RespServer server(Making making) {
    try {
      return making.make();
    } catch (IllegalArgumentException e) {
      throw new CommandException(
          ExitCode.USAGE, Settings.RESP_LISTEN.key() + ": " + e.getMessage());
    } catch (IOException e) {
      throw new CommandException(ExitCode.FAILURE, String.valueOf(e.getMessage()));
    }
  }
}
