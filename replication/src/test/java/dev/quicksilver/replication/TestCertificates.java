package dev.quicksilver.replication;

import dev.quicksilver.tls.CertificateAuthority;
import dev.quicksilver.tls.Tls;
import dev.quicksilver.tls.TlsFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

/** An authority and the certificates of its nodes; nothing of it outlives the test. */
final class TestCertificates implements AutoCloseable {
  private final CertificateAuthority authority;
  private final List<Tls> open = new ArrayList<>();

  TestCertificates(Path directory) {
    try {
      authority = CertificateAuthority.openOrCreate(directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  TlsFiles issue(String node, String... more) {
    return issue(node, Instant.now().plus(Duration.ofDays(1)), more);
  }

  TlsFiles issue(String node, Instant until, String... more) {
    try {
      return authority.issue(node, List.of(more), Instant.now().minusSeconds(3600), until);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A transport of the node of this name, with a certificate of the same name. */
  Transport transport(String node, String... followers) {
    return transport(issue(node), node, followers);
  }

  Transport transport(TlsFiles files, String node, String... followers) {
    return transport(files, node, InstantSource.system(), followers);
  }

  Transport transport(TlsFiles files, String node, InstantSource clock, String... followers) {
    Tls tls = Tls.load(files, node, Duration.ofMillis(50), clock);
    open.add(tls);
    return Transport.tls(tls, List.of(followers));
  }

  @Override
  public void close() {
    open.forEach(Tls::close);
  }
}
