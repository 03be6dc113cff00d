package dev.quicksilver.cli.doctor;

import dev.quicksilver.cli.command.ClientTls;
import dev.quicksilver.cli.command.NodeTransport;
import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.ConfigurationException;
import dev.quicksilver.cli.config.Setting;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.doctor.Finding.Level;
import dev.quicksilver.tls.ServerTls;
import dev.quicksilver.tls.Tls;
import dev.quicksilver.tls.TlsException;
import dev.quicksilver.tls.TlsFiles;
import dev.quicksilver.tls.TlsStatus;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Certificates: usable, with the key that belongs to them, and valid for a while yet. */
final class CertificatesCheck implements Check {
  /** Time enough to renew one. */
  private static final Duration SOON = Duration.ofDays(30);

  private static final String CURE = "make it again";

  @Override
  public String name() {
    return "certificates";
  }

  /** Finds the files that are configured; or says that the configuration is only half of one. */
  @FunctionalInterface
  private interface Files {
    Optional<TlsFiles> find() throws ConfigurationException;
  }

  @Override
  public List<Finding> run(Context context) {
    Configuration configuration = context.configuration();
    List<Finding> findings = new ArrayList<>();
    switch (context.role()) {
      case ROOT, REPLICA ->
          judge(
              () -> NodeTransport.files(configuration),
              Optional.of(configuration.get(Settings.NODE_NAME)),
              findings);
      case BRIDGE ->
          client(
              configuration,
              Settings.BRIDGE_TLS_CERTIFICATE,
              Settings.BRIDGE_TLS_KEY,
              Optional.of(Settings.BRIDGE_TLS_AUTHORITIES),
              findings);
      case SERVE ->
          client(
              configuration,
              Settings.RESP_TLS_CERTIFICATE,
              Settings.RESP_TLS_KEY,
              Optional.empty(),
              findings);
    }
    client(
        configuration,
        Settings.HTTP_TLS_CERTIFICATE,
        Settings.HTTP_TLS_KEY,
        Optional.empty(),
        findings);
    return findings;
  }

  private void client(
      Configuration configuration,
      Setting<Path> certificate,
      Setting<Path> key,
      Optional<Setting<List<Path>>> authorities,
      List<Finding> findings) {
    judge(
        () -> ClientTls.files(configuration, certificate, key, authorities),
        Optional.empty(),
        findings);
  }

  private void judge(Files files, Optional<String> node, List<Finding> findings) {
    try {
      files.find().map(found -> judge(found, node)).ifPresent(findings::add);
    } catch (ConfigurationException | TlsException e) {
      findings.add(Finding.of(Level.ERROR, name(), String.valueOf(e.getMessage()), CURE));
    }
  }

  private Finding judge(TlsFiles files, Optional<String> node) {
    if (node.isPresent()) {
      try (Tls tls = Tls.load(files, node.get())) {
        return judge(tls.status(), tls.remaining());
      }
    }
    try (ServerTls tls = ServerTls.load(files)) {
      return judge(tls.status(), tls.remaining());
    }
  }

  private Finding judge(TlsStatus status, Duration remaining) {
    if (status.problem().isPresent()) {
      return Finding.of(Level.ERROR, name(), status.problem().get(), CURE);
    }
    String what = status.certificate() + " is valid until " + status.expires();
    return remaining.compareTo(SOON) < 0
        ? Finding.warning(
            name(),
            what + ", which is in " + remaining.toDays() + " days",
            "renew it, and put the new files in the place of the old: a node takes them without a"
                + " restart")
        : Finding.ok(name(), what);
  }
}
