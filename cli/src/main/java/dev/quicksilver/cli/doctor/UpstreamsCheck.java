package dev.quicksilver.cli.doctor;

import dev.quicksilver.cli.command.NodeTransport;
import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.ConfigurationException;
import dev.quicksilver.cli.config.Endpoint;
import dev.quicksilver.cli.config.NodeAddress;
import dev.quicksilver.cli.config.Role;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.doctor.Finding.Level;
import dev.quicksilver.replication.Transport;
import dev.quicksilver.tls.SecureSocket;
import dev.quicksilver.tls.Tls;
import dev.quicksilver.tls.TlsException;
import dev.quicksilver.tls.TlsFiles;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;

/** The nodes to pull from: whether each can be reached, and proves to be the node that it is to. */
final class UpstreamsCheck implements Check {
  static final String NAME = "upstreams";

  /** For the connection, and for each answer of the handshake. */
  private static final int LONGEST_MILLIS = 2_500;

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public List<Finding> run(Context context) throws ExecutionException, InterruptedException {
    Configuration configuration = context.configuration();
    List<NodeAddress> upstreams =
        Stream.concat(
                configuration.get(Settings.REPLICATION_UPSTREAMS).stream(),
                configuration.get(Settings.REPLICATION_SECONDARIES).stream())
            .toList();
    if (upstreams.isEmpty()) {
      return context.role() == Role.ROOT
          ? List.of()
          : List.of(
              Finding.error(
                  NAME,
                  "a replica has no upstream",
                  "set replication.upstreams to a root or a relay: NODE@HOST:7400"));
    }
    Optional<TlsFiles> files;
    try {
      files = NodeTransport.files(configuration);
    } catch (ConfigurationException e) {
      return List.of(); // the check of certificates says it
    }
    if (files.isEmpty()) {
      return ask(context, upstreams, Optional.empty());
    }
    try (Tls tls = Tls.load(files.get(), configuration.get(Settings.NODE_NAME))) {
      return ask(context, upstreams, Optional.of(tls));
    } catch (TlsException e) {
      return List.of(); // likewise
    }
  }

  /** Asks all at once. One that is away is no error as long as there is another. */
  private static List<Finding> ask(Context context, List<NodeAddress> upstreams, Optional<Tls> tls)
      throws ExecutionException, InterruptedException {
    List<Finding> findings = new ArrayList<>();
    Optional<UUID> cluster = UpstreamHello.clusterHere(context); // once: no file is mapped twice
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Finding>> asked =
          threads.invokeAll(
              upstreams.stream()
                  .<Callable<Finding>>map(up -> () -> ask(context, up, tls, cluster))
                  .toList());
      for (Future<Finding> each : asked) {
        findings.add(each.get());
      }
    }
    boolean none = findings.stream().noneMatch(f -> f.level() == Level.OK);
    Level away = none && context.role() == Role.REPLICA ? Level.ERROR : Level.WARNING;
    return findings.stream()
        .map(f -> f.level() == Level.WARNING ? new Finding(away, NAME, f.what(), f.cure()) : f)
        .toList();
  }

  private static Finding ask(
      Context context, NodeAddress upstream, Optional<Tls> tls, Optional<UUID> cluster) {
    Endpoint at = upstream.endpoint();
    if (at.equals(context.configuration().get(Settings.REPLICATION_LISTEN))) {
      return Finding.error(
          NAME,
          "upstream " + upstream + " is this node itself (replication.listen)",
          "name another node in replication.upstreams");
    }
    try (Socket socket = new Socket()) {
      InetAddress address = InetAddress.getByName(at.host());
      if (tls.isEmpty() && !address.isLoopbackAddress()) {
        return Finding.error(
            NAME,
            "upstream " + upstream + " is another machine, and there is no TLS",
            "set replication.tls-certificate, replication.tls-key and replication.tls-authorities"
                + " (quicksilver certificates makes them)");
      }
      socket.setSoTimeout(LONGEST_MILLIS);
      socket.connect(new InetSocketAddress(address, at.port()), LONGEST_MILLIS);
      if (tls.isPresent()) {
        Optional<Finding> another = prove(upstream, socket, tls.get());
        if (another.isPresent()) {
          return another.get();
        }
      }
    } catch (UnknownHostException e) {
      return Finding.warning(
          NAME,
          "upstream " + upstream + " cannot be reached: its host is unknown here",
          "correct replication.upstreams, or the name server (getent hosts " + at.host() + ")");
    } catch (IOException e) {
      return Finding.warning(
          NAME,
          "upstream " + upstream + " cannot be reached: " + e.getMessage(),
          "start that node, let it listen there (its replication.listen), open the port in the"
              + " firewall, or correct replication.upstreams");
    }
    return UpstreamHello.say(
        context,
        upstream,
        tls.map(files -> Transport.tls(files, List.of())).orElse(Transport.PLAIN),
        cluster);
  }

  private static Optional<Finding> prove(NodeAddress upstream, Socket socket, Tls tls) {
    Endpoint at = upstream.endpoint();
    try {
      SecureSocket secure = tls.connect(socket, at.host(), at.port());
      if (upstream.name().filter(wanted -> !secure.peer().names(wanted)).isPresent()) {
        return Optional.of(
            Finding.error(
                NAME,
                "upstream "
                    + upstream
                    + " is another node: its certificate names "
                    + secure.peer().spoken(),
                "correct the address, or the name before the @, in replication.upstreams"));
      }
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of(
          Finding.of(
              Level.ERROR,
              NAME,
              "upstream " + upstream + ": " + e.getMessage(),
              "give both nodes certificates of one authority"));
    }
  }
}
