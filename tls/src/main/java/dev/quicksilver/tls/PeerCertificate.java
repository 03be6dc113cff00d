package dev.quicksilver.tls;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x500.style.IETFUtils;

/**
 * Whom a certificate names. A node's name is one of the DNS names of the subject alternative name
 * extension, compared byte by byte; the common name and wildcards say nothing of nodes. Of users
 * the common name speaks too, as in PostgreSQL.
 *
 * @param subject the distinguished name, for messages only
 * @param names the DNS names
 * @param commonName the subject's, if it has exactly one
 */
public record PeerCertificate(String subject, List<String> names, Optional<String> commonName) {
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
    RDN[] common =
        X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded())
            .getRDNs(BCStyle.CN);
    return new PeerCertificate(
        certificate.getSubjectX500Principal().getName(),
        names,
        common.length == 1 && !common[0].isMultiValued()
            ? Optional.of(IETFUtils.valueToString(common[0].getFirst().getValue()))
            : Optional.empty());
  }

  /** Returns whether it is a node's. */
  public boolean names(String node) {
    return names.contains(node);
  }

  /** Returns whether it is a user's: a DNS name or the common name is the user's name. */
  public boolean isOfUser(String user) {
    return names.contains(user) || commonName.equals(Optional.of(user));
  }

  /** Returns the names as one would say them: {@code "relay-1", "relay-1.example"}. */
  public String spoken() {
    return names.isEmpty()
        ? "no DNS name at all (subject " + subject + ")"
        : '"' + String.join("\", \"", names) + '"';
  }
}
