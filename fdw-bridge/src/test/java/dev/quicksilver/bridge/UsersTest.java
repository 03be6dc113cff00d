package dev.quicksilver.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.edge.access.Credentials;
import dev.quicksilver.edge.access.ScramVerifier;
import dev.quicksilver.fixtures.Await;
import dev.quicksilver.fixtures.rights.RightsCheck;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.DatabaseSet;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Users of the catalog: who they are, what they see, and how soon they see another thing. */
class UsersTest {
  private static final Map<String, Set<String>> RIGHTS =
      Map.of(
          "alice", Set.of("dns_zones"),
          "bob", Set.of("web_pages", "secret_plans"),
          "carol", Set.of("dns_zones", "web_pages", "secret_plans"));

  @TempDir private Path data;
  private Bridge bridge;

  @BeforeEach
  void start() throws Exception {
    for (String name : List.of("dns_zones", "web_pages", "secret_plans")) {
      TestReplica.write(
          data,
          name,
          "text",
          List.of(
              Map.entry("a", name.getBytes(StandardCharsets.UTF_8)),
              Map.entry("b", new byte[] {'2'})));
    }
    TestReplica.catalog(data, "role:alice", Optional.of(pair("alice", "\"dns_zones\"")));
    TestReplica.catalog(
        data, "role:bob", Optional.of(pair("bob", "\"web_pages\",\"secret_plans\"")));
    TestReplica.catalog(data, "role:carol", Optional.of(pair("carol", "\"*\"")));
    TestReplica.catalog(data, "role:dan", Optional.of("{\"databases\":[\"dns_zones\"]}"));
    bridge =
        Bridge.start(
            TestReplica.config(data)
                .withCatalogUsers()
                .withCredentials(Credentials.ofPassword("operator", "pw operator")));
  }

  @AfterEach
  void stop() {
    bridge.close();
  }

  private static String pair(String user, String databases) {
    return "{\"verifier\":\"%s\",\"databases\":[%s]}"
        .formatted(ScramVerifier.ofPassword("pw " + user).text(), databases);
  }

  private Connection connect(String user, String password, String database) throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://127.0.0.1:" + bridge.port() + "/" + database, user, password);
  }

  private Connection as(String user) throws SQLException {
    return connect(user, "pw " + user, "quicksilver");
  }

  private static String one(Connection connection, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getString(1);
    }
  }

  private void refused(String state, String user, String password, String database) {
    assertThatThrownBy(() -> connect(user, password, database).close())
        .extracting(e -> ((SQLException) e).getSQLState())
        .isEqualTo(state);
  }

  @Test
  void whatIsForbiddenLooksLikeWhatIsNotThere() throws SQLException {
    var check = new RightsCheck(this::as, RIGHTS, Set.of("dns_zones", "web_pages", "secret_plans"));
    assertThat(check.run()).isEmpty();
  }

  @Test
  void tellsNobodyWhoIsKnown() throws SQLException {
    refused("28P01", "alice", "wrong", "quicksilver");
    refused("28P01", "alice", "wrong", "nothing");
    refused("28P01", "stranger", "wrong", "quicksilver");
    refused("28P01", "dan", "wrong", "quicksilver"); // has no password
    refused("28P01", "x".repeat(600), "wrong", "quicksilver"); // longer than any key
    refused("3D000", "alice", "pw alice", "dns_zones");
    try (Connection operator = as("operator")) {
      assertThat(one(operator, "SELECT count(*) FROM databases")).isEqualTo("3");
    }
  }

  @Test
  void changesOfRightsCountAtOnce() throws Exception {
    try (Connection alice = as("alice");
        Connection idle = as("alice");
        Connection other = as("bob")) {
      assertThat(one(alice, "SELECT count(*) FROM dns_zones")).isEqualTo("2");
      ReplicaProcess.run(
          data, "catalog", "role:alice", pair("alice", "\"dns_zones\",\"web_pages\""));
      try (Connection more = as("alice")) {
        assertThat(one(more, "SELECT count(*) FROM web_pages")).isEqualTo("2");
        assertThat(one(more, "SELECT lower(value) FROM web_pages WHERE key = 'a'"))
            .isEqualTo("web_pages");
      }
      assertThat(one(alice, "SELECT count(*) FROM dns_zones"))
          .isEqualTo("2"); // nothing was taken away

      ReplicaProcess.run(data, "catalog", "role:alice", pair("alice", "\"web_pages\""));
      awaitEnded(idle);
      assertThatThrownBy(() -> one(alice, "SELECT count(*) FROM dns_zones"))
          .isInstanceOf(SQLException.class);
      assertThat(one(other, "SELECT count(*) FROM web_pages")).isEqualTo("2");
      try (Connection less = as("alice")) {
        assertThatThrownBy(() -> one(less, "SELECT count(*) FROM dns_zones"))
            .extracting(e -> ((SQLException) e).getSQLState())
            .isEqualTo("42P01");
      }

      ReplicaProcess.run(data, "catalog", "role:alice");
      refused("28P01", "alice", "pw alice", "quicksilver");
    }
  }

  /** Waits until the bridge has ended a session. */
  private static void awaitEnded(Connection session) throws Exception {
    Await.until(
        "the session ends",
        () -> {
          try {
            return one(session, "SELECT 1");
          } catch (SQLException e) {
            return String.valueOf(e.getSQLState());
          }
        },
        state -> state.equals("57P01") || state.startsWith("08"));
  }

  /** What was taken away while the catalog could not be read is gone once it can be. */
  @Test
  void rightsThatWereLostUnseenAreMissedLater() throws Exception {
    var directory = new DatabaseDirectory(data);
    try (Connection alice = as("alice")) {
      directory.withhold(DatabaseSet.CATALOG, "it is compared with the root");
      ReplicaProcess.run(data, "catalog", "role:alice", pair("alice", "\"web_pages\""));
      Thread.sleep(2_500); // the bridge has seen that the catalog changed
      assertThat(one(alice, "SELECT count(*) FROM dns_zones")).isEqualTo("2");
      directory.serveAgain(DatabaseSet.CATALOG);
      awaitEnded(alice);
    }
  }

  /** One look that fails is not the last one. */
  @Test
  void looksAgainAfterALookThatFailed() throws Exception {
    Path mark =
        new DatabaseDirectory(data)
            .environment(DatabaseSet.CATALOG)
            .orElseThrow()
            .resolve("withheld");
    try (Connection alice = as("alice")) {
      Files.createDirectory(mark); // it is there and cannot be read
      Thread.sleep(2_500);
      Files.delete(mark);
      ReplicaProcess.run(data, "catalog", "role:alice", pair("alice", "\"web_pages\""));
      awaitEnded(alice);
    }
  }

  @Test
  void aStatementThatRunsEndsWithTheRight() throws Exception {
    try (Connection alice = as("alice");
        Statement statement = alice.createStatement()) {
      Thread taking =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      ReplicaProcess.run(data, "catalog", "role:alice");
                    } catch (Exception e) {
                      throw new AssertionError(e);
                    }
                  });
      assertThatThrownBy(
              () ->
                  statement.execute(
                      "SELECT count(*) FROM dns_zones a, generate_series(1, 1e12) AS g"))
          .isInstanceOfSatisfying(
              SQLException.class, e -> assertThat(e.getSQLState()).isEqualTo("57P01"));
      taking.join();
    }
  }

  @Test
  void strangersKeepNobodyOut() throws Exception {
    bridge.close();
    bridge = Bridge.start(TestReplica.config(data).withCatalogUsers().withMaxConnections(2));
    List<Socket> strangers = new ArrayList<>();
    try {
      for (int i = 0; i < 300; i++) {
        strangers.add(new Socket(InetAddress.getLoopbackAddress(), bridge.port()));
      }
      try (Connection alice = as("alice");
          Connection bob = as("bob")) {
        assertThat(one(alice, "SELECT count(*) FROM dns_zones")).isEqualTo("2");
        assertThat(one(bob, "SELECT count(*) FROM web_pages")).isEqualTo("2");
        refused("53300", "carol", "pw carol", "quicksilver");
      }
      Await.until("they are not too many", () -> bridge.status().connections(), n -> n <= 203);
      as("carol").close();
    } finally {
      for (Socket stranger : strangers) {
        stranger.close();
      }
    }
  }

  @Test
  void withoutACatalogItsUsersAreToldSo() throws Exception {
    bridge.close();
    Path fresh = data.resolve("fresh");
    TestReplica.write(fresh, "dns_zones", "text", List.of());
    bridge =
        Bridge.start(
            TestReplica.config(fresh)
                .withCatalogUsers()
                .withCredentials(Credentials.ofPassword("operator", "pw operator")));
    refused("57P03", "alice", "pw alice", "quicksilver");
    as("operator").close();
  }
}
