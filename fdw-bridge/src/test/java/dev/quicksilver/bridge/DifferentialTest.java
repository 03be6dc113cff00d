package dev.quicksilver.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.fixtures.differential.CaseGenerator;
import dev.quicksilver.fixtures.differential.Differential;
import dev.quicksilver.fixtures.differential.Differential.Peer;
import dev.quicksilver.fixtures.differential.Differential.Server;
import dev.quicksilver.fixtures.differential.DifferentialRows;
import dev.quicksilver.fixtures.sample.SampleDatabase;
import dev.quicksilver.fixtures.wire.WireConnection;
import dev.quicksilver.postgres.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** About one per cent of the bar {@code bridge.differential}: random queries, asked twice. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DifferentialTest {
  private static final Path ATTACH =
      Path.of("../sql/src/main/resources/dev/quicksilver/sql/R__attach_edge.sql");
  private static final int CONVERSATIONS = Integer.getInteger("quicksilver.conversations", 500);

  private final long seed = Long.getLong("quicksilver.seed", System.nanoTime());
  private Bridge bridge;
  private EmbeddedPostgres postgres;

  @BeforeAll
  void start(@TempDir Path data) throws IOException {
    System.out.println("random queries: -Dquicksilver.seed=" + seed);
    DifferentialRows.databases().forEach(database -> TestReplica.write(data, database));
    bridge = Bridge.start(TestReplica.config(data));
    postgres = EmbeddedPostgres.start();
    try (WireConnection sql = session("postgres")) {
      copies(sql);
      sql.require("ALTER ROLE ALL SET timezone = 'GMT'");
      sql.require("CREATE DATABASE quicksilver");
      sql.require("SELECT quicksilver.attach_edge('edge', '127.0.0.1', " + bridge.port() + ")");
      sql.require(
          "SELECT quicksilver.attach_edge('peer', '127.0.0.1', %d, '%s', '%s')"
              .formatted(postgres.port(), postgres.user(), postgres.password()));
    }
    try (WireConnection sql = session("quicksilver")) {
      copies(sql);
    }
  }

  @AfterAll
  void stop() {
    postgres.close();
    bridge.close();
  }

  private WireConnection session(String database) throws IOException {
    Path socket = postgres.socketDirectory().resolve(".s.PGSQL." + postgres.port());
    return WireConnection.unix(socket, postgres.user(), database);
  }

  private static void copies(WireConnection sql) throws IOException {
    sql.require(Files.readString(ATTACH));
    for (SampleDatabase database : DifferentialRows.databases()) {
      for (String statement : database.copies("public")) {
        sql.require(statement);
      }
    }
  }

  private Server tables(String schema) {
    return () -> {
      WireConnection session = session("postgres");
      session.require("SET search_path = " + schema);
      return session;
    };
  }

  @Test
  void foreignTablesAnswerAsLocalCopiesDo() throws IOException {
    assertSame(
        new CaseGenerator(seed, false),
        () -> session("postgres"),
        tables("edge"),
        Optional.of(new Peer(tables("peer"), () -> session("quicksilver"))));
  }

  private static void assertSame(
      CaseGenerator cases, Server expected, Server actual, Optional<Peer> peer) throws IOException {
    List<String> different = new ArrayList<>();
    try (var differential = new Differential(cases, expected, actual, peer, different::add)) {
      for (int i = 0; i < CONVERSATIONS; i++) {
        differential.next();
      }
    }
    assertThat(different).isEmpty();
  }
}
