package dev.quicksilver.replication;

import static dev.quicksilver.replication.TestNode.set;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.replication.RootRole.Standing;
import dev.quicksilver.storage.Completeness;
import dev.quicksilver.storage.record.Position;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who is served by a root that is not the active one, and what the active one hears of it. */
final class RootRoleTest {
  private static final UUID DNS = new UUID(1, 1);

  @TempDir private Path data;

  private static ReplicationServer serve(TestNode node, RootRole role) {
    return ReplicationServer.start(
        "127.0.0.1",
        0,
        node.databases,
        node.identity,
        node.subtree,
        ServerOptions.DEFAULT,
        Transport.PLAIN,
        role);
  }

  private TestNode root(String name) {
    TestNode root = TestNode.root(name, data.resolve(name));
    root.create("dns", DNS);
    root.commit("dns", set("a", "1"));
    return root;
  }

  @Test
  void followersGoToTheRootThatIsActiveAndBack() {
    RootRole first = RootRole.of(Standing.ACTIVE);
    RootRole second = RootRole.of(Standing.STANDING_BY);
    try (TestNode one = root("one");
        TestNode other = root("other");
        ReplicationServer a = serve(one, first);
        ReplicationServer b = serve(other, second);
        TestNode edge = TestNode.open("edge", data.resolve("edge")).follow(b.port(), a.port())) {
      edge.awaitStatus("dns", status -> status.upstream().equals("one"));
      assertThat(edge.replica().refusals())
          .anyMatch(each -> each.code() == RefusalCode.NOT_ACTIVE && each.count() > 0);
      first.become(Standing.STANDING_BY);
      second.become(Standing.ACTIVE);
      edge.awaitStatus("dns", status -> status.upstream().equals("other"));
      other.commit("dns", set("b", "2"));
      edge.awaitSequence("dns", 2);
    }
  }

  @Test
  void whoComesWhileANodeTakesOverIsServedWhenItHas() {
    RootRole role = RootRole.of(Standing.TAKING_OVER);
    try (TestNode one = root("one");
        ReplicationServer server = serve(one, role);
        TestNode edge = TestNode.open("edge", data.resolve("edge")).follow(server.port())) {
      role.become(Standing.ACTIVE);
      edge.awaitSequence("dns", 1);
    }
  }

  @Test
  void aStandbySaysUpToWhereItIsComplete() {
    try (TestNode active = root("active");
        TestNode standby = TestNode.open("standby", data.resolve("standby"))) {
      standby.follow(standby.config(active.port()).asStandby());
      standby.awaitSequence("dns", 1);
      Position position = new Position(9, 1, 5000);
      active.databases.complete(Completeness.of(position, active.databases));
      Standbys standbys = active.subtree.standbys();
      Await.until(
          () -> standbys.all().equals(List.of(new Standbys.Standby("standby", position))),
          standbys::all);
      assertThat(standbys.heldBy(1, at -> at.systemId() == 9)).isEqualTo(5000);
      assertThat(standbys.heldBy(2, at -> at.systemId() == 9)).isZero();
      assertThat(standbys.heldBy(1, at -> at.systemId() == 8)).as("of another PostgreSQL").isZero();
      standby.stopFollowing();
      Await.until(() -> standbys.all().isEmpty(), standbys::all);
    }
  }

  @Test
  void theSameStandbyCountsOnce() {
    Standbys standbys = new Standbys();
    standbys.held("old connection", "b", new Position(9, 1, 10));
    standbys.held("new connection", "b", new Position(9, 1, 20));
    standbys.held("c", "c", new Position(9, 1, 15));
    assertThat(standbys.heldBy(1, at -> at.systemId() == 9)).isEqualTo(20);
    assertThat(standbys.heldBy(2, at -> at.systemId() == 9)).isEqualTo(15);
    assertThat(standbys.heldBy(3, at -> at.systemId() == 9)).isZero();
  }
}
