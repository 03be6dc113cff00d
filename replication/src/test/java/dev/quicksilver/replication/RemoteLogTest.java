package dev.quicksilver.replication;

import static dev.quicksilver.replication.TestNode.set;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.replication.RemoteLog.Range;
import dev.quicksilver.storage.log.LogEntry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class RemoteLogTest {
  @TempDir private Path data;
  private TestNode root;
  private Upstream node;

  @BeforeEach
  void startRoot() {
    root = TestNode.root("root", data.resolve("root"));
    node = Upstream.primary("127.0.0.1", root.port());
    root.create("dns", new UUID(1, 1));
    root.commit("dns", set("a", "1").andThen(set("b", "2")).andThen(set("c", "3")));
    root.commit("dns", set("d", "4").andThen(set("e", "5")));
  }

  @AfterEach
  void stopRoot() {
    root.close();
  }

  private static String show(LogEntry entry) {
    return entry.sequence()
        + " "
        + entry.operation()
        + " "
        + new String(entry.key(), StandardCharsets.UTF_8)
        + " "
        + new String(entry.value(), StandardCharsets.UTF_8);
  }

  private static List<String> take(RemoteLog log, int count) throws IOException {
    List<String> result = new ArrayList<>();
    while (result.size() < count) {
      LogEntry entry = log.next();
      if (entry == null) {
        break;
      }
      result.add(show(entry));
    }
    return result;
  }

  @Test
  void readsFromTheStartAndGoesOnAsEntriesCome() throws IOException {
    try (RemoteLog log = RemoteLog.open(node, "dns", Range.from(1))) {
      assertThat(log.identity().name()).isEqualTo("dns");
      assertThat(log.lastSequence()).isEqualTo(5);
      assertThat(take(log, 5))
          .containsExactly("1 SET a 1", "2 SET b 2", "3 SET c 3", "4 SET d 4", "5 SET e 5");
      root.commit("dns", set("f", "6"));
      assertThat(take(log, 1)).containsExactly("6 SET f 6");
    }
  }

  @Test
  void beginsAndStopsInTheMiddleOfATransaction() throws IOException {
    try (RemoteLog log = RemoteLog.open(node, "dns", Range.between(2, 4))) {
      assertThat(take(log, 10)).containsExactly("2 SET b 2", "3 SET c 3", "4 SET d 4");
    }
  }

  @Test
  void newestOnlyBeginsWithWhatIsCommittedNext() throws IOException {
    try (RemoteLog log = RemoteLog.open(node, "dns", Range.newest())) {
      root.commit("dns", set("f", "6"));
      assertThat(take(log, 1)).containsExactly("6 SET f 6");
    }
  }

  @Test
  void anUnknownDatabaseIsATypedRefusal() {
    assertThatThrownBy(() -> RemoteLog.open(node, "pages", Range.from(1)))
        .isInstanceOfSatisfying(
            RefusedException.class,
            e -> assertThat(e.refusal().code()).isEqualTo(RefusalCode.UNKNOWN_DATABASE));
  }
}
