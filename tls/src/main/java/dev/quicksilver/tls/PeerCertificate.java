package dev.quicksilver.tls;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;

/**
 * Whom a certificate names. A node's name is one of the DNS names of the subject alternative name
 * extension, compared byte by byte; the common name and wildcards say nothing here.
 *
 * @param subject the distinguished name, for messages only
 * @param names the DNS names
 */
public record PeerCertificate(String subject, List<String> names) {
  private static final int DNS_NAME = 2;

  public PeerCertificate {
    names = List.copyOf(names);
  }

  static PeerCertificate of(X509Certificate certificate) throws CertificateParsingException {
    Collection<List<?>> alternatives = certificate.getSubjectAlternativeNames();
    List<String> names =
        alternatives == null
            ? List.of()
            : alternatives.stream()
                .filter(one -> one.getFirst() instanceof Integer type && type == DNS_NAME)
                .map(one -> String.valueOf(one.get(1)))
                .toList();
    return new PeerCertificate(certificate.getSubjectX500Principal().getName(), names);
  }

  /** Returns whether it is a node's. */
  public boolean names(String node) {
    return names.contains(node);
  }

  /** Returns the names as one would say them: {@code "relay-1", "relay-1.example"}. */
  public String spoken() {
    return names.isEmpty()
        ? "no DNS name at all (subject " + subject + ")"
        : '"' + String.join("\", \"", names) + '"';
  }
}
