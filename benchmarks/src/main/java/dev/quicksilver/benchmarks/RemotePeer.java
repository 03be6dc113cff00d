package dev.quicksilver.benchmarks;

import dev.quicksilver.postgres.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;

/**
 * A PostgreSQL with the rows of a {@link LargeEdge} in an ordinary table: indexed by key, vacuumed,
 * analyzed and in its memory. It lets in who comes over TCP, as the bridge does.
 */
final class RemotePeer implements AutoCloseable {
  /** The schemas that {@link #attach} makes: one that asks the peer for estimates, and one not. */
  static final List<String> SCHEMAS = List.of("peer_estimated", "peer_analyzed");

  private final EmbeddedPostgres postgres;

  private RemotePeer(EmbeddedPostgres postgres) {
    this.postgres = postgres;
  }

  /** Starts one in a folder, and copies the edge's {@code big} into it. */
  static RemotePeer start(Path folder, LargeEdge edge) throws SQLException, IOException {
    EmbeddedPostgres postgres =
        EmbeddedPostgres.builder()
            .directory(folder.resolve("peer"))
            .setting("shared_buffers", "1GB")
            .start();
    var peer = new RemotePeer(postgres);
    try {
      peer.fill(edge);
    } catch (SQLException | IOException | RuntimeException e) {
      peer.close();
      throw e;
    }
    return peer;
  }

  private void fill(LargeEdge edge) throws SQLException, IOException {
    try (Connection connection = postgres.connect();
        Statement statement = connection.createStatement()) {
      edge.attach(statement);
      statement.execute(
          "CREATE TABLE public.big (key text COLLATE \"C\" PRIMARY KEY, value"
              + " quicksilver.value_text NOT NULL, sequence bigint NOT NULL, updated_at timestamptz"
              + " NOT NULL)");
      statement.execute("INSERT INTO public.big SELECT * FROM edge.big ORDER BY key");
      statement.execute("SELECT quicksilver.detach_edge('edge')");
      statement.execute("VACUUM (FREEZE, ANALYZE) public.big");
      try (ResultSet file = statement.executeQuery("SHOW hba_file")) {
        file.next();
        Path rules = Path.of(file.getString(1));
        Files.writeString(rules, "host all all 127.0.0.1/32 trust\n" + Files.readString(rules));
      }
      statement.execute("SELECT pg_reload_conf()");
    }
  }

  /**
   * Makes the same foreign tables as the edge's in an analyst's PostgreSQL, in two schemas: what is
   * best for the peer is not known beforehand.
   */
  void attach(Statement analyst) throws SQLException {
    for (String schema : SCHEMAS) {
      boolean estimated = schema.equals("peer_estimated");
      analyst.execute(
          "CREATE SERVER "
              + schema
              + " FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '"
              + postgres.port()
              + "', dbname 'postgres', fetch_size '1000', async_capable 'true', use_remote_estimate"
              + " '"
              + estimated
              + "')");
      analyst.execute(
          "CREATE USER MAPPING FOR PUBLIC SERVER " + schema + " OPTIONS (user 'postgres')");
      analyst.execute("CREATE SCHEMA " + schema);
      analyst.execute("IMPORT FOREIGN SCHEMA public FROM SERVER " + schema + " INTO " + schema);
      if (!estimated) {
        analyst.execute("ANALYZE " + schema + ".big");
      }
    }
  }

  int port() {
    return postgres.port();
  }

  @Override
  public void close() {
    postgres.close();
  }
}
