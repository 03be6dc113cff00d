package dev.quicksilver.cli.cluster;

import dev.quicksilver.postgres.EmbeddedPostgres;

/**
 * Where the roots of a cluster find their PostgreSQL.
 *
 * @param url for JDBC, user and password included; it may name several hosts
 * @param address {@code host:port}
 * @param user a superuser
 * @param password the user's
 */
public record CentralPostgres(String url, String address, String user, String password) {
  /** Returns database {@code postgres} of a server. */
  public static CentralPostgres of(EmbeddedPostgres server) {
    return of(server, server.jdbcUrl());
  }

  /** Returns the same by another URL. */
  public static CentralPostgres of(EmbeddedPostgres server, String url) {
    return new CentralPostgres(url, "127.0.0.1:" + server.port(), server.user(), server.password());
  }
}
