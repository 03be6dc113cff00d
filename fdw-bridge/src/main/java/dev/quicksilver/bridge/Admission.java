package dev.quicksilver.bridge;

import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.bridge.wire.Transport;
import dev.quicksilver.edge.access.Rights;
import dev.quicksilver.edge.access.Users;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/** Finds out whether a client is who it says it is, and what it may read. */
final class Admission {
  /** The one database, as the protocol has it; what the project calls databases are its tables. */
  private static final String DATABASE = "quicksilver";

  private final Users users;
  private final Transport transport;

  Admission(Users users, Transport transport) {
    this.users = users;
    this.transport = transport;
  }

  /**
   * Lets a client in.
   *
   * @throws PgException 28P01 if it cannot prove who it is, 3D000 after it has if it asks for a
   *     database that is not there
   */
  Rights admit(Greeting greeting, Greeting.Serve serve) throws IOException {
    Rights rights = users.anybody() ? Rights.ALL : authenticated(greeting, serve.user());
    requireDatabase(serve.parameters());
    greeting.welcome();
    return rights;
  }

  private Rights authenticated(Greeting greeting, String user) throws IOException {
    Optional<Users.User> known = known(user);
    boolean certified =
        transport.certificate().filter(certificate -> certificate.isOfUser(user)).isPresent();
    if (known.isEmpty() || !certified) {
      greeting.authenticate(
          user, known.flatMap(Users.User::verifier).orElseGet(() -> users.nobody(user)));
    }
    return known
        .map(Users.User::rights)
        .orElseThrow(
            () ->
                PgException.of(
                    SqlState.INVALID_PASSWORD,
                    "password authentication failed for user \"" + user + "\""));
  }

  private Optional<Users.User> known(String user) {
    try {
      return users.find(user);
    } catch (IOException e) {
      throw PgException.of(SqlState.CANNOT_CONNECT_NOW, String.valueOf(e.getMessage()), e);
    }
  }

  private static void requireDatabase(Map<String, String> parameters) {
    String database = parameters.getOrDefault("database", DATABASE);
    if (!database.equals(DATABASE)) {
      throw PgException.of(
              SqlState.INVALID_CATALOG_NAME, "database \"" + database + "\" does not exist")
          .hint(
              "Connect to the database quicksilver: what Quicksilver calls databases are tables"
                  + " there.");
    }
  }
}
