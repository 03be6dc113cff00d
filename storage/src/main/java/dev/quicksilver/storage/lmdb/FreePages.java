package dev.quicksilver.storage.lmdb;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.lmdbjava.Dbi;
import org.lmdbjava.Stat;
import org.lmdbjava.Txn;

/**
 * Lets a commit write a few runs of pages instead of many single ones, which a disk does several
 * times faster. LMDB takes free pages from the list of one old commit after the other, each all
 * over the file; only when it looks for several pages in a row does it read more of the lists and
 * sort them. So a run is asked for and given back at once: what the transaction then takes, it
 * takes in the order of the file. A run that is not found makes the file grow, so that it is asked
 * for only while few pages are free and much of the map is left (ADR 14).
 */
public final class FreePages {
  /** Pages in a row that are asked for while few are free: the file is to grow. */
  private static final int LONG_RUN = 256;

  /** Pages in a row that are asked for otherwise: mostly there are as many. */
  private static final int SHORT_RUN = 64;

  /** Of the first page of a run, in bytes. */
  private static final int PAGE_HEADER = 16;

  private static final long FEW_FREE_BYTES = 16L << 20;

  /** With more free pages than this nothing is gathered: the file is not to grow for it. */
  private static final long MAX_FREE_BYTES = 2 * FEW_FREE_BYTES;

  private static final byte[] KEY = "free".getBytes(StandardCharsets.US_ASCII);

  private FreePages() {}

  /** Sorts the free pages that this transaction may use, if they are worth it. */
  public static void gather(Environment environment, Txn<ByteBuffer> txn) {
    long inUse = 0;
    for (Dbi<ByteBuffer> tree : environment.writing().trees()) {
      Stat stat = tree.stat(txn);
      inUse += stat.branchPages + stat.leafPages + stat.overflowPages;
    }
    var file = environment.writing().env().info();
    long free = (file.lastPageNumber + 1 - inUse) * environment.pageSize;
    int run = free <= FEW_FREE_BYTES ? LONG_RUN : SHORT_RUN;
    long grown = (file.lastPageNumber + 1 + run) * environment.pageSize;
    if (free <= MAX_FREE_BYTES && grown <= file.mapSize / 2) {
      ByteBuffer key = Bytes.direct(KEY);
      environment.meta().reserve(txn, key, run * environment.pageSize - PAGE_HEADER);
      environment.meta().delete(txn, key);
    }
  }
}
