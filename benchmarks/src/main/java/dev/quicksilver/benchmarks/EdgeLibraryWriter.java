package dev.quicksilver.benchmarks;

import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Applier;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.log.BlockHeader;
import dev.quicksilver.storage.log.LogReader;
import dev.quicksilver.storage.record.Position;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * The process that writes beside {@link EdgeLibraryBar}: {@code ORIGIN REPLICA PAIRS}. It appends
 * transactions to one database and applies the blocks of its log to a copy of it, as a replica does
 * with what comes over the network: verified, one durable commit for each. Prints {@code ready},
 * goes on until it gets a line, and prints how many commits it has made.
 */
final class EdgeLibraryWriter {
  private static final int ENTRIES = 50;
  private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(5);

  private EdgeLibraryWriter() {}

  public static void main(String[] arguments) throws IOException {
    long pairs = Long.parseLong(arguments[2]);
    try (Database origin =
            Database.open(Path.of(arguments[0]), StorageSample.KEEPING_LOG.withoutDurability());
        Database replica = Database.open(Path.of(arguments[1]), StorageSample.SMALL_LOG)) {
      Peer.Keys keys = new Peer.Keys();
      long commits = 0;
      System.out.println("ready");
      while (System.in.available() == 0) {
        long next = origin.head().lastSequence() + 1;
        try (Appender appender = origin.append()) {
          appender.begin(next, next);
          for (int i = 0; i < ENTRIES; i++) {
            appender.set(keys.key(keys.below(pairs)), StorageSample.value());
          }
          appender.end(new Position(1, 1, next));
          appender.commit();
        }
        try (Applier applier = replica.apply()) {
          LogReader log = origin.readLog(next);
          for (BlockHeader block = log.nextBlock(); block != null; block = log.nextBlock()) {
            applier.apply(block, log::nextSegment);
          }
          applier.commit();
        }
        commits++;
        LockSupport.parkNanos(PAUSE);
      }
      System.out.println(commits);
    }
  }
}
