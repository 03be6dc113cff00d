package dev.quicksilver.edge.access;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.quicksilver.storage.FollowedDatabases;
import dev.quicksilver.storage.lmdb.StorageException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who may connect to a listener of this machine, and what they may read: the listener's own user if
 * it has one, and those of the catalog database if they are wanted, as {@code
 * quicksilver.grant_read} has put them there. A user's pair in the catalog:
 *
 * <pre>role:NAME → {"verifier":"SCRAM-SHA-256$…","databases":["dns"]}</pre>
 *
 * <p>{@code verifier} may be missing: then only a certificate lets the user in. {@code ["*"]} is
 * all databases. The catalog is read each time, so that a change counts as soon as it is here. Safe
 * for all threads.
 */
public final class Users {
  private static final Logger LOG = LoggerFactory.getLogger(Users.class);
  private static final String ROLE = "role:";
  private static final String ALL = "*";
  private static final int LONGEST_KEY = 511;
  private static final String UNREADABLE = "the list of users cannot be read on this edge";

  /** Made when it is needed: to make one takes a server 40 ms at its start. */
  private static final class Json {
    static final JsonMapper MAPPER = new JsonMapper();
  }

  private final Optional<Credentials> own;
  private final boolean listed;
  private final FollowedDatabases databases;
  private final byte[] secret = new byte[32];

  /**
   * Somebody who may connect.
   *
   * @param verifier of the password; empty if there is none
   */
  public record User(Optional<ScramVerifier> verifier, Rights rights) {}

  /**
   * Makes the list.
   *
   * @param own may read everything
   * @param listed whether those of the catalog may connect, too
   */
  public Users(Optional<Credentials> own, boolean listed, FollowedDatabases databases) {
    this.own = own;
    this.listed = listed;
    this.databases = databases;
    new SecureRandom().nextBytes(secret);
  }

  /** Whether anybody on this machine may read everything, under any name. */
  public boolean anybody() {
    return own.isEmpty() && !listed;
  }

  /**
   * Finds a user.
   *
   * @throws IOException if the list of users cannot be read just now; the log says why
   */
  public Optional<User> find(String name) throws IOException {
    if (own.isPresent() && own.get().user().equals(name)) {
      return Optional.of(new User(Optional.of(own.get().verifier()), Rights.ALL));
    }
    if (!listed) {
      return Optional.empty();
    }
    try {
      return listed(name);
    } catch (StorageException | IOException e) {
      LOG.warn("a user cannot be looked up: {}", e.getMessage());
      throw new IOException(UNREADABLE + ": its log says why; another edge may have it", e);
    }
  }

  /** A user of the catalog; none has a name that no key can hold. */
  private Optional<User> listed(String name) throws IOException {
    String key = ROLE + name;
    return key.getBytes(StandardCharsets.UTF_8).length > LONGEST_KEY
        ? Optional.empty()
        : parsed(databases.catalogValue(key));
  }

  private static Optional<User> parsed(Optional<byte[]> value) throws IOException {
    return value.isPresent() ? Optional.of(user(value.get())) : Optional.empty();
  }

  private static User user(byte[] value) throws IOException {
    try {
      JsonNode pair = Json.MAPPER.readTree(value);
      Set<String> named = new TreeSet<>();
      pair.path("databases").forEach(name -> named.add(name.asText()));
      JsonNode verifier = pair.path("verifier");
      return new User(
          verifier.isTextual()
              ? Optional.of(ScramVerifier.parse(verifier.asText()))
              : Optional.empty(),
          named.contains(ALL) ? Rights.ALL : Rights.of(named));
    } catch (IOException | IllegalArgumentException e) {
      throw new IOException(
          UNREADABLE + ": grant the user's rights anew on the central PostgreSQL", e);
    }
  }

  /** What is asked of a client whose user is not there, or has no password. */
  public ScramVerifier nobody(String name) {
    return ScramVerifier.ofNobody(name, secret);
  }

  /** Changes whenever the catalog does. */
  public String version() {
    return listed ? databases.catalogVersion() : "";
  }

  /** What has become of a user's rights. */
  public enum Standing {
    KEPT,
    LOST,

    /** Nothing is known to be taken away: the catalog is replaced or withheld just now. */
    UNKNOWN
  }

  /** Whether a user who had these rights has lost some of them. */
  public Standing standing(String name, Rights before) {
    if (anybody() || own.filter(credentials -> credentials.user().equals(name)).isPresent()) {
      return Standing.KEPT;
    }
    try {
      Optional<User> now = listed ? listed(name) : Optional.empty();
      boolean kept = now.map(User::rights).map(before::within).orElse(false);
      return kept ? Standing.KEPT : Standing.LOST;
    } catch (StorageException | IOException e) {
      LOG.debug("whether rights were lost is not known yet: {}", e.toString());
      return Standing.UNKNOWN;
    }
  }
}
