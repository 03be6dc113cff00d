package dev.quicksilver.tls;

import java.io.EOFException;
import java.io.IOException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.PKIXReason;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;
import javax.net.ssl.SSLException;

/** The one place that turns the JDK's TLS exceptions into ours. */
final class PeerFailures {
  /** How the JDK reports an alert that the peer sent. */
  private static final String ALERT = "Received fatal alert: ";

  /** How the JDK reports first bytes that are no TLS record. */
  private static final String NOT_TLS = "Unsupported or unrecognized SSL message";

  private PeerFailures() {}

  /** Returns the exception itself when TLS is not its cause. */
  static IOException explain(IOException e, String peer, TlsFiles files, Instant expires) {
    if (e instanceof SSLException tls) {
      return new TlsPeerException("no TLS with " + peer + ": " + why(tls, files, expires), e);
    }
    return e;
  }

  private static String why(SSLException e, TlsFiles files, Instant expires) {
    String message = String.valueOf(e.getMessage());
    if (message.contains(NOT_TLS)) {
      return "it does not speak TLS. Give it a certificate too (replication.tls-certificate), or"
          + " correct the address";
    }
    if (message.contains(ALERT)) {
      return alert(
          message.substring(message.indexOf(ALERT) + ALERT.length()).strip(), files, expires);
    }
    return certificate(e, files)
        .orElseGet(
            () ->
                e.getCause() instanceof EOFException
                    ? "it closed the connection during the handshake; its log says why"
                    : message);
  }

  private static String alert(String alert, TlsFiles files, Instant expires) {
    return switch (alert.toLowerCase(Locale.ROOT)) {
      // The JDK says certificate_unknown of an expired one, too.
      case "certificate_expired",
          "bad_certificate",
          "certificate_unknown",
          "unknown_ca",
          "certificate_required",
          "unsupported_certificate",
          "access_denied",
          "handshake_failure" ->
          "it does not accept the certificate in "
              + files.certificate()
              + ", valid until "
              + expires
              + " ("
              + alert
              + "): it must be valid and signed by an authority that the peer trusts; the peer's"
              + " log says more";
      case "protocol_version" -> "it does not speak TLS 1.3 (" + alert + "): upgrade it";
      default -> "it ended the handshake (" + alert + "); its log says why";
    };
  }

  private static Optional<String> certificate(Throwable e, TlsFiles files) {
    boolean noPath = false;
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof CertPathValidatorException path) {
        CertPathValidatorException.Reason reason = path.getReason();
        if (reason == BasicReason.EXPIRED) {
          return Optional.of("its certificate has expired (" + root(path) + "): renew it there");
        }
        if (reason == BasicReason.NOT_YET_VALID) {
          return Optional.of(
              "its certificate is not valid yet (" + root(path) + "): compare the clocks of both");
        }
        if (reason != PKIXReason.NO_TRUST_ANCHOR) {
          return Optional.of("its certificate is not acceptable: " + root(path));
        }
        noPath = true;
      }
      if (cause instanceof CertPathBuilderException) {
        noPath = true;
      }
      if (String.valueOf(cause.getMessage()).contains("Empty client certificate chain")) {
        return Optional.of("it shows no certificate: give it one (replication.tls-certificate)");
      }
    }
    return noPath
        ? Optional.of(
            "its certificate is not signed by an authority in "
                + files.authorities()
                + ": correct the files here, or have its certificate signed by one of them")
        : Optional.empty();
  }

  private static String root(Throwable e) {
    Throwable last = e;
    while (last.getCause() != null) {
      last = last.getCause();
    }
    return String.valueOf(last.getMessage());
  }
}
