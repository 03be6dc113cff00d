package dev.quicksilver.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.quicksilver.postgres.SqlSession;
import dev.quicksilver.replication.NodeIdentity;
import dev.quicksilver.replication.Replica;
import dev.quicksilver.replication.ReplicationConfig;
import dev.quicksilver.replication.ReplicationServer;
import dev.quicksilver.replication.ServerOptions;
import dev.quicksilver.replication.Upstream;
import dev.quicksilver.storage.DatabaseSet;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.postgresql.util.PSQLException;

/** Which nodes are waited for: a root with replicas, which stop and go as the test says. */
final class ReplicasTest extends RootTest {
  private final List<Node> nodes = new ArrayList<>();
  private ReplicationServer server;

  /** A replica without followers. */
  private final class Node implements AutoCloseable {
    final NodeIdentity identity;
    private final DatabaseSet databases;
    private Replica replica;

    Node(NodeIdentity identity) {
      this.identity = identity;
      databases = DatabaseSet.open(scratch.resolve("node-" + nodes.size()), root.options);
      nodes.add(this);
    }

    /** Is heard no more, while nobody knows whether it went away. */
    void stop() {
      replica.close();
    }

    Node follow() {
      return follow(identity);
    }

    Node follow(NodeIdentity as) {
      List<Upstream> upstreams = List.of(Upstream.primary("127.0.0.1", server.port()));
      replica =
          Replica.start(
              ReplicationConfig.of(as, upstreams).withWindow(Duration.ofMillis(10)), databases);
      return this;
    }

    @Override
    public void close() {
      replica.close();
      databases.close();
    }
  }

  @BeforeEach
  void startRoot() throws Exception {
    root.start();
    serve();
  }

  private void serve() {
    server =
        ReplicationServer.start(
            "127.0.0.1",
            0,
            root.databases(),
            NodeIdentity.create("root", "center"),
            root.below,
            ServerOptions.DEFAULT);
  }

  @AfterEach
  void stopAll() {
    nodes.forEach(Node::close);
    server.close();
  }

  private Node node(String nodeName, String location) {
    return new Node(NodeIdentity.create(nodeName, location)).follow();
  }

  private void awaitHeard(String database, String expected) throws Exception {
    Root.await(
        "replicas are heard",
        () ->
            root.query(
                "SELECT string_agg(concat_ws(' ', name, problem), ', ') FROM quicksilver.replicas"
                    + " WHERE state = 'STREAMING' AND database = '"
                    + database
                    + "'"),
        expected::equals);
  }

  private String waitFor(String arguments) throws SQLException {
    return root.query("SELECT quicksilver.wait_for_propagation(" + arguments + ")");
  }

  /** Waits in vain: longer each time until the root itself has answered before the time was up. */
  private void refused(String arguments, String message) {
    String last = "the root has not said";
    for (int millis = 100; last.contains("the root has not said"); millis *= 2) {
      assertThat(millis).as(last).isLessThan(60_000);
      String all = arguments + ", '" + millis + "ms'";
      PSQLException refusal = catchThrowableOfType(PSQLException.class, () -> waitFor(all));
      assertThat((Throwable) refusal).as("waiting in vain for %s", arguments).isNotNull();
      last = refusal.getMessage();
    }
    assertThat(last).contains(message);
  }

  @Test
  void whoHasNotHeardOfANewDatabaseDoesNotHaveIt() throws Exception {
    node("a", "fra");
    Node late = node("b", "sin");
    node("c", "sin");
    awaitHeard("quicksilver", "a, b, c");
    late.stop();
    root.execute("SELECT quicksilver.create_database('fresh')");
    assertThat(waitFor("'fresh', 0.6, '60s'")).isEqualTo("2");
    refused("'fresh', 1.0", "2 of 3 replicas have sequence 0 of");
    root.execute("INSERT INTO fresh VALUES ('k', 'v')");
    assertThat(waitFor("'fresh', 0.6, '60s'")).isEqualTo("2");
    refused("'fresh', 1.0", "2 of 3 replicas");
    assertThat(waitFor("'fresh', 'fra', '60s'")).isEqualTo("1");
    refused("'fresh', 'sin'", "1 of 2 replicas at location 'sin'");
    late.follow();
    assertThat(waitFor("'fresh', 1.0, '60s'")).isEqualTo("3");
    assertThat(waitFor("'fresh', 'sin', '60s'")).isEqualTo("2");
  }

  @Test
  void whatWasSaidOfAnEarlierDatabaseOfTheNameIsNotSaidOfThisOne() throws Exception {
    node("a", "fra");
    Node late = node("b", "fra");
    root.execute("SELECT quicksilver.create_database('dns')");
    root.execute("INSERT INTO dns SELECT i::text, '' FROM generate_series(1, 50) i");
    awaitHeard("dns", "a, b");
    assertThat(waitFor("'dns', 1.0, '60s'")).isEqualTo("2");
    late.stop();
    root.execute("SELECT quicksilver.drop_database('dns')");
    root.execute("SELECT quicksilver.create_database('dns')");
    root.execute("INSERT INTO dns VALUES ('k', 'v')");
    assertThat(waitFor("'dns', 0.5, '60s'")).isEqualTo("1");
    refused("'dns', 1.0", "1 of 2 replicas have sequence 1 of");
    late.follow();
    assertThat(waitFor("'dns', 1.0, '60s'")).isEqualTo("2");
  }

  @Test
  void aDatabaseThatIsDroppedIsNotWaitedFor() throws Exception {
    node("a", "fra");
    Node late = node("b", "fra");
    awaitHeard("quicksilver", "a, b");
    late.stop();
    root.execute("SELECT quicksilver.create_database('dns')");
    try (Connection other = postgres.connect(name)) {
      SqlSession waiting = new SqlSession(other);
      CompletableFuture<String> outcome =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return waiting.query(
                      "SELECT quicksilver.wait_for_propagation('dns', 1, '10min')");
                } catch (SQLException e) {
                  return e.getSQLState() + " " + e.getMessage();
                }
              });
      Root.eventually(
          "somebody waits",
          () ->
              root.query(
                      "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
                          + " AND query LIKE '%10min%' AND datname = current_database()")
                  .equals("1"));
      root.execute("SELECT quicksilver.drop_database('dns')");
      assertThat(outcome.get()).startsWith("3D000 ").contains("'dns' was dropped");
    }
  }

  @Test
  void whoWasThereBeforeTheRootWasAwayIsWaitedForAfterIt() throws Exception {
    Node early = node("a", "fra");
    Node late = node("b", "fra");
    root.execute("SELECT quicksilver.create_database('dns')");
    awaitHeard("dns", "a, b");
    early.stop();
    late.stop();
    server.close();
    root.stop();
    root.execute("UPDATE quicksilver.replica SET heard_at = heard_at - interval '10 minutes'");
    root.start();
    serve();
    early.follow();
    root.execute("INSERT INTO dns VALUES ('k', 'v')");
    assertThat(waitFor("'dns', 0.5, '60s'")).isEqualTo("1");
    refused("'dns', 1.0", "1 of 2 replicas");
    late.follow();
    assertThat(waitFor("'dns', 1.0, '60s'")).isEqualTo("2");
  }

  @Test
  void aCopyThatIsBegunOrNotBelievedIsNotThere() throws Exception {
    node("a", "fra");
    root.execute("SELECT quicksilver.create_database('dns')");
    awaitHeard("dns", "a");
    for (String state : List.of("COPYING", "DIVERGED", "REFUSED")) {
      root.execute(
          "INSERT INTO quicksilver.replica (database, node, location, upstream, state, sequence,"
              + " heard_at, instance, database_id) SELECT name, 'x', 'fra', 'root', '"
              + state
              + "', 99, now() + interval '1 hour', '"
              + new UUID(1, 1)
              + "', id FROM quicksilver.catalog ON CONFLICT (database, instance) DO UPDATE SET"
              + " state = excluded.state");
      refused("'dns', 1.0", "1 of 2 replicas");
    }
    root.execute("UPDATE quicksilver.replica SET state = 'STREAMING' WHERE node = 'x'");
    assertThat(waitFor("'dns', 1.0, '60s'")).isEqualTo("2");
  }

  @Test
  void nodesOfOneNameAreWaitedForEachAndAreMarked() throws Exception {
    node("edge", "fra");
    Node late = node("edge", "fra");
    root.execute("SELECT quicksilver.create_database('dns')");
    awaitHeard("dns", "edge NAME_IN_USE, edge NAME_IN_USE");
    isWaitedFor(late);
  }

  /** One of two nodes: while it is away, all of them is one too few. */
  private void isWaitedFor(Node second) throws Exception {
    second.stop();
    root.execute("INSERT INTO dns VALUES ('k', 'v')");
    assertThat(waitFor("'dns', 0.5, '60s'")).isEqualTo("1");
    refused("'dns', 1.0", "1 of 2 replicas");
    second.follow();
    assertThat(waitFor("'dns', 1.0, '60s'")).isEqualTo("2");
  }

  @Test
  void aCopiedMachineIsWaitedForAndIsMarked() throws Exception {
    Node original = node("edge", "fra");
    UUID instance = original.identity.run().instance();
    root.execute("SELECT quicksilver.create_database('dns')");
    awaitHeard("dns", "edge");
    Node clone = new Node(NodeIdentity.create(instance, "edge", "fra")).follow();
    awaitHeard("dns", "edge CLONED, edge CLONED");
    isWaitedFor(clone);
  }

  @Test
  void aNodeThatIsRenamedMovedAndStartedAgainIsOne() throws Exception {
    Node node = node("edge", "fra");
    root.execute("SELECT quicksilver.create_database('dns')");
    awaitHeard("dns", "edge");
    for (int i = 1; i <= 3; i++) {
      node.stop();
      node.follow(NodeIdentity.create(node.identity.run().instance(), "edge-" + i, "loc-" + i));
      root.execute("INSERT INTO dns VALUES ('" + i + "', '')");
      assertThat(waitFor("'dns', 1.0, '60s'")).isEqualTo("1");
      awaitHeard("dns", "edge-" + i);
      assertThat(waitFor("'dns', 'loc-" + i + "', '60s'")).isEqualTo("1");
    }
    assertThat(root.query("SELECT count(DISTINCT instance) FROM quicksilver.replicas"))
        .isEqualTo("1");
  }
}
