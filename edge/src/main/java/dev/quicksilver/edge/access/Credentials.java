package dev.quicksilver.edge.access;

/** A user and the SCRAM-SHA-256 verifier of its password; the password itself is not kept. */
public final class Credentials {
  private final String user;
  private final ScramVerifier verifier;

  private Credentials(String user, ScramVerifier verifier) {
    this.user = user;
    this.verifier = verifier;
  }

  /** Makes a verifier with a fresh salt. */
  public static Credentials ofPassword(String user, String password) {
    return new Credentials(user, ScramVerifier.ofPassword(password));
  }

  /**
   * Takes a verifier as in {@code pg_authid.rolpassword}: {@code
   * SCRAM-SHA-256$<iterations>:<salt>$<stored key>:<server key>}. With the same verifier on both
   * servers postgres_fdw's use_scram_passthrough works.
   *
   * @throws IllegalArgumentException if it is not of this form
   */
  public static Credentials ofVerifier(String user, String verifier) {
    return new Credentials(user, ScramVerifier.parse(verifier));
  }

  /** Returns the user. */
  public String user() {
    return user;
  }

  /** Returns what is kept of the password. */
  public ScramVerifier verifier() {
    return verifier;
  }
}
