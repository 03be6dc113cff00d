package dev.quicksilver.storage.lmdb;

import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A native read transaction, which holds the pages of its commit in place, and where the trees of
 * that commit begin. One thread at a time; the age is looked after by others.
 */
public final class ReadTransaction {
  /** LMDB's own bound. */
  static final int MAX_DEPTH = 32;

  private static final int CHECKED = 256;
  private static final long NO_COMMIT = -1;
  private static final Tree[] TREES = Tree.values();
  private static final byte[][] LABELS =
      Arrays.stream(TREES).map(Tree::labelBytes).toArray(byte[][]::new);

  private final Environment environment;
  private final PageMap map;
  private final long txn;
  private final long[] roots = new long[Tree.COUNT];
  private final long[] entries = new long[Tree.COUNT];
  private final long[] pagesOf = new long[Tree.COUNT];
  private final int[] depths = new int[Tree.COUNT];
  private final long[] checked = new long[CHECKED];
  private final TreeCursor finder;
  private final TreeCursor neighbour;
  private long id;
  private long pages;
  private long lastPage;
  private long mainRoot;
  private long freeRoot;
  private int freeDepth;

  private volatile boolean tooOld; // and while it rests, so that reading asks one question
  private volatile boolean resting;
  private volatile @Nullable Thread holder;
  private volatile long since;
  private final AtomicBoolean renewed = new AtomicBoolean(); // opaque: a renewal costs no fence

  /** Begins at the newest commit. */
  ReadTransaction(Environment environment, PageMap map, long env) {
    this.environment = environment;
    this.map = map;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_LONG_UNALIGNED);
      environment.check(NativeLmdb.txnBegin(env, NativeLmdb.RDONLY, out.address()));
      txn = out.get(JAVA_LONG_UNALIGNED, 0);
    }
    finder = new TreeCursor(this, map);
    neighbour = new TreeCursor(this, map);
    try {
      findTrees();
    } catch (RuntimeException e) {
      abort();
      throw e;
    }
  }

  private void findTrees() {
    while (true) {
      long commit = NativeLmdb.txnId(txn);
      long main = map.meta().mainTree(commit);
      mainRoot = PageMap.root(main);
      int depth = PageMap.depth(main);
      freeRoot = PageMap.root(map.meta().freeTree(commit));
      freeDepth = PageMap.depth(map.meta().freeTree(commit));
      pages = map.meta().lastPage(commit) + 1;
      if (map.meta().stillStands(commit)) {
        lastPage = map.lastThere(pages - 1);
        findTrees(depth);
        id = commit;
        return;
      }
      NativeLmdb.txnReset(txn);
      environment.check(NativeLmdb.txnRenew(txn));
    }
  }

  private void findTrees(int depth) {
    Arrays.fill(checked, 0);
    if (depth != 1) {
      throw map.corrupt("its list of trees is " + depth + " pages deep");
    }
    long page = map.page(mainRoot, lastPage, PageMap.LEAF);
    int found = 0;
    int keys = map.keys(page);
    for (int i = 0; i < keys; i++) {
      long node = map.node(page, i);
      for (Tree tree : TREES) {
        if (PageMap.isKey(LABELS[tree.index], node)) {
          if (PageMap.flags(node) != PageMap.SUB_DATA || PageMap.dataLength(node) != PageMap.TREE) {
            throw map.corrupt("its list of trees is unreadable");
          }
          long record = map.data(page, node, lastPage);
          roots[tree.index] = PageMap.root(record);
          entries[tree.index] = PageMap.entries(record);
          pagesOf[tree.index] = PageMap.pages(record);
          depths[tree.index] = PageMap.depth(record);
          if (depths[tree.index] > MAX_DEPTH) {
            throw map.corrupt("tree " + tree.label + " is too deep");
          }
          found++;
        }
      }
    }
    if (found != Tree.COUNT) {
      throw map.corrupt("its list of trees is incomplete");
    }
  }

  // ---- its life

  /** Moves to the newest commit; after this its cursors must search anew. */
  public void renew() {
    renewed.setOpaque(true);
    if (tooOld) {
      wake();
    }
    if (map.meta().newestTransaction() != id) {
      NativeLmdb.txnReset(txn);
      begin();
    }
  }

  private void wake() {
    if (resting) {
      resting = false;
      begin();
    }
    tooOld = false;
  }

  /** Lets its pages go until {@link #renew}; its holder keeps it. */
  public void rest() {
    if (!resting) {
      tooOld = true;
      resting = true;
      NativeLmdb.txnReset(txn);
    }
  }

  /** Says whether it keeps no pages. */
  boolean isResting() {
    return resting;
  }

  /** Begins again after {@link #reset}, at the newest commit. */
  void begin() {
    id = NO_COMMIT; // until its trees are found: a renewal after a failure begins again
    environment.check(NativeLmdb.txnRenew(txn));
    findTrees();
  }

  /** Lets its pages go; {@link #begin} or {@link #abort} comes next. */
  void reset() {
    if (resting) {
      resting = false;
    } else {
      NativeLmdb.txnReset(txn);
    }
  }

  void abort() {
    NativeLmdb.txnAbort(txn);
  }

  /** Begins its use by the calling thread, at a time in ms. */
  void held(long now) {
    holder = Thread.currentThread();
    since = now;
    renewed.setOpaque(false);
    tooOld = false;
  }

  /**
   * Tells the holder to go if it has not renewed since a time in ms; returns whether this was news.
   * The time of a renewal is when somebody looks: a reader that renews all the time need not read
   * the clock.
   */
  boolean tellIfBefore(long oldest, long now) {
    if (renewed.getOpaque()) {
      renewed.setOpaque(false);
      since = now;
    }
    if (tooOld || since >= oldest) {
      return false;
    }
    tooOld = true;
    return true;
  }

  OpenSnapshot describe(long now) {
    Thread thread = holder;
    long began = since;
    return new OpenSnapshot(
        thread == null ? "" : thread.toString(),
        Instant.ofEpochMilli(began),
        Duration.ofMillis(Math.max(0, now - began)),
        tooOld);
  }

  /** Ends its use; the next one may be another thread's. */
  void released() {
    holder = null;
  }

  /** Throws SNAPSHOT_TOO_OLD if the holder was told to go, INVALID_ARGUMENT while it rests. */
  public void requireYoung() {
    if (tooOld) {
      if (resting) {
        throw new StorageException(
            ErrorCode.INVALID_ARGUMENT, "this snapshot rests; renew it before it is read");
      }
      throw environment.errors.read(
          new StorageException(
              ErrorCode.SNAPSHOT_TOO_OLD,
              "this snapshot of "
                  + environment.path
                  + " was held for longer than "
                  + environment.maxSnapshotAge
                  + "; close it, or renew it and begin the scan again"));
    }
  }

  // ---- its trees

  /** Returns its cursor for look-ups, in whichever tree. */
  public TreeCursor finder() {
    return finder;
  }

  /** Returns its cursor for the keys beside a place. */
  public TreeCursor neighbour() {
    return neighbour;
  }

  /** Returns a cursor of its own for a caller. */
  public TreeCursor newCursor() {
    return new TreeCursor(this, map);
  }

  /** Returns the environment that it reads. */
  public Environment environment() {
    return environment;
  }

  PageMap map() {
    return map;
  }

  /** Returns how many pages the commit knows, the free ones among them. */
  long pages() {
    return pages;
  }

  /** Returns the last page that can be in use. */
  long lastPage() {
    return lastPage;
  }

  /** Returns the page that lists the trees. */
  long mainRoot() {
    return mainRoot;
  }

  /** Returns the root of the tree of free pages. */
  long freeRoot() {
    return freeRoot;
  }

  int freeDepth() {
    return Math.min(freeDepth, MAX_DEPTH);
  }

  long root(Tree tree) {
    return roots[tree.index];
  }

  /** Returns how many pages stand on each path of a tree; 0 if it is empty. */
  int depth(Tree tree) {
    return depths[tree.index];
  }

  /** Returns the number of keys in a tree. */
  public long entries(Tree tree) {
    return entries[tree.index];
  }

  /** Returns the bytes of the pages of a tree. */
  public long bytes(Tree tree) {
    return pagesOf[tree.index] * environment.pageSize;
  }

  /** Checks a page as a whole, unless that was done at this commit not long ago. */
  void checkOnce(long page) {
    int slot = (int) (map.number(page) % CHECKED);
    if (checked[slot] != page) {
      map.check(page);
      checked[slot] = page;
    }
  }
}
