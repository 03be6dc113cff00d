package dev.quicksilver.gateway;

import java.sql.SQLException;

/** What is due on the central PostgreSQL before a root looks at what is in it: migrating it. */
@FunctionalInterface
public interface Preparation {
  /** Everything was done before. */
  Preparation NONE = () -> {};

  /**
   * Does it, if it was not done yet; called each time that the root has connected, on one thread.
   *
   * @throws SQLException if PostgreSQL is away: it will be called again
   * @throws GatewayException if it cannot be done: the root ends
   */
  void run() throws SQLException;
}
