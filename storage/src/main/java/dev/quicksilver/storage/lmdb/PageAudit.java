package dev.quicksilver.storage.lmdb;

import java.util.BitSet;
import java.util.function.Consumer;

/**
 * Accounts for every page of one commit. LMDB's own rule: each page up to the last one is used by
 * one tree, once, or is in the list of free pages. A page that is free and in use would be written
 * over while it is read, so this is found here, long before. For one thread, which may be another
 * one than the transaction's as long as that neither ends nor is renewed; keeps a bit for each
 * page.
 */
public final class PageAudit {
  private final ReadTransaction transaction;
  private final PageMap map;
  private final Consumer<String> problems;
  private final BitSet used = new BitSet();

  /** Takes what is told of each problem that is found. */
  public PageAudit(ReadTransaction transaction, Consumer<String> problems) {
    this.transaction = transaction;
    this.map = transaction.map();
    this.problems = problems;
  }

  /** Looks at every page; throws nothing for a damaged one. */
  public void run() {
    use(0, 2, "the meta pages");
    walk("list of trees", transaction.mainRoot(), 1, true);
    for (Tree tree : Tree.values()) {
      walk("tree " + tree.label, transaction.root(tree), transaction.depth(tree), true);
    }
    walk("list of free pages", transaction.freeRoot(), transaction.freeDepth(), false);
    long pages = transaction.pages();
    long lost = pages - used.cardinality();
    if (lost != 0) {
      problems.accept(
          lost
              + " of "
              + pages
              + " pages are neither used nor free, the first is page "
              + used.nextClearBit(0));
    }
  }

  private void use(long first, long pages, String where) {
    if (first < 0 || pages < 1 || first > transaction.pages() - pages) {
      problems.accept("the " + where + " refers to page " + first + ", which is not there");
      return;
    }
    for (long page = first; page < first + pages; page++) {
      int bit = Math.toIntExact(page);
      if (used.get(bit)) {
        problems.accept("page " + page + " is used twice, the second time by the " + where);
      }
      used.set(bit);
    }
  }

  private void walk(String where, long number, int depth, boolean ordered) {
    if (depth == 0) {
      return;
    }
    try {
      boolean leaf = depth == 1;
      long page = map.page(number, transaction.lastPage(), leaf ? PageMap.LEAF : PageMap.BRANCH);
      use(number, 1, where);
      if (ordered) { // the keys of the list of free pages are integers, and in another order
        map.check(page);
      }
      int keys = map.keys(page);
      for (int i = 0; i < keys; i++) {
        long node = map.node(page, i);
        if (!leaf) {
          walk(where, PageMap.child(node), depth - 1, ordered);
          continue;
        }
        long data = map.data(page, node, transaction.lastPage());
        if ((PageMap.flags(node) & PageMap.BIG_DATA) != 0) {
          long first = map.overflow(page, node);
          use(first, map.overflowPages(first), where);
        }
        if (!ordered) {
          freePages(where, data, PageMap.dataLength(node));
        }
      }
    } catch (StorageException e) {
      problems.accept(String.valueOf(e.getMessage()));
    }
  }

  /** Reads a record of free pages: their count, then their numbers, each of 8 bytes. */
  private void freePages(String where, long data, long length) {
    long count = length < 8 ? -1 : PageMap.u64(data);
    if (count < 0 || count > (length - 8) / 8) {
      problems.accept("the " + where + " has an unreadable record");
      return;
    }
    for (long i = 1; i <= count; i++) {
      use(PageMap.u64(data + 8 * i), 1, where);
    }
  }
}
