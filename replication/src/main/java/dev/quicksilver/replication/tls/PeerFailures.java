package dev.quicksilver.replication.tls;

import java.io.EOFException;
import java.io.IOException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
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
  static IOException explain(IOException e, String peer, TlsFiles files) {
    if (e instanceof SSLException tls) {
      return new TlsPeerException("no TLS with " + peer + ": " + why(tls, files), e);
    }
    return e;
  }

  private static String why(SSLException e, TlsFiles files) {
    String message = String.valueOf(e.getMessage());
    if (message.contains(NOT_TLS)) {
      return "it does not speak TLS. Give it a certificate too (replication.tls-certificate), or"
          + " correct the address";
    }
    if (message.contains(ALERT)) {
      return alert(message.substring(message.indexOf(ALERT) + ALERT.length()).strip(), files);
    }
    return certificate(e, files)
        .orElseGet(
            () ->
                e.getCause() instanceof EOFException
                    ? "it closed the connection during the handshake; its log says why"
                    : message);
  }

  private static String alert(String alert, TlsFiles files) {
    return switch (alert.toLowerCase(Locale.ROOT)) {
      case "certificate_expired" ->
          "it says that the certificate in " + files.certificate() + " has expired: renew it";
      case "bad_certificate",
          "certificate_unknown",
          "unknown_ca",
          "certificate_required",
          "unsupported_certificate",
          "access_denied",
          "handshake_failure" ->
          "it does not accept the certificate in "
              + files.certificate()
              + " ("
              + alert
              + "): have it signed by an authority that the peer trusts; the peer's log says more";
      case "protocol_version" -> "it does not speak TLS 1.3 (" + alert + "): upgrade it";
      default -> "it ended the handshake (" + alert + "); its log says why";
    };
  }

  private static Optional<String> certificate(Throwable e, TlsFiles files) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof CertPathValidatorException path) {
        if (path.getReason() == BasicReason.EXPIRED) {
          return Optional.of("its certificate has expired (" + root(path) + "): renew it there");
        }
        if (path.getReason() == BasicReason.NOT_YET_VALID) {
          return Optional.of(
              "its certificate is not valid yet (" + root(path) + "): compare the clocks of both");
        }
        return Optional.of("its certificate is not acceptable: " + root(path));
      }
      if (cause instanceof CertPathBuilderException) {
        return Optional.of(
            "its certificate is not signed by an authority in "
                + files.authorities()
                + ": correct the files here, or have its certificate signed by one of them");
      }
      if (String.valueOf(cause.getMessage()).contains("Empty client certificate chain")) {
        return Optional.of("it shows no certificate: give it one (replication.tls-certificate)");
      }
    }
    return Optional.empty();
  }

  private static String root(Throwable e) {
    Throwable last = e;
    while (last.getCause() != null) {
      last = last.getCause();
    }
    return String.valueOf(last.getMessage());
  }
}
