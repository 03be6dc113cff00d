package dev.quicksilver.storage.lmdb;

import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;

/**
 * The first two pages of an environment: each commit writes its roots to the one that the commit
 * before did not write. Thread-safe. The format stands with {@link PageMap}.
 */
final class MetaPages {
  private static final int META = 8;
  private static final int MAGIC = 0xBEEFC0DE;
  private static final int VERSION = 1;
  private static final int FREE_TREE = PageMap.HEADER + 24;
  private static final int MAIN_TREE = FREE_TREE + PageMap.TREE;
  private static final int LAST_PAGE = MAIN_TREE + PageMap.TREE;
  private static final int TRANSACTION = LAST_PAGE + 8;

  /** How many bytes of such a page are used. */
  static final int LENGTH = TRANSACTION + 8;

  private final long base;
  private final int pageSize;

  /** Takes where the map begins. */
  MetaPages(long base, int pageSize) {
    this.base = base;
    this.pageSize = pageSize;
  }

  // ---- as bytes of a file

  /** Says whether these are the bytes of a meta page of LMDB's data version 1. */
  static boolean isMeta(ByteBuffer page) {
    return page.remaining() >= LENGTH
        && page.getShort(10) == META
        && page.getInt(PageMap.HEADER) == MAGIC
        && page.getInt(PageMap.HEADER + 4) == VERSION
        && Integer.bitCount(pageSize(page)) == 1;
  }

  static int pageSize(ByteBuffer page) {
    return page.getInt(FREE_TREE);
  }

  static long transaction(ByteBuffer page) {
    return page.getLong(TRANSACTION);
  }

  /** Returns the roots of the tree of free pages and of the list of trees; -1 for none. */
  static long[] roots(ByteBuffer page) {
    return new long[] {
      page.getLong(FREE_TREE + PageMap.TREE_ROOT), page.getLong(MAIN_TREE + PageMap.TREE_ROOT)
    };
  }

  // ---- as LMDB has mapped them

  /** Returns the id of the newest commit that either of them tells of. */
  long newestTransaction() {
    return Math.max(PageMap.u64(base + TRANSACTION), PageMap.u64(base + pageSize + TRANSACTION));
  }

  /**
   * Returns the address of the record of the list of trees as a commit left it.
   *
   * <p>A commit writes over the page of the last but one, so what is read here counts only if
   * {@link #stillStands} says so afterwards.
   */
  long mainTree(long transaction) {
    return page(transaction) + MAIN_TREE;
  }

  /** Returns the address of the record of the tree of free pages; as {@link #mainTree}. */
  long freeTree(long transaction) {
    return page(transaction) + FREE_TREE;
  }

  /** Returns the number of the last page; as {@link #mainTree}. */
  long lastPage(long transaction) {
    return PageMap.u64(page(transaction) + LAST_PAGE);
  }

  /**
   * Says whether all that was read from a commit's page before this call is that commit's: it is in
   * place, and the next one, after which alone it may be written over, was not published yet.
   */
  boolean stillStands(long transaction) {
    VarHandle.acquireFence();
    return PageMap.u64(page(transaction) + TRANSACTION) == transaction
        && PageMap.u64(page(transaction + 1) + TRANSACTION) != transaction + 1;
  }

  private long page(long transaction) {
    return base + (transaction & 1) * pageSize;
  }
}
