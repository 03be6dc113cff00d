package dev.quicksilver.bridge.wire;

import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Base64;

/** The server's side of one SCRAM-SHA-256 exchange without channel binding. */
public final class ScramExchange {
  private final ScramVerifier verifier;
  private final String serverNonce;
  private String clientFirstBare = "";
  private String serverFirst = "";
  private String gs2Header = "";

  /** Begins an exchange with a fresh nonce. */
  public ScramExchange(ScramVerifier verifier) {
    this.verifier = verifier;
    byte[] nonce = new byte[18];
    new SecureRandom().nextBytes(nonce);
    this.serverNonce = Base64.getEncoder().encodeToString(nonce);
  }

  /** Answers the client's first message. */
  public byte[] first(byte[] message) {
    String text = new String(message, StandardCharsets.UTF_8);
    int header = text.startsWith("n,") || text.startsWith("y,") ? text.indexOf(',', 2) : -1;
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
            + Base64.getEncoder().encodeToString(gs2Header.getBytes(StandardCharsets.UTF_8))
            + ","
            + serverFirst.substring(0, serverFirst.indexOf(','));
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
}
