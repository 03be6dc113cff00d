package dev.quicksilver.cli.doctor;

import dev.quicksilver.cli.command.HttpListeners;
import dev.quicksilver.cli.command.NodeTransport;
import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.ConfigurationException;
import dev.quicksilver.cli.config.Endpoint;
import dev.quicksilver.cli.config.Setting;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.config.UserSource;
import dev.quicksilver.cli.doctor.Finding.Level;
import dev.quicksilver.cli.process.CommandException;
import dev.quicksilver.cli.process.ProcessFile;
import dev.quicksilver.tls.TlsException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The addresses that the node listens at: free or its own, of this machine, and safe. */
final class ListenersCheck implements Check {
  private static final String NAME = "listeners";

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public List<Finding> run(Context context) {
    List<Finding> findings = new ArrayList<>();
    Configuration configuration = context.configuration();
    switch (context.role()) {
      case ROOT, REPLICA -> {
        port(context, Settings.REPLICATION_LISTEN, "replication", findings);
        replicationIsSafe(configuration, findings);
      }
      case BRIDGE -> {
        port(context, Settings.BRIDGE_LISTEN, "bridge", findings);
        clientsAreSafe(
            configuration,
            Settings.BRIDGE_LISTEN,
            configuration.find(Settings.BRIDGE_TLS_CERTIFICATE),
            configuration.get(Settings.BRIDGE_USERS) == UserSource.CATALOG
                || given(configuration, Settings.BRIDGE_PASSWORD, Settings.BRIDGE_PASSWORD_FILE),
            "bridge",
            findings);
      }
      case SERVE -> {
        port(context, Settings.RESP_LISTEN, "resp", findings);
        clientsAreSafe(
            configuration,
            Settings.RESP_LISTEN,
            configuration.find(Settings.RESP_TLS_CERTIFICATE),
            configuration.get(Settings.RESP_USERS) == UserSource.CATALOG
                || given(configuration, Settings.RESP_PASSWORD, Settings.RESP_PASSWORD_FILE),
            "resp",
            findings);
      }
    }
    http(context, findings);
    return findings;
  }

  private static boolean given(
      Configuration configuration, Setting<String> password, Setting<Path> file) {
    return configuration.find(password).isPresent() || configuration.find(file).isPresent();
  }

  private static void http(Context context, List<Finding> findings) {
    Endpoint listen = context.configuration().get(Settings.HTTP_LISTEN);
    port(context, Settings.HTTP_LISTEN, isLoopback(listen) ? "http" : "http-others", findings);
    try {
      HttpListeners.requireSafe(context.configuration());
    } catch (TlsException e) {
      // the check of certificates says it
    } catch (ConfigurationException | CommandException e) {
      findings.add(
          Finding.of(Level.ERROR, NAME, String.valueOf(e.getMessage()), "correct http.listen"));
    }
  }

  private static void replicationIsSafe(Configuration configuration, List<Finding> findings) {
    Endpoint listen = configuration.get(Settings.REPLICATION_LISTEN);
    try {
      if (!isLoopback(listen) && NodeTransport.files(configuration).isEmpty()) {
        findings.add(
            Finding.error(
                NAME,
                "replication.listen = " + listen + " is reached by other machines, without TLS",
                "set replication.tls-certificate, replication.tls-key and"
                    + " replication.tls-authorities (quicksilver certificates makes them), or"
                    + " replication.listen = \"127.0.0.1:"
                    + listen.port()
                    + "\""));
      }
    } catch (ConfigurationException e) {
      // the check of certificates says it
    }
  }

  private static void clientsAreSafe(
      Configuration configuration,
      Setting<Endpoint> setting,
      Optional<Path> certificate,
      boolean users,
      String prefix,
      List<Finding> findings) {
    Endpoint listen = configuration.get(setting);
    if (isLoopback(listen) || (certificate.isPresent() && users)) {
      return;
    }
    findings.add(
        Finding.error(
            NAME,
            setting.key()
                + " = "
                + listen
                + " is reached by other machines, without "
                + (certificate.isPresent() ? "users" : users ? "TLS" : "TLS and users"),
            (certificate.isPresent()
                    ? ""
                    : "set " + prefix + ".tls-certificate and " + prefix + ".tls-key; ")
                + (users
                    ? ""
                    : "set "
                        + prefix
                        + ".users = \"catalog\" and call quicksilver.grant_read, or "
                        + prefix
                        + ".password-file; ")
                + "or set "
                + setting.key()
                + " to 127.0.0.1:"
                + listen.port()));
  }

  /** An unknown host counts as one: that it is unknown is said elsewhere. */
  private static boolean isLoopback(Endpoint listen) {
    try {
      return InetAddress.getByName(listen.host()).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return true;
    }
  }

  /** Listens there for a moment, unless the node that runs does already. */
  private static void port(
      Context context, Setting<Endpoint> setting, String published, List<Finding> findings) {
    Endpoint listen = context.configuration().get(setting);
    String where = setting.key() + " = " + listen;
    Optional<ProcessFile.Content> running = context.running();
    String actual = running.map(r -> r.addresses().getOrDefault(published, "")).orElse("");
    if (!actual.isEmpty() && actual.endsWith(":" + listen.port())) {
      findings.add(
          Finding.ok(
              NAME, where + " is held by this node, process " + running.orElseThrow().pid()));
      return;
    }
    if (!actual.isEmpty() && listen.port() != 0) {
      findings.add(
          Finding.warning(
              NAME,
              where + ", but the node that runs listens at " + actual,
              "start the node again, so that it takes this configuration"));
    }
    try {
      InetAddress address = InetAddress.getByName(listen.host());
      try (ServerSocket socket = new ServerSocket()) {
        socket.bind(new InetSocketAddress(address, listen.port()));
      }
      findings.add(Finding.ok(NAME, where + " is free"));
    } catch (UnknownHostException e) {
      findings.add(
          Finding.error(
              NAME,
              where + ": the host is unknown",
              "set " + setting.key() + " to an address of this machine, or 127.0.0.1"));
    } catch (IOException e) {
      findings.add(refused(where, setting, listen, String.valueOf(e.getMessage())));
    }
  }

  private static Finding refused(
      String where, Setting<Endpoint> setting, Endpoint listen, String why) {
    if (why.contains("assign requested address")) {
      return Finding.error(
          NAME,
          where + " is no address of this machine",
          "set " + setting.key() + " to one of those that `ip address` shows");
    }
    if (why.contains("ermission denied")) {
      return Finding.error(
          NAME,
          where + " is a port that this user may not use",
          "set "
              + setting.key()
              + " to a port above 1023, or let a socket unit listen there"
              + " (docs/operations.md#socket-activation), or AmbientCapabilities="
              + "CAP_NET_BIND_SERVICE in the unit");
    }
    return Finding.error(
        NAME,
        where + " is in use by another process (" + why + ")",
        "end it (ss -ltnp 'sport = :"
            + listen.port()
            + "' names it), or set "
            + setting.key()
            + " to another port; if it is systemd, for this node's socket unit, all is well");
  }
}
