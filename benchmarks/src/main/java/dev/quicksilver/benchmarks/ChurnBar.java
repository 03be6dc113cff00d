package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.cluster.Folders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** {@code storage.churn}: the file does not grow and commits do not slow down, however long. */
final class ChurnBar implements Bar {
  private static final double MOST_FILE = 1.25;
  private static final double MOST_SLOWER = 2;
  private static final double ROOM = 1.1;
  private static final long WIDE_MAP = 64L << 30;
  private static final long LIVE_MIB = 1 << 10;
  private static final int QUICK_SHARE = 32;
  private static final List<Integer> PIECES = List.of(65_520, 4_080, 2_000);

  @Override
  public String name() {
    return "storage.churn";
  }

  @Override
  public String description() {
    return "8 GiB of overwrites and deletes, 1 kB to 1 MB, against 1 GiB live, also in a tight map";
  }

  @Override
  public Kind kind() {
    return Kind.SPEED;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    long live = (LIVE_MIB << 20) / settings.size(1, QUICK_SHARE);
    long log = live / 4;
    ChurnScript script = ChurnScript.make(live, 8 * live, settings.seed());
    long tight = (long) (ROOM * (script.mostLive() + log)) >> 12 << 12;
    System.out.printf(
        "%,d commits of 4 changes; most alive %,d MB, log %,d MB, tight map %,d MB%n",
        script.commits().size(), script.mostLive() / 1_000_000, log / 1_000_000, tight / 1_000_000);
    Path folder = Files.createTempDirectory("quicksilver-churn-");
    try {
      Peer peer = Peer.compile(folder);
      Path operations = folder.resolve("operations");
      script.write(operations);
      final Churned ours = ours(folder, peer, WIDE_MAP, log, script, settings.seed());
      ours.print("ours");
      bare(folder, peer, operations, 0, WIDE_MAP, log);
      Churned narrow = ours(folder, peer, tight, log, script, settings.seed());
      narrow.print("ours, tight map");
      bare(folder, peer, operations, 0, tight, log);
      if (!settings.quick()) {
        for (int piece : PIECES) {
          bare(folder, peer, operations, piece, WIDE_MAP, log);
          bare(folder, peer, operations, piece, tight, log);
        }
      }
      // A quick run has too few commits for a p99 that means anything.
      boolean steady = settings.quick() || ours.lastOverFirst() <= MOST_SLOWER;
      return new Outcome(
          String.format(
              "file %.2f × (live + log), p99 commit %.2f × the first tenth's; tight map: %d"
                  + " refused in the churn, %d that would have fitted",
              ours.fileOverKept(), ours.lastOverFirst(), narrow.refused(), narrow.wronglyRefused()),
          "≤ 1.25, ≤ 2"
              + (settings.quick() ? " (not judged in a quick run)" : "")
              + ", none that fits refused",
          ours.fileOverKept() <= MOST_FILE && steady && narrow.wronglyRefused() == 0);
    } finally {
      Folders.remove(folder);
    }
  }

  private static Churned ours(
      Path folder, Peer peer, long map, long log, ChurnScript script, long seed) throws Exception {
    Path environment = folder.resolve("ours");
    Churned churned = new ChurnRun(environment, peer, map, log, seed).run(script, map != WIDE_MAP);
    Folders.remove(environment);
    return churned;
  }

  private static void bare(Path folder, Peer peer, Path operations, int piece, long map, long log)
      throws IOException, InterruptedException {
    Path environment = Files.createDirectory(folder.resolve("bare"));
    Churned.ofPeer(peer.figures("churn", environment, operations, piece, map, log))
        .print(
            "C, "
                + (piece == 0 ? "whole values" : "pieces of " + piece)
                + (map == WIDE_MAP ? "" : ", tight map"));
    Folders.remove(environment);
  }
}
