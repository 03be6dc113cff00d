package dev.quicksilver.bridge.wire;

import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.edge.access.ScramVerifier;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.Optional;

/**
 * The server's side of one SCRAM-SHA-256 exchange, with channel binding of the kind
 * tls-server-end-point where the client wants it (RFC 5802, RFC 5929).
 */
public final class ScramExchange {
  /** Without channel binding. */
  public static final String PLAIN = "SCRAM-SHA-256";

  /** With channel binding. */
  public static final String PLUS = "SCRAM-SHA-256-PLUS";

  private static final String BINDING = "p=tls-server-end-point,";

  private final ScramVerifier verifier;
  private final Optional<byte[]> endPoint;
  private final boolean plus;
  private final String serverNonce;
  private String clientFirstBare = "";
  private String serverFirst = "";
  private String gs2Header = "";

  /**
   * Begins an exchange with a fresh nonce.
   *
   * @param endPoint what channel binding is about; empty without TLS
   * @param mechanism that the client has chosen
   */
  public ScramExchange(ScramVerifier verifier, Optional<byte[]> endPoint, String mechanism) {
    this.verifier = verifier;
    this.endPoint = endPoint;
    this.plus = mechanism.equals(PLUS);
    if (!mechanism.equals(PLAIN) && !(plus && endPoint.isPresent())) {
      throw PgException.of(
          SqlState.PROTOCOL_VIOLATION, "client selected an invalid SASL authentication mechanism");
    }
    byte[] nonce = new byte[18];
    new SecureRandom().nextBytes(nonce);
    this.serverNonce = Base64.getEncoder().encodeToString(nonce);
  }

  /** Answers the client's first message. */
  public byte[] first(byte[] message) {
    String text = new String(message, StandardCharsets.UTF_8);
    if (text.startsWith("y,") && endPoint.isPresent()) { // somebody has taken the offer away
      throw PgException.of(
          SqlState.INVALID_AUTHORIZATION,
          "SCRAM channel binding negotiation error: the client takes the server for one that does"
              + " not support it");
    }
    int binding = plus ? BINDING.length() : 2;
    boolean begins =
        plus ? text.startsWith(BINDING) : text.startsWith("n,") || text.startsWith("y,");
    int header = begins ? text.indexOf(',', binding) : -1;
    int nonceAt = text.indexOf(",r=", Math.max(header, 0));
    if (header < 0 || nonceAt < 0) {
      throw PgException.of(SqlState.PROTOCOL_VIOLATION, "malformed SCRAM message");
    }
    gs2Header = text.substring(0, header + 1);
    clientFirstBare = text.substring(header + 1);
    int nonceEnd = text.indexOf(',', nonceAt + 3);
    String clientNonce = text.substring(nonceAt + 3, nonceEnd < 0 ? text.length() : nonceEnd);
    serverFirst =
        "r=" + clientNonce + serverNonce + ",s=" + verifier.salt() + ",i=" + verifier.iterations();
    return serverFirst.getBytes(StandardCharsets.UTF_8);
  }

  /** Checks the client's proof and answers it; 28P01 if it is wrong. */
  public byte[] last(byte[] message, String user) {
    String text = new String(message, StandardCharsets.UTF_8);
    int proofAt = text.lastIndexOf(",p=");
    String expectedStart =
        "c="
            + Base64.getEncoder().encodeToString(bound())
            + ","
            + serverFirst.substring(0, serverFirst.indexOf(','));
    if (proofAt >= 0 && !text.startsWith(expectedStart.substring(0, expectedStart.indexOf(',')))) {
      throw PgException.of(SqlState.INVALID_AUTHORIZATION, "SCRAM channel binding check failed");
    }
    if (proofAt < 0 || !text.startsWith(expectedStart)) {
      throw PgException.of(SqlState.PROTOCOL_VIOLATION, "malformed SCRAM message");
    }
    byte[] exchange =
        (clientFirstBare + "," + serverFirst + "," + text.substring(0, proofAt))
            .getBytes(StandardCharsets.UTF_8);
    byte[] proof;
    try {
      proof = Base64.getDecoder().decode(text.substring(proofAt + 3));
    } catch (IllegalArgumentException e) {
      throw PgException.of(SqlState.PROTOCOL_VIOLATION, "malformed SCRAM message", e);
    }
    if (!verifier.verifies(proof, exchange)) {
      throw PgException.of(
          SqlState.INVALID_PASSWORD, "password authentication failed for user \"" + user + "\"");
    }
    String signature = Base64.getEncoder().encodeToString(verifier.serverSignature(exchange));
    return ("v=" + signature).getBytes(StandardCharsets.UTF_8);
  }

  /** The header of the client's first message, and what it binds to. */
  private byte[] bound() {
    byte[] header = gs2Header.getBytes(StandardCharsets.UTF_8);
    if (!plus) {
      return header;
    }
    byte[] binding = endPoint.orElseThrow();
    byte[] both = Arrays.copyOf(header, header.length + binding.length);
    System.arraycopy(binding, 0, both, header.length, binding.length);
    return both;
  }
}
