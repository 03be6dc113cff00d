package dev.quicksilver.postgres;

/** Which variables of this process are not for PostgreSQL's programs. Stateless. */
final class Environment {
  private Environment() {}

  /**
   * Whether a variable would have PostgreSQL connect elsewhere or behave otherwise ({@code PG…}),
   * or tells this process alone of the sockets that it was given ({@code LISTEN_…}, see
   * sd_listen_fds(3)); the sockets themselves are closed in all processes that Java starts.
   */
  static boolean isNotHandedOn(String name) {
    return name.startsWith("PG") || name.startsWith("LISTEN_");
  }
}
