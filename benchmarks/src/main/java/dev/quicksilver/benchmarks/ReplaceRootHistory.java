package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.Ended;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.storage.Completeness;
import dev.quicksilver.storage.record.Head;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * How the root of a tree is lost, with any number of relays, and how a node or a backup that is
 * complete takes its place. One thread.
 */
final class ReplaceRootHistory {
  private static final int MOST_BACKUPS = 4;
  private static final int MOST_ATTEMPTS = 4;

  /**
   * What could become the root.
   *
   * @param node the replica that has it; empty if it is a backup
   * @param complete up to which byte of WAL it says that it is complete; 0 if it does not know
   */
  private record Candidate(String node, String directory, long complete) {
    boolean isBackup() {
      return node.isEmpty();
    }

    @Override
    public String toString() {
      return isBackup() ? "backup " + directory : node;
    }
  }

  private final ReplaceRootTree tree;
  private final Cluster cluster;
  private final ReplaceRootTables tables;
  private final ReplaceRootWriters writers;
  private final ReplaceRootCheck check;
  private final List<String> backups;
  private final Random random;
  private final List<String> said = new ArrayList<>();
  private final List<String> lost = new ArrayList<>();
  private final List<String> hung = new ArrayList<>();
  private Map<UUID, Head> heads = Map.of();
  private String vacated = "";
  private String young = "";
  private boolean youngIsRoot;
  private int excused;

  /** The backups are the directories of all that were made in this tree; it adds its own. */
  ReplaceRootHistory(
      ReplaceRootTree tree,
      ReplaceRootTables tables,
      ReplaceRootWriters writers,
      List<String> backups,
      Random random) {
    this.tree = tree;
    this.cluster = tree.cluster();
    this.tables = tables;
    this.writers = writers;
    this.check = new ReplaceRootCheck(tree, tables, writers);
    this.backups = backups;
    this.random = random;
  }

  /** Returns how many databases were copied anew since the new root had itself just begun. */
  int excused() {
    return excused;
  }

  /** Returns what has happened until now, in a line. */
  String said() {
    return String.join(", ", said);
  }

  /** Runs it, in a tree in which all nodes are up; afterwards they are up again. */
  void run(boolean idle) throws Exception {
    said.add(idle ? "idle" : "busy");
    awaitSame();
    tree.markLogs();
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      writers.start(1 + random.nextInt(3));
      List<Future<?>> copying = new ArrayList<>();
      int steps = 3 + random.nextInt(8);
      for (int i = 0; i < steps; i++) {
        step();
        if (random.nextInt(steps) == 0) {
          copying.add(backUp(executor));
        }
      }
      if (idle) {
        quieten();
      } else if (random.nextInt(3) == 0) {
        hang();
      } else if (random.nextBoolean()) {
        beginAnew();
      }
      if (random.nextBoolean()) {
        copying.add(backUp(executor));
      }
      if (random.nextBoolean()) {
        awaitAll(copying); // else some go on while their nodes are lost
      }
      lose(!idle && random.nextInt(3) == 0);
      awaitAll(copying);
    }
    replace(1);
    goOn();
    awaitSame();
    said.add(check.compare(heads));
    List<String> copies = tree.copies();
    copies.removeIf(line -> line.startsWith(young + ": ")); // it had nothing
    if (youngIsRoot) {
      // It has copied all there is within this history, and its log begins there; what was behind
      // has to copy, too. A backup brings the log of its node, and is no excuse.
      int all = copies.size();
      copies.removeIf(line -> line.contains("SNAPSHOT_NEEDED"));
      excused = all - copies.size();
      if (excused > 0) {
        said.add(excused + " new copies since the new root had just copied all itself");
      }
    }
    if (!copies.isEmpty()) {
      throw new AssertionError("a node has copied anew: " + copies);
    }
    tidy();
  }

  /** Waits until all nodes have all that was committed; no writer runs. */
  private void awaitSame() throws Exception {
    long before = tree.written();
    writers.writeLast();
    tree.awaitSequenced(ReplaceRootTables.LEDGER, before);
    tree.awaitSame();
  }

  private void step() throws Exception {
    tables.step(tree.sql());
    TimeUnit.MILLISECONDS.sleep(random.nextInt(300));
  }

  private Future<?> backUp(ExecutorService executor) {
    String directory = tree.newDirectory();
    List<String> nodes = new ArrayList<>(tree.nodes());
    nodes.removeAll(hung); // one may have been stopped while it holds a lock of LMDB's
    nodes.remove(young); // there may be no catalog yet
    String node = nodes.get(random.nextInt(nodes.size()));
    String data = tree.data(tree.directoryOf(node)).toString();
    return executor.submit(
        () -> {
          Ended copied =
              cluster.run(
                  "snapshot", "--all", tree.data(directory).toString(), "--data-directory=" + data);
          if (copied.exitCode() != ExitCode.OK) {
            throw new AssertionError(
                "a backup of " + node + " failed: " + copied.output().lines().toList().getLast());
          }
          synchronized (backups) {
            backups.add(directory);
          }
          return null;
        });
  }

  private static void awaitAll(List<Future<?>> copying) throws InterruptedException {
    for (Future<?> each : copying) {
      try {
        each.get();
      } catch (ExecutionException e) {
        throw new AssertionError(String.valueOf(e.getMessage()), e);
      }
    }
    copying.clear();
  }

  /** Holds a replica up, so that it is behind when the root is lost. */
  private void hang() throws InterruptedException {
    List<String> up = tree.up();
    String node = up.get(random.nextInt(up.size()));
    cluster.process(node).hang();
    hung.add(node);
    TimeUnit.MILLISECONDS.sleep(random.nextInt(1_500));
  }

  /** Gives a replica an empty directory, so that it has but a part when the root is lost. */
  private void beginAnew() throws Exception {
    List<String> up = tree.up();
    young = up.get(random.nextInt(up.size()));
    cluster.stop(young);
    tree.give(young, tree.newDirectory());
    tree.launch(young);
    cluster.awaitReady(young);
    TimeUnit.MILLISECONDS.sleep(random.nextInt(500));
    said.add(young + " on an empty directory");
  }

  /**
   * Nobody writes, PostgreSQL is told to forget WAL in which there is nothing of ours, and all
   * nodes have heard of it.
   */
  private void quieten() throws Exception {
    writers.stop();
    awaitSame();
    tables.other(tree.sql());
    long written = tree.written();
    tree.sql().execute("SELECT quicksilver.wait_sequenced('2min')");
    tree.awaitConfirmed(written);
    tree.awaitComplete(written);
  }

  /**
   * Kills the root and some relays, all at once.
   *
   * @param all whether the others are killed with them, which are not lost but come back
   */
  private void lose(boolean all) {
    List<String> relays = new ArrayList<>(tree.relays());
    relays.removeAll(hung);
    Collections.shuffle(relays, random);
    lost.addAll(relays.subList(0, random.nextInt(relays.size() + 1)));
    List<String> victims = new ArrayList<>(all ? tree.up() : lost);
    victims.add(ReplaceRootTree.ROOT);
    tree.kill(victims);
    heads = ReplaceRootCheck.heads(tree.data(tree.directoryOf(ReplaceRootTree.ROOT)));
    said.add(
        "lost the root and "
            + lost.size()
            + " of "
            + tree.relays().size()
            + " relays"
            + (all ? ", all others killed at once, too" : "")
            + (hung.isEmpty() ? "" : ", " + hung.getFirst() + " held up"));
  }

  private List<Candidate> candidates() throws Exception {
    List<Candidate> candidates = new ArrayList<>();
    List<String> nodes = new ArrayList<>(tree.replicas());
    nodes.removeAll(lost);
    for (String node : nodes) {
      String directory = tree.directoryOf(node);
      candidates.add(
          new Candidate(
              node,
              directory,
              hung.contains(node) || !tree.isUp(node)
                  ? completeOnDisk(directory)
                  : ReplaceRootTree.lsn(
                      cluster.awaitStatus(node, "to answer", _ -> true).complete())));
    }
    for (String directory : backups) {
      candidates.add(new Candidate("", directory, completeOnDisk(directory)));
    }
    return candidates;
  }

  private long completeOnDisk(String directory) {
    return Completeness.read(tree.data(directory)).map(it -> it.position().lsn()).orElse(0L);
  }

  /**
   * A random complete node or backup becomes the root; one that is not is refused before.
   *
   * @param attempt from 1 on; the later ones are in a quiet tree
   */
  private void replace(int attempt) throws Exception {
    long confirmed = tree.confirmed();
    List<Candidate> incomplete = new ArrayList<>(candidates());
    incomplete.removeIf(each -> each.complete() >= confirmed);
    if (!incomplete.isEmpty() && random.nextInt(4) != 0) {
      refuse(incomplete.get(random.nextInt(incomplete.size())), confirmed);
    }
    for (String each : hung) {
      if (tree.isUp(each)) {
        cluster.process(each).resume();
      }
    }
    hung.clear();
    List<Candidate> complete = complete(confirmed);
    if (complete.isEmpty() && attempt == MOST_ATTEMPTS) {
      throw new AssertionError(
          "nobody is complete up to " + confirmed + ", though all had all: " + candidates());
    }
    if (complete.isEmpty()) {
      // PostgreSQL was told earlier than anybody could hear of it; only the root itself has all.
      said.add("nobody else complete, so the root came back and was lost again when it was quiet");
      tree.startAll();
      quieten();
      lost.clear();
      lose(false);
      replace(attempt + 1);
      return;
    }
    takeOver(complete.get(random.nextInt(complete.size())));
  }

  /** Waits for nodes that still hear from others, if nobody is complete at once. */
  private List<Candidate> complete(long confirmed) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
    while (true) {
      List<Candidate> complete = new ArrayList<>(candidates());
      complete.removeIf(each -> each.complete() < confirmed);
      if (!complete.isEmpty() || System.nanoTime() - deadline > 0) {
        return complete;
      }
      TimeUnit.MILLISECONDS.sleep(100);
    }
  }

  private void refuse(Candidate candidate, long confirmed) throws Exception {
    if (!candidate.isBackup()) {
      cluster.kill(candidate.node());
      hung.remove(candidate.node());
    }
    // What was on its way to it may have reached it.
    if (completeOnDisk(candidate.directory()) < confirmed) {
      String name = "refused";
      cluster.launch(NodeSpec.root(name).onDataOf(candidate.directory()));
      int exitCode = cluster.process(name).awaitEnd();
      String output = cluster.process(name).output();
      if (exitCode != ExitCode.REFUSED
          || !(output.contains("SLOT_AHEAD") || output.contains("NOT_COMPLETE"))) {
        throw new AssertionError(
            candidate
                + " lacks entries and was not refused: exit code "
                + exitCode
                + ", "
                + output);
      }
      said.add(
          candidate
              + " refused with "
              + (output.contains("SLOT_AHEAD") ? "SLOT_AHEAD" : "NOT_COMPLETE"));
    }
    if (!candidate.isBackup()) {
      tree.launch(candidate.node());
    }
  }

  private void takeOver(Candidate candidate) throws Exception {
    String directory = candidate.directory();
    String old = tree.directoryOf(ReplaceRootTree.ROOT);
    youngIsRoot = !candidate.isBackup() && candidate.node().equals(young);
    boolean copied = random.nextInt(3) == 0;
    if (!candidate.isBackup()) {
      if (random.nextBoolean()) {
        cluster.kill(candidate.node());
      } else {
        cluster.stop(candidate.node());
      }
      if (completeOnDisk(directory) < candidate.complete()) {
        throw new AssertionError(
            candidate + " said that it was complete further than its files do");
      }
      vacated = candidate.node();
    }
    if (random.nextBoolean()) {
      wakeUp(candidate.node());
    }
    if (copied) {
      String copy = tree.newDirectory();
      cluster.copyData(directory, copy);
      directory = copy;
      vacated = "";
      if (!candidate.isBackup()) {
        tree.launch(candidate.node());
      }
    } else if (candidate.isBackup()) {
      backups.remove(directory);
    }
    boolean late = random.nextBoolean();
    boolean lateFirst = random.nextInt(3) == 0;
    comeBack();
    if (late && lateFirst) {
      tree.launchLate(old);
    }
    tree.startRoot(directory);
    if (late && !lateFirst) {
      tree.launchLate(old);
    }
    comeBack();
    wakeUp(vacated);
    said.add(
        (copied ? "a copy of " : "")
            + candidate
            + " became the root"
            + (late ? ", the old root's directory a replica" : ""));
  }

  /** Those that are down and not lost run again, but for one whose directory is needed. */
  private void wakeUp(String except) throws IOException {
    for (String node : tree.replicas()) {
      if (!tree.isUp(node) && !lost.contains(node) && !node.equals(except)) {
        tree.launch(node);
      }
    }
  }

  /** Some of the lost relays come back. */
  private void comeBack() throws Exception {
    for (String relay : List.copyOf(lost)) {
      if (random.nextInt(3) == 0) {
        tree.launch(relay);
        lost.remove(relay);
      }
    }
  }

  /** The new root sequences what comes after, and what came while there was none. */
  private void goOn() throws Exception {
    if (writers.areStopped()) {
      if (random.nextBoolean()) {
        check.compare(heads); // it has all, though nothing is written any more
      }
      writers.start(1);
    }
    int steps = 1 + random.nextInt(4);
    for (int i = 0; i < steps; i++) {
      step();
    }
    writers.stop();
  }

  /** All nodes are up again, some on a directory that is new or the lost root's. */
  private void tidy() throws Exception {
    String late = "";
    if (tree.isUp(ReplaceRootTree.LATE)) {
      late = tree.directoryOf(ReplaceRootTree.LATE);
      cluster.stop(ReplaceRootTree.LATE);
    }
    if (!vacated.isEmpty()) {
      tree.give(vacated, late.isEmpty() || random.nextBoolean() ? tree.newDirectory() : late);
    }
    for (String relay : lost) {
      if (random.nextInt(4) == 0) {
        tree.give(relay, tree.newDirectory());
      }
    }
    while (backups.size() > MOST_BACKUPS) {
      backups.removeFirst();
    }
    tree.startAll();
  }
}
