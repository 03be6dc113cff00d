package dev.quicksilver.cli.command;

import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.ConfigurationException;
import dev.quicksilver.cli.config.Setting;
import dev.quicksilver.tls.TlsFiles;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The files of a listener for clients. */
public final class ClientTls {
  private ClientTls() {}

  /**
   * Reads the settings.
   *
   * @throws ConfigurationException if only a part of TLS is configured
   */
  public static Optional<TlsFiles> files(
      Configuration configuration,
      Setting<Path> certificate,
      Setting<Path> key,
      Optional<Setting<List<Path>>> authorities) {
    Optional<Path> chosen = configuration.find(certificate);
    Optional<Path> secret = configuration.find(key);
    List<Path> clients = authorities.map(configuration::get).orElse(List.of());
    if (chosen.isEmpty() && secret.isEmpty() && clients.isEmpty()) {
      return Optional.empty();
    }
    String given =
        chosen.isPresent()
            ? certificate.key()
            : secret.isPresent() ? key.key() : authorities.orElseThrow().key();
    return Optional.of(
        new TlsFiles(
            chosen.orElseThrow(() -> missing(given, certificate)),
            secret.orElseThrow(() -> missing(given, key)),
            clients));
  }

  private static ConfigurationException missing(String given, Setting<?> absent) {
    return new ConfigurationException(
        given + " is set and " + absent.key() + " is not: set " + absent.key() + " too");
  }
}
