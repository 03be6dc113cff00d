package dev.quicksilver.replication;

import static dev.quicksilver.replication.TestNode.set;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.storage.Database;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** One read of a block serves all followers that keep up. */
final class RecentBlocksTest {
  private static final UUID ID = new UUID(1, 2);

  @TempDir Path folder;

  private final AtomicLong now = new AtomicLong();

  @Test
  void manySessionsCauseOneRead() throws Exception {
    try (TestNode node = TestNode.root("root", folder)) {
      Database database = node.create("dns", ID);
      RecentBlocks recent = new RecentBlocks(database, now::get);
      assertThat(recent.at(1)).isNull();
      node.commit("dns", set("a", "1"));
      node.commit("dns", set("b", "2"));
      try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
        List<Future<Long>> sessions = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
          sessions.add(threads.submit(() -> readAll(recent)));
        }
        for (Future<Long> session : sessions) {
          assertThat(session.get()).isEqualTo(2);
        }
      }
      assertThat(recent.reads()).isEqualTo(2);
    }
  }

  private static long readAll(RecentBlocks recent) {
    long last = 0;
    for (RecentBlocks.Block block = recent.at(1); block != null; block = recent.at(last + 1)) {
      assertThat(block.header().firstSequence()).isEqualTo(last + 1);
      assertThat(block.segments()).isNotEmpty();
      last = block.header().lastSequence();
    }
    return last;
  }

  @Test
  void oldBlocksAreForgottenAndFollowersThatAreBehindReadForThemselves() {
    try (TestNode node = TestNode.root("root", folder)) {
      RecentBlocks recent = new RecentBlocks(node.create("dns", ID), now::get);
      node.commit("dns", set("a", "1"));
      node.commit("dns", set("b", "2"));
      assertThat(recent.at(2)).isNotNull();
      assertThat(recent.at(1)).isNull();
      now.addAndGet(RecentBlocks.MAX_AGE.toNanos() + 1);
      assertThat(recent.at(2)).isNotNull();
      assertThat(recent.reads()).isEqualTo(2);
    }
  }

  @Test
  void whatIsHeldIsBounded() {
    try (TestNode node = TestNode.root("root", folder)) {
      RecentBlocks recent = new RecentBlocks(node.create("dns", ID), now::get);
      node.commit("dns", set("too-large", noise((int) RecentBlocks.MAX_BYTES + 1)));
      assertThat(recent.at(1)).isNull();
      for (int i = 2; i <= 4; i++) {
        node.commit("dns", set("large", noise((int) RecentBlocks.MAX_BYTES / 2)));
        assertThat(recent.at(i)).isNotNull();
      }
      assertThat(recent.at(2)).as("pushed out by the others").isNull();
      assertThat(recent.at(4)).isNotNull();
      assertThat(recent.reads()).isEqualTo(3);
    }
  }

  /** Text that Snappy cannot make smaller. */
  private static String noise(int length) {
    byte[] bytes = new byte[length];
    Random random = new Random(5);
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (' ' + random.nextInt(95));
    }
    return new String(bytes, StandardCharsets.US_ASCII);
  }

  @Test
  void anUnusedDatabaseLeavesNothingBehind() {
    try (TestNode node = TestNode.root("root", folder)) {
      Database database = node.create("dns", ID);
      RecentBlocks.Shared shared = new RecentBlocks.Shared(now::get);
      RecentBlocks first = shared.acquire(database);
      assertThat(shared.acquire(database)).isSameAs(first);
      shared.release(database);
      assertThat(shared.acquire(database)).isSameAs(first);
      shared.release(database);
      shared.release(database);
      assertThat(shared.acquire(database)).isNotSameAs(first);
    }
  }
}
