package dev.quicksilver.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.gateway.GatewayException.ErrorCode;
import dev.quicksilver.replication.CatalogPair;
import dev.quicksilver.replication.NodeIdentity;
import dev.quicksilver.replication.Replica;
import dev.quicksilver.replication.ReplicationConfig;
import dev.quicksilver.replication.ReplicationServer;
import dev.quicksilver.replication.ServerOptions;
import dev.quicksilver.replication.Upstream;
import dev.quicksilver.storage.Completeness;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.Following;
import dev.quicksilver.storage.copy.SnapshotCopy;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Head;
import dev.quicksilver.storage.record.Position;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The root is lost, and a replica's data directory is what is left. */
final class ReplacedRootTest extends RootTest {
  private static final StorageOptions OPTIONS = StorageOptions.DEFAULT.withMapSize(1L << 30);

  private ReplicationServer server;
  private DatabaseSet copied;
  private Replica replica;

  private Path copy() {
    return scratch.resolve("copy");
  }

  @BeforeEach
  void start() throws Exception {
    root.start();
    serve(0);
    root.execute("SELECT quicksilver.create_database('dns')");
    root.execute("SELECT quicksilver.create_database('zones')");
    root.execute("INSERT INTO dns VALUES ('a', '1'), ('b', '2')");
    root.execute("INSERT INTO zones VALUES ('z', '1')");
    copied = DatabaseSet.open(copy(), OPTIONS);
    follow();
  }

  @AfterEach
  void stop() throws Exception {
    stopFollowing();
    server.close();
  }

  private void serve(int port) {
    server =
        ReplicationServer.start(
            "127.0.0.1",
            port,
            root.databases(),
            NodeIdentity.create("root", "center"),
            root.below,
            ServerOptions.DEFAULT);
  }

  private void follow() {
    replica =
        Replica.start(
            ReplicationConfig.of(
                    NodeIdentity.create("replica", "far"),
                    List.of(Upstream.primary("127.0.0.1", server.port())))
                .withWindow(Duration.ofMillis(10)),
            copied);
  }

  private void stopFollowing() {
    replica.close();
    copied.close();
  }

  /** Waits until the replica knows that it has all that PostgreSQL may have forgotten. */
  private void awaitComplete() throws Exception {
    root.catchUp();
    long target = root.gateway().status().position().lsn();
    Root.await(
        "the replica is complete",
        copied::completeness,
        complete -> complete.isPresent() && complete.get().position().lsn() >= target);
  }

  private void loseRoot() {
    server.close();
    root.stop();
    root.moveTo(copy());
  }

  private void refused(ErrorCode code, String... words) throws Exception {
    root.launch(root.config);
    try {
      Root.await(
          "it has ended",
          () -> root.gateway().status().state(),
          GatewayStatus.State.FAILED::equals);
      root.gateway().await();
    } catch (GatewayException e) {
      assertThat(e.code()).isEqualTo(code);
      assertThat(e).hasMessageContainingAll(words);
      return;
    }
    throw new AssertionError("it was not refused");
  }

  @Test
  void aReplicaOfAnIdleRootGoesOnWhereItWas() throws Exception {
    // WAL without an entry, which the slot is confirmed beyond.
    root.execute("CREATE TABLE other AS SELECT 1");
    awaitComplete();
    List<String> before = root.log("dns");
    stopFollowing();
    loseRoot();
    root.start();
    root.execute("UPDATE dns SET value = '3' WHERE key = 'b'");
    root.execute("SELECT quicksilver.create_database('late')");
    root.execute("INSERT INTO late VALUES ('l', '1')");
    root.catchUp();
    assertThat(root.log("dns")).startsWith(before.toArray(String[]::new)).endsWith("SET b 3");
    assertThat(root.pairs("zones")).isEqualTo(root.table("zones"));
    assertThat(root.pairs("late")).isEqualTo(root.table("late"));
  }

  @Test
  void whatTheLostRootHadSentToOthersIsMadeAgainBitForBit() throws Exception {
    awaitComplete();
    root.stop();
    server.close();
    root.launch(root.config.withConfirmAfter(Duration.ofHours(1)));
    root.awaitState(GatewayStatus.State.STREAMING);
    stopFollowing();
    root.execute("INSERT INTO dns VALUES ('c', '3')");
    root.execute("SELECT quicksilver.create_database('late')");
    root.execute("INSERT INTO late SELECT i, i FROM generate_series(1, 100) i");
    root.execute("SELECT quicksilver.drop_database('zones')");
    root.execute("DELETE FROM dns WHERE key = 'a'");
    root.catchUp();
    Map<String, Head> lost = heads();
    root.stop();
    root.moveTo(copy());
    root.start();
    root.catchUp();
    assertThat(heads())
        .usingRecursiveComparison()
        .ignoringFieldsMatchingRegexes(".*position", ".*oldestSequence")
        .isEqualTo(lost);
    assertThat(lost).containsKey("late").doesNotContainKey("zones");
  }

  private Map<String, Head> heads() {
    Map<String, Head> heads = new TreeMap<>();
    root.databases().all().forEach(db -> heads.put(db.identity().name(), db.head()));
    return heads;
  }

  @Test
  void aReplicaThatLacksWhatPostgresMayHaveForgottenIsRefused() throws Exception {
    awaitComplete();
    stopFollowing();
    root.execute("INSERT INTO dns VALUES ('c', '3')");
    root.catchUp();
    long held = root.gateway().status().position().lsn();
    // What the gateway has said PostgreSQL may not have read when the connection ends.
    Root.eventually("PostgreSQL was told to forget it", () -> confirmed() >= held);
    loseRoot();
    refused(ErrorCode.SLOT_AHEAD, "is complete only up to", "another node that is complete");
  }

  @Test
  void aCopyThatHasLostADatabaseSinceNamesIt() throws Exception {
    awaitComplete();
    replica.close();
    copied.drop("dns");
    copied.close();
    loseRoot();
    refused(ErrorCode.NOT_COMPLETE, "dns is not here (2 entries)");
    root.stop();
    // And one that is behind what it was.
    try (DatabaseSet set = DatabaseSet.open(copy(), OPTIONS)) {
      Completeness complete = set.completeness().orElseThrow();
      set.create(new DatabaseIdentity(idOf("dns", complete, set), "dns", "text", "text"));
    }
    refused(ErrorCode.NOT_COMPLETE, "dns lacks the sequences 1 to 2");
  }

  @Test
  void aDatabaseThatWasBeingReplacedWhenTheRootDiedIsMadeAgain() throws Exception {
    awaitComplete();
    stopFollowing();
    server.close();
    root.stop();
    // The root has made the new environment, and dies before its catalog says so.
    root.execute("SELECT quicksilver.drop_database('dns')");
    root.execute("SELECT quicksilver.create_database('dns')");
    root.execute("INSERT INTO dns VALUES ('new', '1')");
    UUID later =
        UUID.fromString(root.query("SELECT id FROM quicksilver.databases WHERE name = 'dns'"));
    try (DatabaseSet set = DatabaseSet.open(scratch.resolve("data"), OPTIONS)) {
      set.replace(new DatabaseIdentity(later, "dns", "text", "text"));
    }
    root.start();
    root.catchUp();
    assertThat(root.pairs("dns")).isEqualTo(root.table("dns"));
    assertThat(root.log("dns")).containsExactly("SET new 1");
    assertThat(root.databases().get("dns").orElseThrow().identity().id()).isEqualTo(later);
  }

  @Test
  void aReplicaWhoseCatalogIsAheadOfADatabaseThatWasReplacedMakesItAgain() throws Exception {
    awaitComplete();
    root.stop();
    server.close();
    root.launch(root.config.withConfirmAfter(Duration.ofHours(1)));
    root.awaitState(GatewayStatus.State.STREAMING);
    stopFollowing();
    root.execute("SELECT quicksilver.drop_database('dns')");
    root.execute("SELECT quicksilver.create_database('dns')");
    root.execute("INSERT INTO dns VALUES ('new', '1'), ('newer', '2')");
    root.catchUp();
    catalogComesAlone();
    List<String> lost = root.log("dns");
    Head head = root.databases().get("dns").orElseThrow().head();
    root.stop();
    root.moveTo(copy());
    root.start();
    root.catchUp();
    assertThat(root.log("dns")).isEqualTo(lost).containsExactly("SET new 1", "SET newer 2");
    assertThat(root.databases().get("dns").orElseThrow().head().chainHash())
        .isEqualTo(head.chainHash());
  }

  private static UUID idOf(String name, Completeness complete, DatabaseSet set) throws Exception {
    return CatalogPair.named(set.get(DatabaseSet.CATALOG).orElseThrow()).values().stream()
        .filter(each -> each.name().equals(name) && complete.databases().containsKey(each.id()))
        .findFirst()
        .orElseThrow()
        .id();
  }

  @Test
  void aCopyThatNeverHeardIsRefusedButForOneOfARootOfAnEarlierBuild() throws Exception {
    awaitComplete();
    stopFollowing();
    loseRoot();
    Files.delete(copy().resolve("complete.0"));
    Files.delete(copy().resolve("complete.1"));
    refused(ErrorCode.NOT_COMPLETE, "has never heard", "let this one follow such a node");
    root.stop();
    root.moveTo(scratch.resolve("data"));
    for (String file : List.of("complete.0", "complete.1")) {
      Files.deleteIfExists(scratch.resolve("data").resolve(file));
    }
    recordIdle();
    Following.write(
        scratch.resolve("data"),
        Map.of(
            DatabaseSet.CATALOG,
            new Following("SEQUENCING", "PostgreSQL", 1, OptionalLong.empty(), "")));
    root.start();
    root.execute("INSERT INTO dns VALUES ('c', '3')");
    root.catchUp();
    assertThat(root.pairs("dns")).isEqualTo(root.table("dns"));
  }

  /** The catalog of the root reaches the copy, and nothing else. */
  private void catalogComesAlone() {
    try (DatabaseSet there = DatabaseSet.open(copy(), OPTIONS)) {
      there.drop(DatabaseSet.CATALOG);
      SnapshotCopy.copy(
          root.databases().get(DatabaseSet.CATALOG).orElseThrow(),
          there.copyFolder(DatabaseSet.CATALOG),
          (_, _, _) -> {});
      there.useCopy(DatabaseSet.CATALOG);
    }
  }

  private void publishedAnew(String as, String ddl, String change) throws Exception {
    root.execute(ddl);
    root.execute("SELECT quicksilver.publish('t', 'one', value_columns => '{v}')");
    root.execute("INSERT INTO t VALUES ('a', 'first', 1)");
    awaitComplete();
    root.stop();
    server.close();
    root.launch(root.config.withConfirmAfter(Duration.ofHours(1)));
    root.awaitState(GatewayStatus.State.STREAMING);
    stopFollowing();
    // Of the old database, although the catalog that is read names the new one.
    root.execute(change);
    root.execute(
        "BEGIN; SELECT quicksilver.unpublish('one'); SELECT quicksilver.publish('t', '%s',"
                .formatted(as)
            + " value_columns => '{v}'); COMMIT");
    root.catchUp();
    catalogComesAlone();
    List<String> lost = root.log(as);
    Head head = root.databases().get(as).orElseThrow().head();
    root.stop();
    root.moveTo(copy());
    root.start();
    root.catchUp();
    assertThat(root.log(as)).isEqualTo(lost);
    assertThat(root.databases().get(as).orElseThrow().head().chainHash())
        .isEqualTo(head.chainHash());
  }

  private static final String TABLE =
      "CREATE TABLE t (id text PRIMARY KEY, v text NOT NULL, n int);";

  @Test
  void aTableThatWasPublishedAnewUnderAnotherNameHasTheSameLogAgain() throws Exception {
    publishedAnew("two", TABLE, "INSERT INTO t VALUES ('b', 'second', 2)");
  }

  @Test
  void aTableThatWasPublishedAnewUnderItsNameHasTheSameLogAgain() throws Exception {
    publishedAnew("one", TABLE, "INSERT INTO t VALUES ('b', 'second', 2)");
  }

  @Test
  void aLargeValueThatStayedBeforeThatIsNotLookedForInTheNewDatabase() throws Exception {
    publishedAnew(
        "two",
        TABLE
            + "ALTER TABLE t ALTER v SET STORAGE EXTERNAL;"
            + "INSERT INTO t VALUES ('big', repeat('x', 10000), 1)",
        "UPDATE t SET n = 5 WHERE id = 'big'");
  }

  @Test
  void aRootOfAnEarlierBuildThatHasLostADatabaseIsNotGivenAnEmptyOne() throws Exception {
    root.catchUp();
    server.close();
    root.stop();
    for (String file : List.of("complete.0", "complete.1")) {
      Files.deleteIfExists(scratch.resolve("data").resolve(file));
    }
    try (DatabaseSet set = DatabaseSet.open(scratch.resolve("data"), OPTIONS)) {
      set.drop("dns");
    }
    Following.write(
        scratch.resolve("data"),
        Map.of(
            DatabaseSet.CATALOG,
            new Following("SEQUENCING", "PostgreSQL", 1, OptionalLong.empty(), "")));
    // It had recorded WAL beyond its last entry in its catalog.
    recordIdle();
    refused(ErrorCode.NOT_COMPLETE, "dns is not here");
  }

  private long confirmed() throws SQLException {
    return Long.parseLong(
        root.query(
            "SELECT confirmed_flush_lsn - '0/0' FROM pg_replication_slots WHERE slot_name = '"
                + name
                + "'"));
  }

  private void recordIdle() throws Exception {
    long confirmed = confirmed();
    try (DatabaseSet set = DatabaseSet.open(scratch.resolve("data"), OPTIONS);
        var appender = set.get(DatabaseSet.CATALOG).orElseThrow().append()) {
      var position = set.get(DatabaseSet.CATALOG).orElseThrow().head().position();
      appender.position(new Position(position.systemId(), position.timeline(), confirmed));
      appender.commit();
    }
  }
}
