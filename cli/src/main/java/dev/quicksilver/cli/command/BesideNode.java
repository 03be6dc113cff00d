package dev.quicksilver.cli.command;

import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.Setting;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.process.Lifecycle;
import dev.quicksilver.cli.process.NodeStatus.CertificateReport;
import dev.quicksilver.cli.process.ProcessFile;
import dev.quicksilver.edge.access.Credentials;
import dev.quicksilver.storage.LocalDisk;
import dev.quicksilver.tls.ServerTls;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What the processes have in common that serve the databases of a node beside it. */
final class BesideNode {
  private BesideNode() {}

  /** Claims a name in the data directory of a replica, which must be there and usable from here. */
  static ProcessFile claim(Lifecycle lifecycle, Configuration configuration, String name) {
    Path data = required(configuration);
    return lifecycle.own("process file", ProcessFile.claim(data, name));
  }

  /** Returns the data directory of a replica, which must be there and usable from here. */
  static Path required(Configuration configuration) {
    Path data = configuration.get(Settings.DATA_DIRECTORY);
    LocalDatabase.require(
        data,
        "set "
            + Settings.DATA_DIRECTORY.key()
            + " to the one of a replica on this machine, and start that first");
    LocalDisk.require(data);
    return data;
  }

  /** Says that the process is ready at its addresses. */
  static void publish(ProcessFile file, String name, Map<String, String> addresses) {
    file.publish(
        new ProcessFile.Content(name, ProcessHandle.current().pid(), Map.copyOf(addresses)));
  }

  /** Returns a listener's own user, if it has a password. */
  static Optional<Credentials> credentials(
      Configuration configuration,
      Setting<String> user,
      Setting<String> password,
      Setting<Path> passwordFile) {
    return configuration
        .password(password, passwordFile)
        .map(secret -> Credentials.ofPassword(configuration.get(user), secret));
  }

  /** Returns what is said of a listener's certificate; nothing without TLS. */
  static List<CertificateReport> certificates(Optional<ServerTls> tls) {
    return tls.stream().map(now -> NodeTransport.report(now.status(), now.remaining())).toList();
  }
}
