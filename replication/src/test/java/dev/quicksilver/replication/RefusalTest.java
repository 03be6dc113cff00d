package dev.quicksilver.replication;

import static dev.quicksilver.replication.TestNode.set;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.quicksilver.replication.Message.ClientHello;
import dev.quicksilver.replication.Message.Databases;
import dev.quicksilver.replication.Message.End;
import dev.quicksilver.replication.Message.Purpose;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.ChainHash;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every way to be turned away, and that it is said in one line with the cure. */
final class RefusalTest {
  private static final UUID DNS = new UUID(1, 1);

  @TempDir private Path data;
  private TestNode root;

  @BeforeEach
  void startRoot() {
    root = TestNode.root("root", data.resolve("root"));
    root.create("dns", DNS);
    for (int i = 0; i < 5; i++) {
      root.commit("dns", set("key" + i, "value"));
    }
  }

  @AfterEach
  void stopRoot() {
    root.close();
  }

  private Refusal refusal(ClientHello hello) throws IOException {
    try (RawClient client = new RawClient(root.port())) {
      Message answer = client.ask(hello);
      assertThat(answer).isInstanceOf(Refusal.class);
      return (Refusal) answer;
    }
  }

  @Test
  void refusesANodeConnectedToItself() throws Exception {
    root.follow(root.port());
    assertThat(root.awaitRefused("quicksilver"))
        .contains("SELF", "\"root\" is connected to itself", "another node")
        .doesNotContain("\n");
  }

  @Test
  void refusesAnotherDatabaseOfTheSameName() throws Exception {
    try (TestNode other = TestNode.root("other", data.resolve("other"), new UUID(9, 9))) {
      other.stopServing();
      other.follow(root.port());
      assertThat(other.awaitRefused("quicksilver"))
          .contains("WRONG_DATABASE", new UUID(9, 9).toString(), TestNode.CATALOG_ID.toString());
    }
    assertThat(refusal(RawClient.follow("dns", new UUID(5, 5), 0, Protocol.NO_HASH)).code())
        .isEqualTo(RefusalCode.WRONG_DATABASE);
  }

  @Test
  void aNodeBoundToACatalogRefusesAnother() throws Exception {
    try (TestNode edge = TestNode.open("edge", data.resolve("edge"))) {
      edge.follow(edge.config(root.port()).withCatalogId(new UUID(8, 8)));
      assertThat(edge.awaitRefused("quicksilver")).contains("WRONG_DATABASE");
      assertThat(edge.databases.all()).isEmpty();
    }
  }

  @Test
  void refusesAForkAndLeavesTheCopyAsItIs() throws Exception {
    try (TestNode edge = TestNode.root("edge", data.resolve("edge"))) {
      edge.create("dns", DNS);
      edge.commit("dns", set("something", "else"));
      ChainHash before = edge.database("dns").head().chainHash();
      edge.follow(root.port());
      assertThat(edge.awaitRefused("dns")).contains("FORK", "at sequence 1");
      assertThat(edge.database("dns").head().chainHash()).isEqualTo(before);
    }
  }

  @Test
  void aNodeThatIsAheadWaitsIfItsHistoryIsTheSame() throws Exception {
    try (TestNode ahead = TestNode.root("ahead", data.resolve("ahead"))) {
      ahead.create("dns", DNS);
      for (int i = 0; i < 7; i++) {
        ahead.commit("dns", set("key" + i, "value"));
      }
      ahead.follow(root.port());
      Await.until(
          () ->
              ahead.replica().status().stream()
                  .anyMatch(
                      s ->
                          s.database().equals("dns")
                              && s.refusal()
                                  .filter(r -> r.code() == RefusalCode.UPSTREAM_BEHIND)
                                  .isPresent()),
          () -> ahead.replica().status());
      for (int i = 5; i < 9; i++) {
        root.commit("dns", set("key" + i, "value"));
      }
      ahead.awaitEqual("dns", root);
    }
  }

  @Test
  void aNodeThatIsAheadWithAnotherHistoryIsAFork() throws Exception {
    try (TestNode ahead = TestNode.root("ahead", data.resolve("ahead"))) {
      ahead.create("dns", DNS);
      for (int i = 0; i < 7; i++) {
        ahead.commit("dns", set("key" + i, "another value"));
      }
      ahead.follow(root.port());
      assertThat(ahead.awaitRefused("dns")).contains("FORK", "at sequence 5");
    }
  }

  @Test
  void refusesAnUnknownVersionWithBothRanges() throws Exception {
    ClientHello hello = RawClient.follow("dns", DNS, 0, Protocol.NO_HASH);
    Refusal refusal =
        refusal(
            new ClientHello(
                7,
                9,
                hello.processId(),
                hello.purpose(),
                false,
                hello.codecs(),
                DNS,
                0,
                hello.chainHash(),
                0,
                "dns",
                "raw",
                ""));
    assertThat(refusal.code()).isEqualTo(RefusalCode.VERSION);
    assertThat(refusal.message()).contains("7 to 9", ProtocolVersions.SUPPORTED.toString());
  }

  @Test
  void refusesAFollowerWithoutACommonCompression() throws Exception {
    ClientHello hello = RawClient.follow("dns", DNS, 0, Protocol.NO_HASH);
    assertThat(
            refusal(
                    new ClientHello(
                        1,
                        1,
                        hello.processId(),
                        hello.purpose(),
                        false,
                        2,
                        DNS,
                        0,
                        hello.chainHash(),
                        0,
                        "dns",
                        "raw",
                        ""))
                .code())
        .isEqualTo(RefusalCode.CODEC);
  }

  @Test
  void saysThatADatabaseIsNotThereYet() throws Exception {
    Refusal refusal =
        refusal(RawClient.follow("pages", Protocol.ANY_DATABASE, 0, Protocol.NO_HASH));
    assertThat(refusal.code()).isEqualTo(RefusalCode.UNKNOWN_DATABASE);
    assertThat(refusal.code().isFinal()).isFalse();
  }

  @Test
  void saysThatASnapshotIsNeededAndTheFollowerTriesTheNextBeforeItCopies() throws Exception {
    StorageOptions forgetful = StorageOptions.DEFAULT.withLog(Duration.ofDays(365), 1);
    try (TestNode young = TestNode.root("young", data.resolve("young"), forgetful);
        TestNode edge = TestNode.open("edge", data.resolve("edge"));
        TestNode lost = TestNode.open("lost", data.resolve("lost"))) {
      young.create("dns", DNS);
      for (int i = 0; i < 5; i++) {
        young.commit("dns", set("key" + i, "value"));
      }
      // As configured only the newest block stays; the catalog's one block is still there.
      assertThat(young.database("dns").head().oldestSequence()).isGreaterThan(1);
      edge.follow(young.port(), root.port());
      edge.awaitEqual("dns", root);
      assertThat(edge.database("dns").head().oldestSequence()).isEqualTo(1);
      lost.follow(young.port());
      lost.awaitEqual("dns", young);
      assertThat(lost.database("dns").head().oldestSequence()).isGreaterThan(1);
    }
  }

  @Test
  void aFinalRefusalLeavesOutItsUpstreamAndTheNextOneIsFollowed() throws Exception {
    try (TestNode stranger = TestNode.root("stranger", data.resolve("stranger"), new UUID(9, 9));
        TestNode edge = TestNode.open("edge", data.resolve("edge"))) {
      edge.follow(edge.config(stranger.port(), root.port()).withCatalogId(TestNode.CATALOG_ID));
      edge.awaitEqual("dns", root);
      DatabaseStatus catalog = edge.status("quicksilver");
      assertThat(catalog.state()).isEqualTo(FollowerState.STREAMING);
      assertThat(catalog.refusal())
          .hasValueSatisfying(
              refusal -> assertThat(refusal.code()).isEqualTo(RefusalCode.WRONG_DATABASE));
      assertThat(catalog.upstreams())
          .extracting(up -> up.upstream().port(), UpstreamStatus::result, UpstreamStatus::node)
          .containsExactly(
              tuple(stranger.port(), UpstreamStatus.Result.LEFT_OUT, ""),
              tuple(root.port(), UpstreamStatus.Result.FOLLOWED, "root"));
      assertThat(catalog.upstreams().getFirst().detail()).contains("WRONG_DATABASE");
    }
  }

  @Test
  void isRefusedOnlyWhenEveryUpstreamHasRefusedFinally() throws Exception {
    try (TestNode stranger = TestNode.root("stranger", data.resolve("stranger"), new UUID(9, 9));
        TestNode late = TestNode.root("late", data.resolve("late"), new UUID(9, 9));
        TestNode edge = TestNode.open("edge", data.resolve("edge"))) {
      int latePort = late.port();
      late.stopServing();
      edge.follow(edge.config(stranger.port(), latePort).withCatalogId(TestNode.CATALOG_ID));
      Await.until(
          () ->
              edge.status("quicksilver").upstreams().stream()
                  .map(UpstreamStatus::result)
                  .toList()
                  .equals(List.of(UpstreamStatus.Result.LEFT_OUT, UpstreamStatus.Result.FAILED)),
          () -> edge.replica().status());
      late.serve(latePort);
      assertThat(edge.awaitRefused("quicksilver")).contains("WRONG_DATABASE");
    }
  }

  @Test
  void refusesMoreConnectionsThanItMayServe() throws Exception {
    root.stopServing();
    root.serve(
        new ServerOptions(
            1, Duration.ofSeconds(10), Duration.ofSeconds(30), Duration.ofSeconds(1)));
    try (RawClient first = new RawClient(root.port());
        RawClient second = new RawClient(root.port())) {
      first.ask(RawClient.follow("dns", DNS, 0, Protocol.NO_HASH));
      second.in.readMagic();
      assertThat(second.in.read())
          .isInstanceOfSatisfying(
              Refusal.class, refusal -> assertThat(refusal.code()).isEqualTo(RefusalCode.BUSY));
    }
  }

  @Test
  void tellsAForeignProtocolWhatItHasReached() throws Exception {
    try (RawClient client = new RawClient(root.port())) {
      client
          .socket
          .getOutputStream()
          .write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      client.in.readMagic();
      assertThat(client.in.read())
          .isInstanceOfSatisfying(
              Refusal.class,
              refusal -> {
                assertThat(refusal.code()).isEqualTo(RefusalCode.NOT_THE_PROTOCOL);
                assertThat(refusal.message()).contains("replication protocol");
              });
      assertThat(client.socket.getInputStream().read()).isEqualTo(-1);
    }
  }

  @Test
  void refusesAnOversizedHello() throws Exception {
    try (RawClient client = new RawClient(root.port())) {
      client.out.writeMagic();
      client.out.flush();
      client
          .socket
          .getOutputStream()
          .write(ByteBuffer.allocate(5).putInt(1 << 30).put((byte) 1).array());
      client.in.readMagic();
      assertThat(client.in.read())
          .isInstanceOfSatisfying(
              Refusal.class,
              refusal -> assertThat(refusal.message()).contains("1073741824", "4096"));
    }
  }

  @Test
  void aPortInUseIsOneLineWithTheCure() {
    assertThatThrownBy(
            () ->
                ReplicationServer.start(
                    "127.0.0.1", root.port(), root.databases, NodeIdentity.create("x", "")))
        .isInstanceOf(ReplicationException.class)
        .hasMessageContaining("127.0.0.1:" + root.port())
        .hasMessageContaining("choose another");
  }

  @Test
  void aFollowerThatIsAtItsStopSequenceAlreadyIsSentNothing() throws Exception {
    ClientHello hello = RawClient.follow("dns", DNS, 5, root.database("dns").head().chainHash());
    root.commit("dns", set("key6", "value"));
    try (RawClient client = new RawClient(root.port())) {
      client.ask(
          new ClientHello(
              1,
              1,
              hello.processId(),
              hello.purpose(),
              false,
              hello.codecs(),
              DNS,
              5,
              hello.chainHash(),
              5,
              "dns",
              "raw",
              ""));
      assertThat(client.in.read())
          .isInstanceOfSatisfying(End.class, end -> assertThat(end.lastSequence()).isEqualTo(5));
    }
  }

  @Test
  void listsItsDatabases() throws Exception {
    ClientHello hello =
        new ClientHello(
            1,
            1,
            UUID.randomUUID(),
            Purpose.LIST,
            false,
            Protocol.CODEC_SNAPPY,
            Protocol.ANY_DATABASE,
            0,
            Protocol.NO_HASH,
            0,
            "",
            "raw",
            "");
    try (RawClient client = new RawClient(root.port())) {
      assertThat(client.ask(hello))
          .isInstanceOfSatisfying(
              Databases.class,
              list ->
                  assertThat(list.databases())
                      .extracting(info -> info.identity().name())
                      .containsExactly("dns", "quicksilver"));
      assertThat(client.in.read()).isInstanceOf(End.class);
    }
  }
}
