package dev.quicksilver.tls;

import java.io.EOFException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertPathValidatorException.BasicReason;
import java.security.cert.CertificateException;
import java.security.cert.PKIXReason;
import java.util.Optional;
import javax.net.ssl.SSLException;

/**
 * Why there is no TLS with a peer: the one place that knows the JDK's exceptions.
 *
 * @param detail what more is known, for people: the alert's name, the JDK's words; may be empty
 */
public record HandshakeFailure(Kind kind, String detail) {
  /** How the JDK reports an alert that the peer sent. */
  private static final String ALERT = "Received fatal alert: ";

  /** How the JDK reports first bytes that are no TLS record. */
  private static final String NOT_TLS = "Unsupported or unrecognized SSL message";

  /** What is the matter. */
  public enum Kind {
    /** What the peer says is no TLS. */
    NO_TLS,
    /** The peer ended the handshake; the detail is the name of its alert. */
    ALERT,
    /** The peer's certificate has expired. */
    EXPIRED,
    /** The peer's certificate is not valid yet. */
    NOT_YET_VALID,
    /** No authority that is trusted here has signed the peer's certificate. */
    UNTRUSTED,
    /** The peer's certificate is for other names than the one that was asked for. */
    OTHER_NAME,
    /** The peer's certificate is no good in another way. */
    UNACCEPTABLE,
    /** The peer shows no certificate. */
    NO_CERTIFICATE,
    /** The peer closed the connection during the handshake. */
    CLOSED,
    /** What the JDK says. */
    OTHER
  }

  /** Returns what the JDK's exception means. */
  public static HandshakeFailure of(SSLException e) {
    String message = String.valueOf(e.getMessage());
    if (message.contains(NOT_TLS)) {
      return new HandshakeFailure(Kind.NO_TLS, "");
    }
    if (message.contains(ALERT)) {
      return new HandshakeFailure(
          Kind.ALERT, message.substring(message.indexOf(ALERT) + ALERT.length()).strip());
    }
    return certificate(e)
        .orElseGet(
            () ->
                e.getCause() instanceof EOFException
                    ? new HandshakeFailure(Kind.CLOSED, "")
                    : new HandshakeFailure(Kind.OTHER, message));
  }

  private static Optional<HandshakeFailure> certificate(Throwable e) {
    boolean noPath = false;
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      String message = String.valueOf(cause.getMessage());
      if (cause instanceof CertPathValidatorException path) {
        CertPathValidatorException.Reason reason = path.getReason();
        if (reason == BasicReason.EXPIRED) {
          return Optional.of(new HandshakeFailure(Kind.EXPIRED, root(path)));
        }
        if (reason == BasicReason.NOT_YET_VALID) {
          return Optional.of(new HandshakeFailure(Kind.NOT_YET_VALID, root(path)));
        }
        if (reason != PKIXReason.NO_TRUST_ANCHOR) {
          return Optional.of(new HandshakeFailure(Kind.UNACCEPTABLE, root(path)));
        }
        noPath = true;
      }
      if (cause instanceof CertPathBuilderException) {
        noPath = true;
      }
      if (message.contains("Empty client certificate chain")) {
        return Optional.of(new HandshakeFailure(Kind.NO_CERTIFICATE, ""));
      }
      if (cause instanceof CertificateException
          && (message.startsWith("No subject alternative ")
              || message.startsWith("No name matching "))) {
        return Optional.of(new HandshakeFailure(Kind.OTHER_NAME, message));
      }
    }
    return noPath ? Optional.of(new HandshakeFailure(Kind.UNTRUSTED, "")) : Optional.empty();
  }

  private static String root(Throwable e) {
    Throwable last = e;
    while (last.getCause() != null) {
      last = last.getCause();
    }
    return String.valueOf(last.getMessage());
  }
}
