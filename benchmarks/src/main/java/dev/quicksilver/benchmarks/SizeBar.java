package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.cluster.Folders;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.copy.SnapshotCopy;
import dev.quicksilver.storage.copy.VerifyProgress;
import java.nio.file.Files;
import java.nio.file.Path;

/** {@code storage.size}: the file that holds 10 M pairs, against C LMDB holding them bare. */
final class SizeBar implements Bar {
  private static final double LIMIT = 1.25;

  @Override
  public String name() {
    return "storage.size";
  }

  @Override
  public String description() {
    return "disk per 100-byte pair at 10 M pairs, log excluded, against C LMDB's bare sorted load";
  }

  @Override
  public Kind kind() {
    return Kind.SPEED;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    int pairs = settings.size(10_000_000, 500_000);
    Path folder = Files.createTempDirectory("quicksilver-size-");
    try (Database database =
        Database.create(
            folder.resolve("ours"),
            StorageSample.IDENTITY,
            StorageSample.SMALL_LOG.withoutDurability())) {
      Peer peer = Peer.compile(folder);
      StorageSample.fill(database, pairs, 10_000, true);
      SnapshotCopy.copy(database, folder.resolve("copy"), VerifyProgress.NONE);
      long ours = Files.size(folder.resolve("copy/data.mdb"));
      peer.rate("append", folder.resolve("peer"), pairs, 10_000, Peer.Sync.NEVER);
      long theirs = Files.size(folder.resolve("peer/data.mdb"));
      double ratio = ours / (double) theirs;
      System.out.printf(
          "ours %.1f bytes a pair (and one block of the log), C %.1f%n",
          ours / (double) pairs, theirs / (double) pairs);
      return new Outcome(String.format("%.2f × C", ratio), "≤ 1.25 × C", ratio <= LIMIT);
    } finally {
      Folders.remove(folder);
    }
  }
}
