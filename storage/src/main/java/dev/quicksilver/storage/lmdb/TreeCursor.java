package dev.quicksilver.storage.lmdb;

import java.util.Arrays;

/**
 * A place in one tree (sub-database) of a read transaction: the path from the root to a node of a
 * leaf. Belongs to its transaction, and is for one thread at a time as that is; a renewal of the
 * transaction ends its use until the next search.
 *
 * <p>Hot path: {@link #find}. It looks at nothing but the nodes that the search compares, since a
 * record that is found proves itself by its checksum. What is <em>not</em> found proves nothing, so
 * all other moves check the pages they rely on ({@link #requirePath}).
 */
public final class TreeCursor {
  /** Trees of up to this depth (some hundred KiB) are taken to be in the processor's cache. */
  private static final int SMALL = 2;

  private final ReadTransaction transaction;
  private final PageMap map;
  private final long[] pages = new long[ReadTransaction.MAX_DEPTH];
  private final int[] indexes = new int[ReadTransaction.MAX_DEPTH];
  private int depth;
  private long node;
  private boolean placed;

  @SuppressWarnings("UnusedVariable") // keeps the compiler from leaving the loads out
  private long fetched;

  TreeCursor(ReadTransaction transaction, PageMap map) {
    this.transaction = transaction;
    this.map = map;
  }

  /** Goes to a key; false if it is not there, then the cursor stands where it would be. */
  public boolean find(Tree tree, byte[] key, int length) {
    if (!begin(tree) || !descend(transaction.root(tree), key, length)) {
      return false;
    }
    node = map.node(pages[depth - 1], indexes[depth - 1]);
    return true;
  }

  /** Goes to the first key that is not below the given one; false if there is none. */
  public boolean seek(Tree tree, byte[] key, int length) {
    if (!begin(tree)) {
      return false;
    }
    descend(transaction.root(tree), key, length);
    requirePath();
    int leaf = depth - 1;
    if (indexes[leaf] < map.keys(pages[leaf])) {
      node = map.node(pages[leaf], indexes[leaf]);
      return true;
    }
    indexes[leaf]--;
    return next();
  }

  /** Goes to the first key; false if the tree is empty. */
  public boolean first(Tree tree) {
    return begin(tree) && edge(0, transaction.root(tree), true);
  }

  /** Goes to the last key; false if the tree is empty. */
  public boolean last(Tree tree) {
    return begin(tree) && edge(0, transaction.root(tree), false);
  }

  /** Goes on to the next key; false at the end, then the cursor is where it was. */
  public boolean next() {
    return step(true);
  }

  /** Goes back to the key before; false at the beginning, then the cursor is where it was. */
  public boolean previous() {
    return step(false);
  }

  /** Takes another cursor's place. */
  public void placeAt(TreeCursor other) {
    depth = other.depth;
    node = other.node;
    placed = other.placed;
    System.arraycopy(other.pages, 0, pages, 0, depth);
    System.arraycopy(other.indexes, 0, indexes, 0, depth);
  }

  /**
   * After a search that did not end on an equal key: goes to the key after its place; false if
   * there is none.
   */
  public boolean after() {
    if (depth == 0) {
      return false;
    }
    indexes[depth - 1]--;
    return next();
  }

  private boolean begin(Tree tree) {
    placed = false;
    depth = transaction.depth(tree);
    if (depth == 0) {
      placed = true;
      return false;
    }
    return true;
  }

  /** Goes down from the root to where a key is or would be; says whether it is there. */
  private boolean descend(long root, byte[] key, int length) {
    long number = root;
    int leaf = depth - 1;
    for (int level = 0; level < leaf; level++) {
      long page = map.page(number, transaction.lastPage(), PageMap.BRANCH);
      int found = map.search(page, 1, key, length);
      int index = found < 0 ? -found - 2 : found;
      pages[level] = page;
      indexes[level] = index;
      number = PageMap.child(map.node(page, index));
    }
    if (depth > SMALL) {
      fetched = map.fetch(number, transaction.lastPage());
    }
    long page = map.page(number, transaction.lastPage(), PageMap.LEAF);
    int found = map.search(page, 0, key, length);
    pages[leaf] = page;
    indexes[leaf] = found < 0 ? -found - 1 : found;
    placed = true;
    return found >= 0;
  }

  private boolean step(boolean forward) {
    if (!placed) {
      throw new IllegalStateException("the search before this move failed");
    }
    int level = depth - 1;
    while (level >= 0
        && (forward ? indexes[level] + 1 >= map.keys(pages[level]) : indexes[level] <= 0)) {
      level--;
    }
    if (level < 0) {
      return false;
    }
    indexes[level] += forward ? 1 : -1;
    if (level == depth - 1) {
      node = map.node(pages[level], indexes[level]);
      return true;
    }
    return edge(level + 1, PageMap.child(map.node(pages[level], indexes[level])), forward);
  }

  /** Goes down to the first or last key below a page. */
  private boolean edge(int from, long number, boolean first) {
    long child = number;
    for (int level = from; level < depth; level++) {
      boolean leaf = level == depth - 1;
      long page = map.page(child, transaction.lastPage(), leaf ? PageMap.LEAF : PageMap.BRANCH);
      pages[level] = page;
      indexes[level] = first ? 0 : map.keys(page) - 1;
      node = map.node(page, indexes[level]);
      child = leaf ? 0 : PageMap.child(node);
    }
    requirePath();
    placed = true;
    return true;
  }

  /**
   * Checks every page of the path, and that the leaf's keys lie between the keys that lead to it.
   */
  public void requirePath() {
    if (depth == 0) {
      return;
    }
    long leaf = pages[depth - 1];
    transaction.checkOnce(leaf);
    long first = map.node(leaf, 0);
    long last = map.node(leaf, map.keys(leaf) - 1);
    for (int level = 0; level < depth - 1; level++) {
      long page = pages[level];
      int index = indexes[level];
      transaction.checkOnce(page);
      boolean low = index > 0 && PageMap.compareKeys(first, map.node(page, index)) < 0;
      boolean high =
          index + 1 < map.keys(page) && PageMap.compareKeys(last, map.node(page, index + 1)) >= 0;
      if (low || high) {
        throw map.corrupt(
            "page " + map.number(leaf) + " is not where page " + map.number(page) + " says");
      }
    }
  }

  private int keyLength() {
    return PageMap.keyLength(node);
  }

  /** Copies the key into an array of 511 bytes; returns its length. */
  public int copyKey(byte[] to) {
    int length = keyLength();
    if (length < 1 || length > PageMap.MAX_KEY) {
      throw map.corrupt("a key of " + length + " bytes was found");
    }
    PageMap.copy(PageMap.keyAddress(node), to, 0, length);
    return length;
  }

  /** Returns the bytes of the data where the cursor stands. */
  public long dataLength() {
    return PageMap.dataLength(node);
  }

  /** Copies the data, which must have this length. */
  public void copyData(byte[] to, int at, int length) {
    if (length != dataLength()) {
      throw new IllegalArgumentException(length + " bytes of " + dataLength());
    }
    PageMap.copy(map.data(pages[depth - 1], node, transaction.lastPage()), to, at, length);
  }

  /** Copies the data, which is at most a piece; returns its length. */
  public int copyPiece(byte[] to, int at) {
    long length = dataLength();
    if (length > PageMap.PIECE) {
      throw map.corrupt("a record of " + length + " bytes was found");
    }
    copyData(to, at, (int) length);
    return (int) length;
  }

  /** Returns the data, which is at most a piece. */
  public byte[] data() {
    byte[] data = new byte[PageMap.PIECE];
    return Arrays.copyOf(data, copyPiece(data, 0));
  }
}
