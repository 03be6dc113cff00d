package dev.quicksilver.cli.command;

import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.Endpoint;
import dev.quicksilver.cli.config.Role;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.process.ActivatedSockets;
import dev.quicksilver.cli.process.Health;
import dev.quicksilver.cli.process.HttpEndpoint;
import dev.quicksilver.cli.process.Lifecycle;
import dev.quicksilver.cli.process.NodeStatus;
import dev.quicksilver.cli.process.ProcessFile;
import dev.quicksilver.replication.InstanceFile;
import dev.quicksilver.replication.NodeIdentity;
import dev.quicksilver.replication.ReplicationServer;
import dev.quicksilver.replication.RootRole;
import dev.quicksilver.replication.ServerOptions;
import dev.quicksilver.replication.Subtree;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.Following;
import dev.quicksilver.storage.LocalDisk;
import dev.quicksilver.storage.PidNamespace;
import dev.quicksilver.storage.lmdb.StorageOptions;
import java.net.ServerSocket;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What root and replica have in common: databases, identity, followers, HTTP and the ready file.
 */
final class NodeParts {
  private static final Logger LOG = LoggerFactory.getLogger(NodeParts.class);

  /** The name of a root's or replica's file below {@code run/}. */
  static final String PROCESS_NAME = "node";

  final ProcessFile processFile;
  final DatabaseSet databases;
  final NodeIdentity identity;
  final Subtree subtree;
  final RootRole rootRole;
  final NodeTransport transport;
  final ReplicationServer server;

  /** Where this node and processes beside it can be scraped. */
  final ScrapeAddresses scrape;

  private final Lifecycle lifecycle;
  private final Configuration configuration;
  private final Role role;
  private final Map<String, String> addresses = Collections.synchronizedMap(new LinkedHashMap<>());

  private NodeParts(Lifecycle lifecycle, Configuration configuration, Role role) {
    this.lifecycle = lifecycle;
    this.configuration = configuration;
    this.role = role;
    Endpoint listen = configuration.get(Settings.REPLICATION_LISTEN);
    ActivatedSockets sockets = ActivatedSockets.ofThisProcess();
    Optional<ServerSocketChannel> open =
        sockets.take("replication", Settings.REPLICATION_LISTEN.key(), listen);
    sockets.requireNoneLeft();
    boolean hasUpstreams = !Upstreams.of(configuration).isEmpty();
    // One of several roots is none before it knows that it is.
    rootRole =
        RootRole.of(
            role == Role.ROOT && hasUpstreams
                ? RootRole.Standing.TAKING_OVER
                : RootRole.Standing.ACTIVE);
    transport = NodeTransport.open(lifecycle, configuration);
    Path data = configuration.get(Settings.DATA_DIRECTORY);
    LocalDisk.require(data);
    scrape = new ScrapeAddresses(role.command(), data, addresses, System::nanoTime);
    processFile =
        lifecycle.own(
            "process file",
            role == Role.REPLICA && configuration.get(Settings.NODE_TAKE_OVER)
                ? Predecessor.claimAfter(data, configuration, open.isPresent())
                : ProcessFile.claim(data, PROCESS_NAME));
    var _ = lifecycle.own("PID namespace", PidNamespace.claim(data));
    databases =
        lifecycle.own(
            "databases", databases(data, NodeCommand.storageOptions(configuration), hasUpstreams));
    identity =
        NodeIdentity.create(
            InstanceFile.open(data),
            configuration.get(Settings.NODE_NAME),
            configuration.get(Settings.NODE_LOCATION));
    subtree = new Subtree(configuration.get(Settings.REPLICATION_MAX_REPORTS));
    ServerSocket listener =
        open.isPresent()
            ? open.get().socket()
            : ReplicationServer.listen(listen.host(), listen.port(), transport.transport);
    server =
        lifecycle.own(
            "replication server",
            ReplicationServer.start(
                listener,
                databases,
                identity,
                subtree,
                ServerOptions.DEFAULT,
                transport.transport,
                rootRole));
    addresses.put("replication", new Endpoint(listen.host(), server.port()).toString());
  }

  /** What is damaged can be copied anew, unless this node is the only root. */
  private static DatabaseSet databases(Path data, StorageOptions options, boolean hasUpstreams) {
    return hasUpstreams
        ? DatabaseSet.openUndamaged(data, options)
        : DatabaseSet.open(data, options);
  }

  /** Claims the data directory, opens the databases and listens for followers. */
  static NodeParts start(Lifecycle lifecycle, Configuration configuration, Role role) {
    return new NodeParts(lifecycle, configuration, role);
  }

  private Map<String, Health.Standing> standing(Map<String, Following> following) {
    long now = System.currentTimeMillis();
    Map<String, Health.Standing> result = new HashMap<>();
    following.forEach(
        (name, one) ->
            result.put(
                name,
                new Health.Standing(
                    one.age(now),
                    databases
                        .damage(name)
                        .<String>map(damage -> damage.code() + ": " + damage.getMessage())
                        .or(() -> databases.withheld(name)))));
    return result;
  }

  /** Adds an address to the status and to the process file. */
  void address(String what, String address) {
    addresses.put(what, address);
  }

  Map<String, String> addresses() {
    return addresses;
  }

  /** Up to where this node has everything; empty if it does not know. */
  String complete() {
    return databases.completeness().map(upTo -> upTo.position().toString()).orElse("");
  }

  /**
   * Serves the status over HTTP and says that the process is ready.
   *
   * @param reload is told what every node takes while it runs
   * @param following how its databases are followed, for bridges of this machine
   * @param silences for how long each worker has done nothing although something is due
   * @param more serves what only this role has
   */
  void ready(
      Supplier<NodeStatus> status,
      Reload reload,
      Supplier<Map<String, Following>> following,
      Supplier<Map<String, Duration>> silences,
      Consumer<HttpEndpoint> more) {
    reload.taking(
        now -> {
          transport.transport.follow(now.get(Settings.REPLICATION_FOLLOWERS));
          server.judgeFollowers();
        },
        Settings.REPLICATION_FOLLOWERS);
    lifecycle.own(
        "following", FollowingWriter.start(configuration.get(Settings.DATA_DIRECTORY), following));
    HttpEndpoint http =
        HttpListeners.start(
            lifecycle,
            configuration,
            new Health.Source(silences, () -> standing(following.get())),
            new HttpListeners.Content(
                status,
                Optional.of(databases),
                reload,
                ServiceDiscovery.of(
                        identity,
                        configuration.find(Settings.HTTP_TLS_CERTIFICATE).isPresent(),
                        scrape,
                        subtree)
                    ::serve),
            addresses);
    RemoteReads.serve(http, databases);
    more.accept(http);
    processFile.publish(
        new ProcessFile.Content(
            role.command(), ProcessHandle.current().pid(), Map.copyOf(addresses)));
    LOG.info(
        "{} {} is ready: {}, instance {}",
        role.command(),
        identity.name(),
        addresses,
        identity.run().instance());
  }
}
