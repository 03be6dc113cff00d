package dev.quicksilver.tls;

import java.io.IOException;
import java.time.Instant;
import java.util.Locale;
import javax.net.ssl.SSLException;

/** Says what a failure of TLS between nodes means, and which of the two has to change. */
final class PeerFailures {
  private PeerFailures() {}

  /** Returns the exception itself when TLS is not its cause. */
  static IOException explain(IOException e, String peer, TlsFiles files, Instant expires) {
    if (e instanceof SSLException tls) {
      return new TlsPeerException(
          "no TLS with " + peer + ": " + why(HandshakeFailure.of(tls), files, expires), e);
    }
    return e;
  }

  private static String why(HandshakeFailure failure, TlsFiles files, Instant expires) {
    return switch (failure.kind()) {
      case NO_TLS ->
          "it does not speak TLS. Give it a certificate too (replication.tls-certificate), or"
              + " correct the address";
      case ALERT -> alert(failure.detail(), files, expires);
      case EXPIRED -> "its certificate has expired (" + failure.detail() + "): renew it there";
      case NOT_YET_VALID ->
          "its certificate is not valid yet (" + failure.detail() + "): compare the clocks of both";
      case UNTRUSTED ->
          "its certificate is not signed by an authority in "
              + files.authorities()
              + ": correct the files here, or have its certificate signed by one of them";
      case OTHER_NAME, UNACCEPTABLE -> "its certificate is not acceptable: " + failure.detail();
      case NO_CERTIFICATE -> "it shows no certificate: give it one (replication.tls-certificate)";
      case CLOSED -> "it closed the connection during the handshake; its log says why";
      case OTHER -> failure.detail();
    };
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
}
