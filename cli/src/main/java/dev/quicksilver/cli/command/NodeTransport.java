package dev.quicksilver.cli.command;

import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.ConfigurationException;
import dev.quicksilver.cli.config.Setting;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.process.Lifecycle;
import dev.quicksilver.cli.process.NodeStatus.CertificateReport;
import dev.quicksilver.replication.Transport;
import dev.quicksilver.tls.Tls;
import dev.quicksilver.tls.TlsFiles;
import dev.quicksilver.tls.TlsStatus;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** How a node talks to others: what the configuration says, and what its certificate is like. */
public final class NodeTransport {
  final Transport transport;
  private final Optional<Tls> tls;

  private NodeTransport(Transport transport, Optional<Tls> tls) {
    this.transport = transport;
    this.tls = tls;
  }

  /**
   * Reads the certificate, if there is one.
   *
   * @throws ConfigurationException if only a part of TLS is configured
   * @throws dev.quicksilver.tls.TlsException if its files cannot be used
   */
  static NodeTransport open(Lifecycle lifecycle, Configuration configuration) {
    List<String> followers = configuration.get(Settings.REPLICATION_FOLLOWERS);
    Optional<TlsFiles> files = files(configuration);
    if (files.isEmpty()) {
      return new NodeTransport(Transport.PLAIN, Optional.empty());
    }
    Tls tls =
        lifecycle.own("TLS files", Tls.load(files.get(), configuration.get(Settings.NODE_NAME)));
    return new NodeTransport(Transport.tls(tls, followers), Optional.of(tls));
  }

  /**
   * Returns the files that are configured; empty if connections are in plain text.
   *
   * @throws ConfigurationException if only a part of TLS is configured
   */
  public static Optional<TlsFiles> files(Configuration configuration) {
    Optional<Path> certificate = configuration.find(Settings.REPLICATION_TLS_CERTIFICATE);
    Optional<Path> key = configuration.find(Settings.REPLICATION_TLS_KEY);
    List<Path> authorities = configuration.get(Settings.REPLICATION_TLS_AUTHORITIES);
    if (certificate.isEmpty() && key.isEmpty() && authorities.isEmpty()) {
      if (!configuration.get(Settings.REPLICATION_FOLLOWERS).isEmpty()) {
        throw missing(Settings.REPLICATION_FOLLOWERS, Settings.REPLICATION_TLS_CERTIFICATE);
      }
      return Optional.empty();
    }
    Setting<?> given =
        certificate.isPresent()
            ? Settings.REPLICATION_TLS_CERTIFICATE
            : key.isPresent() ? Settings.REPLICATION_TLS_KEY : Settings.REPLICATION_TLS_AUTHORITIES;
    if (authorities.isEmpty()) {
      throw missing(given, Settings.REPLICATION_TLS_AUTHORITIES);
    }
    return Optional.of(
        new TlsFiles(
            certificate.orElseThrow(() -> missing(given, Settings.REPLICATION_TLS_CERTIFICATE)),
            key.orElseThrow(() -> missing(given, Settings.REPLICATION_TLS_KEY)),
            authorities));
  }

  private static ConfigurationException missing(Setting<?> given, Setting<?> absent) {
    return new ConfigurationException(
        given.key() + " is set and " + absent.key() + " is not: set " + absent.key() + " too");
  }

  /** Returns what is known of this node's certificate; empty without TLS. */
  List<CertificateReport> certificates() {
    return tls.stream().map(now -> report(now.status(), now.remaining())).toList();
  }

  /** What is said of a certificate in use. */
  static CertificateReport report(TlsStatus status, Duration remaining) {
    return new CertificateReport(
        status.certificate().toString(),
        status.expires().toString(),
        remaining.toSeconds(),
        status.reloads(),
        status.failures(),
        status.problem().orElse(""));
  }
}
