package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.cluster.Folders;
import dev.quicksilver.fixtures.FaultProxy;
import dev.quicksilver.fixtures.FaultProxy.BlockFault;
import dev.quicksilver.storage.record.Head;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * Five to ten faults under write load, and how it must end. Follows from its seed, but for time.
 */
final class FaultSchedule {
  /** What can happen. */
  private enum Fault {
    CUT,
    DELAY,
    HALF_OPEN,
    PARTITION,
    SLOW_READER,
    CORRUPT,
    DUPLICATE,
    LOSE,
    REORDER,
    KILL,
    OLDER_COPY,
    OLDER_COPY_OTHER_WRITES
  }

  /**
   * How a schedule ended.
   *
   * @param refused nodes that kept the history that the root gave up, and said so
   */
  record Result(long entries, boolean forked, int refused, List<String> faults) {}

  private final long seed;
  private final Random random;
  private final List<String> said = new ArrayList<>();
  private boolean forked;
  private int refusals;

  FaultSchedule(long seed) {
    this.seed = seed;
    this.random = new Random(seed);
  }

  /** Returns the faults so far, in words. */
  List<String> said() {
    return said;
  }

  Result run() throws Exception {
    Path folder = Files.createTempDirectory("quicksilver-faults-");
    try (FaultTree tree = new FaultTree(folder, seed)) {
      FaultTree.await(
          () -> tree.has(FaultTree.EDGE) && tree.has(FaultTree.OTHER_EDGE),
          () -> "the edges have the database");
      int faults = 5 + random.nextInt(6);
      int fork = random.nextInt(8) == 0 ? faults - 1 : -1;
      for (int i = 0; i < faults; i++) {
        pause(50 + random.nextInt(150));
        fault(tree, i == fork);
      }
      heal(tree);
      if (!forked) {
        overtake(tree);
      }
      tree.stopWriting();
      return new Result(end(tree), forked, refusals, said);
    } finally {
      Folders.remove(folder);
    }
  }

  private static void pause(long millis) throws InterruptedException {
    TimeUnit.MILLISECONDS.sleep(millis);
  }

  private void fault(FaultTree tree, boolean fork) throws Exception {
    Fault fault =
        fork
            ? Fault.OLDER_COPY_OTHER_WRITES
            : Fault.values()[random.nextInt(Fault.values().length - 1)];
    int network = random.nextInt(tree.proxies().size());
    int node = random.nextInt(FaultTree.size());
    FaultProxy proxy = tree.proxies().get(network);
    boolean ofNode = fault.compareTo(Fault.KILL) >= 0;
    if (fork) {
      node = FaultTree.ROOT;
    } else if (fault == Fault.OLDER_COPY) {
      node = random.nextInt(2); // a node that others follow
    }
    said.add(fault + (ofNode ? " of " + FaultTree.name(node) : " on network " + network));
    switch (fault) {
      case CUT -> proxy.cut();
      case DELAY -> proxy.delay(20 + random.nextInt(150));
      case HALF_OPEN -> proxy.freeze();
      case PARTITION -> {
        proxy.block(true);
        pause(200 + random.nextInt(1_500));
        proxy.block(false);
      }
      case SLOW_READER -> proxy.slow(true);
      case CORRUPT -> proxy.fault(BlockFault.CORRUPT);
      case DUPLICATE -> proxy.fault(BlockFault.DUPLICATE);
      case LOSE -> proxy.fault(BlockFault.LOSE);
      case REORDER -> {
        proxy.fault(BlockFault.SWAP);
        pause(200);
        proxy.cut();
      }
      case KILL -> {
        tree.kill(node);
        pause(random.nextInt(300));
        tree.start(node);
      }
      case OLDER_COPY, OLDER_COPY_OTHER_WRITES -> {
        tree.kill(node);
        tree.save(node);
        tree.start(node);
        pause(300 + random.nextInt(700));
        tree.kill(node);
        tree.restore(node);
        if (fork) {
          tree.fork();
          forked = true;
        }
        tree.start(node);
      }
    }
  }

  /** A root that began again with an older copy has not yet written what others have. */
  private static void overtake(FaultTree tree) {
    for (int node = FaultTree.RELAY; node < FaultTree.size(); node++) {
      long there = head(tree, node).lastSequence();
      FaultTree.await(
          () -> head(tree, FaultTree.ROOT).lastSequence() >= there, () -> "sequence " + there);
    }
  }

  private static void heal(FaultTree tree) {
    for (FaultProxy proxy : tree.proxies()) {
      proxy.block(false);
      proxy.delay(0);
      proxy.slow(false);
    }
  }

  /** Waits until each node is as it has to be; returns the root's last sequence. */
  private long end(FaultTree tree) {
    Head root = tree.with(FaultTree.ROOT, snapshot -> snapshot.head());
    FaultModel now = tree.model();
    FaultModel before = FaultModel.of(seed);
    tree.with(
        FaultTree.ROOT,
        snapshot -> {
          now.requireHolds("root", snapshot);
          return true;
        });
    boolean[] refused = new boolean[FaultTree.size()];
    for (int node = FaultTree.RELAY; node < FaultTree.size(); node++) {
      int here = node;
      FaultTree.await(
          () -> {
            refused[here] = forked && refusesTheFork(tree, here, now.forkAt(), refused);
            return refused[here] || equal(tree, here, root);
          },
          () ->
              FaultTree.name(here)
                  + " is at "
                  + head(tree, here)
                  + ", root at "
                  + root
                  + "; "
                  + said(tree, here));
      tree.with(
          node,
          snapshot -> {
            (refused[here] ? before : now).requireHolds(FaultTree.name(here), snapshot);
            return true;
          });
    }
    for (boolean each : refused) {
      refusals += each ? 1 : 0;
    }
    return root.lastSequence();
  }

  private static Head head(FaultTree tree, int node) {
    return tree.with(node, snapshot -> snapshot.head());
  }

  private static boolean equal(FaultTree tree, int node, Head root) {
    Head head = head(tree, node);
    return head.lastSequence() == root.lastSequence()
        && head.chainHash().equals(root.chainHash())
        && head.contentDigest().equals(root.contentDigest())
        && head.position().equals(root.position());
  }

  /**
   * A node that has entries of the history that was given up must say FORK, or follow one that has
   * them too: the relay for the edges.
   */
  private static boolean refusesTheFork(FaultTree tree, int node, long forkAt, boolean[] refused) {
    boolean older = head(tree, node).lastSequence() > forkAt;
    return older
        && (said(tree, node).startsWith("REFUSED FORK")
            || (node > FaultTree.RELAY
                && refused[FaultTree.RELAY]
                && head(tree, node).chainHash().equals(head(tree, FaultTree.RELAY).chainHash())));
  }

  private static String said(FaultTree tree, int node) {
    try {
      return tree.ask(node);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
