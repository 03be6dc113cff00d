package dev.quicksilver.replication;

import static dev.quicksilver.replication.TestNode.set;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.copy.Verifier;
import dev.quicksilver.storage.copy.VerifyProgress;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.lmdb.StorageOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One damaged copy, or one entry of the catalog, keeps no other database from being followed. */
final class DamagedCopyTest {
  private static final UUID DNS = new UUID(1, 1);
  private static final UUID PAGES = new UUID(2, 2);

  @TempDir private Path data;
  private TestNode root;

  @BeforeEach
  void startRoot() {
    root = TestNode.root("root", data.resolve("root"));
    root.create("dns", DNS);
    root.create("pages", PAGES);
    root.commit("dns", set("a", "1"));
    root.commit("pages", set("b", "1"));
  }

  @AfterEach
  void stopRoot() {
    root.close();
  }

  /** Makes a copy of everything at the edge and stops it. */
  private Path edgeStopped() {
    Path edge = data.resolve("edge");
    try (TestNode node = TestNode.open("edge", edge)) {
      node.follow(root.port());
      node.awaitEqual("dns", root);
      node.awaitEqual("pages", root);
    }
    return edge;
  }

  private static Path file(Path node, String database) {
    return new DatabaseDirectory(node).environment(database).orElseThrow().resolve("data.mdb");
  }

  private static void cut(Path file) throws IOException {
    byte[] all = Files.readAllBytes(file);
    Files.write(file, java.util.Arrays.copyOf(all, 3 * 4096));
  }

  private static long generations(Path node) {
    try (var children = Files.list(node.resolve("databases/dns"))) {
      return children.filter(path -> Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)).count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private TestNode reopened(Path edge) {
    return TestNode.openUndamaged("edge", edge).follow(root.port());
  }

  @Test
  void aDatabaseThatCannotBeOpenedIsCopiedAnewAndTheOthersAreServedMeanwhile() throws Exception {
    Path edge = edgeStopped();
    cut(file(edge, "dns"));
    assertThatThrownBy(() -> DatabaseSet.open(edge, StorageOptions.DEFAULT))
        .isInstanceOfSatisfying(
            StorageException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CORRUPT));
    int port = root.port();
    root.stopServing();
    try (TestNode node = TestNode.openUndamaged("edge", edge).follow(port)) {
      assertThat(node.databases.damaged()).containsOnlyKeys("dns");
      assertThat(node.database("pages").head().lastSequence()).isEqualTo(1);
      node.awaitStatus("dns", status -> status.state() != FollowerState.CONNECTING);
      assertThat(node.databases.get("dns")).isEmpty(); // no empty one in its place
      root.serve(port);
      root.commit("pages", set("b", "2"));
      node.awaitEqual("dns", root);
      node.awaitEqual("pages", root);
      assertThat(node.databases.damaged()).isEmpty();
      assertThat(Verifier.verify(node.database("dns"), VerifyProgress.NONE).problems()).isEmpty();
      // The damaged one goes after the copy has come into use.
      Await.until(() -> generations(edge) == 1, () -> edge);
    }
  }

  @Test
  void oneThatIsDamagedAndWasDroppedIsRemoved() throws Exception {
    Path edge = edgeStopped();
    cut(file(edge, "dns"));
    root.drop("dns");
    try (TestNode node = reopened(edge)) {
      Await.until(
          () -> Files.notExists(edge.resolve("databases/dns")), () -> node.replica().status());
      assertThat(node.databases.damaged()).isEmpty();
      assertThat(node.databases.get("dns")).isEmpty();
    }
  }

  @Test
  void aCatalogThatCannotBeOpenedLeavesTheDatabasesFollowed() throws Exception {
    Path edge = edgeStopped();
    cut(file(edge, "quicksilver"));
    try (TestNode node = reopened(edge)) {
      root.commit("dns", set("a", "2"));
      node.awaitEqual("dns", root);
      assertThat(node.replica().problem())
          .hasValueSatisfying(why -> assertThat(why).contains("CORRUPT", "copy-anew quicksilver"));
      // Only who asks for it may take a catalog without knowing whose it is.
      assertThat(node.databases.copyBegun("quicksilver")).isFalse();
      node.replica().copyAnew("quicksilver");
      node.awaitEqual("quicksilver", root);
      Await.until(() -> node.replica().problem().isEmpty(), () -> node.replica().problem());
      root.create("third", new UUID(3, 3));
      Await.until(() -> node.databases.get("third").isPresent(), () -> node.replica().status());
    }
  }

  @Test
  void aCatalogWhosePairsAreDamagedLeavesTheDatabasesFollowed() throws Exception {
    Path edge = edgeStopped();
    Path file = file(edge, "quicksilver");
    String all = Files.readString(file, StandardCharsets.ISO_8859_1);
    Files.writeString(
        file, all.replace("\"key_type\"", "\"key_tYpe\""), StandardCharsets.ISO_8859_1);
    try (TestNode node = reopened(edge)) {
      root.commit("dns", set("a", "2"));
      node.awaitEqual("dns", root);
      assertThat(node.replica().problem())
          .hasValueSatisfying(why -> assertThat(why).contains("CORRUPT"));
      assertThat(node.databases.all()).extracting(d -> d.identity().name()).contains("pages");
    }
  }

  @Test
  void oneEntryThatCannotBeReadKeepsNoOtherFromBeingFollowed() {
    byte[] later = "{\"format\": 2}".getBytes(UTF_8);
    root.commit("quicksilver", a -> a.set("a-later-one".getBytes(UTF_8), later));
    try (TestNode node = TestNode.open("edge", data.resolve("edge")).follow(root.port())) {
      node.awaitEqual("dns", root);
      node.awaitEqual("pages", root);
      Await.until(() -> node.replica().problem().isPresent(), () -> node.replica().status());
      assertThat(node.replica().problem().orElseThrow()).contains("\"a-later-one\"", "newer");
      // What is not listed may be what cannot be read.
      root.drop("pages");
      root.create("third", new UUID(3, 3));
      Await.until(() -> node.databases.get("third").isPresent(), () -> node.replica().status());
      assertThat(node.databases.get("pages")).isPresent();
      root.commit("quicksilver", a -> a.delete("a-later-one".getBytes(UTF_8)));
      Await.until(() -> node.databases.get("pages").isEmpty(), () -> node.replica().status());
      assertThat(node.replica().problem()).isEmpty();
    }
  }

  @Test
  void aDatabaseThatCannotBeMadeKeepsNoOtherFromBeingFollowedAndIsTriedAgain() throws Exception {
    Path edge = data.resolve("edge");
    Files.createDirectories(edge.resolve("databases"));
    Path inTheWay = Files.createFile(edge.resolve("databases/dns"));
    try (TestNode node = TestNode.open("edge", edge).follow(root.port())) {
      node.awaitEqual("pages", root);
      Await.until(() -> node.replica().problem().isPresent(), () -> node.replica().status());
      assertThat(node.replica().problem().orElseThrow()).contains("\"dns\"", "IO");
      Files.delete(inTheWay);
      node.awaitEqual("dns", root);
      Await.until(() -> node.replica().problem().isEmpty(), () -> node.replica().problem());
    }
  }
}
