package dev.quicksilver.storage.lmdb;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * LMDB's memory map as pages, for reading. Each field is checked before it is used as an offset or
 * a page number, so a damaged page leads to CORRUPT and never out of the map. Thread-safe.
 *
 * <p>The format is data version 1 of LMDB 0.9, as its {@code mdb.c} defines it, in the byte order
 * of the machine:
 *
 * <pre>
 * page    number u64, pad u16, flags u16, lower u16, upper u16 (overflow: pages u32 in their place)
 *         branch, leaf: (lower - 16) / 2 offsets u16 of nodes, in key order; nodes fill upper to the end
 * node    leaf: data length u32, flags u16, key length u16, key, data (or u64: first overflow page)
 *         branch: child u32, child's high bits u16, key length u16, key; the first node's key counts not
 * tree    pad u32, flags u16, depth u16, branch, leaf, overflow pages, entries, root: 5 × u64
 * meta    pages 0 and 1, after the header: magic u32, version u32, address u64, map size u64,
 *         free tree (its pad is the page size), main tree, last page u64, transaction u64
 * </pre>
 */
public final class PageMap {
  /** The longest key: LMDB's own limit. */
  public static final int MAX_KEY = 511;

  /** The most data that one overflow page holds: its size less its header. */
  public static final int PIECE = 4_080;

  static final int BRANCH = 1;
  static final int LEAF = 2;
  static final int BIG_DATA = 1;
  static final int SUB_DATA = 2;
  static final int HEADER = 16;
  static final int TREE = 48;
  static final int TREE_ROOT = 40;

  private static final int CACHE_LINE = 64;
  private static final int NODE = 8;
  private static final int OVERFLOW = 4;
  private static final int TREE_DEPTH = 6;
  private static final int TREE_PAGES = 8;
  private static final int TREE_ENTRIES = 32;
  private static final ValueLayout.OfLong BIG_ENDIAN_LONG =
      JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final boolean LITTLE_ENDIAN = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;

  // where the fields stand in the second word of a page, and in the first of a node
  private static final int FLAGS_SHIFT = LITTLE_ENDIAN ? 16 : 32;
  private static final int LOWER_SHIFT = LITTLE_ENDIAN ? 32 : 16;
  private static final int UPPER_SHIFT = LITTLE_ENDIAN ? 48 : 0;
  private static final int KEY_SHIFT = LITTLE_ENDIAN ? 48 : 0;

  /** The whole address space. */
  @SuppressWarnings("restricted") // to read what LMDB has mapped is what this class is for
  static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  private final Path path;
  private final ErrorCounts errors;
  private final long base;
  private final int pageSize;
  private final MetaPages meta;
  private volatile boolean whole;
  private volatile long pagesBefore;

  /**
   * Takes the addresses of two records that stand inside leaf pages: each page says its number and
   * so where the map begins, and they must agree.
   */
  PageMap(Path path, ErrorCounts errors, int pageSize, long recordInOneLeaf, long recordInAnother) {
    this.path = path;
    this.errors = errors;
    this.pageSize = pageSize;
    this.base = mapOf(recordInOneLeaf);
    if (base != mapOf(recordInAnother)) {
      throw corrupt("two of its pages do not agree on their numbers");
    }
    this.meta = new MetaPages(base, pageSize);
    ByteBuffer first = MEMORY.asSlice(base, pageSize).asByteBuffer().order(ByteOrder.nativeOrder());
    if (!MetaPages.isMeta(first) || MetaPages.pageSize(first) != pageSize) {
      throw corrupt(
          "its first page is not a meta page of LMDB's data version 1 with pages of " + pageSize);
    }
  }

  private long mapOf(long address) {
    long page = address & -pageSize;
    return page - u64(page) * pageSize;
  }

  StorageException corrupt(String what) {
    return errors.read(
        new StorageException(
            ErrorCode.CORRUPT,
            path + " is damaged: " + what + "; copy this database anew from another node"));
  }

  private StorageException corrupt(long page, String what) {
    return corrupt("page " + number(page) + ": " + what);
  }

  /** Returns the two pages that say where the trees begin. */
  MetaPages meta() {
    return meta;
  }

  /**
   * Returns the last of the pages up to one that the file really has. Where it ends earlier, pages
   * are free or the file was cut; to touch them would end the process either way. Asks the system
   * only until the file was once as long as it should be, since then it only grows.
   */
  long lastThere(long lastPage) {
    if (whole) {
      return lastPage;
    }
    try {
      long pages = Files.size(path.resolve(Environment.FILE)) / pageSize;
      pagesBefore = pages;
      whole = pages > lastPage;
      return Math.min(lastPage, pages - 1);
    } catch (NoSuchFileException e) { // replaced and removed; the pages stay as they are mapped
      return Math.min(lastPage, pagesBefore - 1);
    } catch (IOException e) {
      throw errors.read(
          new StorageException(ErrorCode.IO, path + " cannot be read: " + e.getMessage(), e));
    }
  }

  // ---- a tree's record

  static int depth(long tree) {
    return u16(tree + TREE_DEPTH);
  }

  static long entries(long tree) {
    return u64(tree + TREE_ENTRIES);
  }

  /** Returns the number of its pages of all kinds. */
  static long pages(long tree) {
    return u64(tree + TREE_PAGES) + u64(tree + TREE_PAGES + 8) + u64(tree + TREE_PAGES + 16);
  }

  static long root(long tree) {
    return u64(tree + TREE_ROOT);
  }

  // ---- pages

  /** Returns the address of a branch or leaf page whose header is sound. */
  long page(long number, long lastPage, int kind) {
    if (number < 2 || number > lastPage) {
      throw corrupt("a page " + Long.toUnsignedString(number) + " is referred to");
    }
    long page = base + number * pageSize;
    long header = u64(page + 8);
    int lower = field(header, LOWER_SHIFT);
    int upper = field(header, UPPER_SHIFT);
    if (u64(page) != number
        || field(header, FLAGS_SHIFT) != kind
        || lower <= HEADER
        || upper < lower
        || upper > pageSize - NODE) {
      throw corrupt(page, "its header is not that of a " + (kind == LEAF ? "leaf" : "branch"));
    }
    return page;
  }

  /**
   * Reads a word of each cache line of a page, so that the memory sends all of them at once. A
   * search on a page that is not in the processor's cache otherwise waits for the memory at each
   * step. Returns what it saw, which means nothing.
   */
  long fetch(long number, long lastPage) {
    if (number < 2 || number > lastPage) {
      return 0;
    }
    long page = base + number * pageSize;
    long seen = 0;
    for (int at = 0; at < pageSize; at += CACHE_LINE) {
      seen += u64(page + at);
    }
    return seen;
  }

  long number(long page) {
    return (page - base) / pageSize;
  }

  int keys(long page) {
    return (u16(page + 12) - HEADER) >> 1;
  }

  /** Returns the address of a node whose header and key are inside its page. */
  long node(long page, int index) {
    int offset = u16(page + HEADER + 2L * index);
    if (offset < u16(page + 14) || offset > pageSize - NODE) {
      throw corrupt(page, "node " + index + " is outside");
    }
    long node = page + offset;
    if (offset + NODE + keyLength(node) > pageSize) {
      throw corrupt(page, "the key of node " + index + " is outside");
    }
    return node;
  }

  static int keyLength(long node) {
    return u16(node + 6);
  }

  static long keyAddress(long node) {
    return node + NODE;
  }

  /** Returns the number of the page that a branch's node refers to. */
  static long child(long node) {
    return low(node) | (long) u16(node + 4) << 32;
  }

  static int flags(long leafNode) {
    return u16(leafNode + 4);
  }

  static long dataLength(long leafNode) {
    return low(leafNode);
  }

  private static long low(long node) {
    int first = u16(node);
    int second = u16(node + 2);
    return LITTLE_ENDIAN ? first | (long) second << 16 : second | (long) first << 16;
  }

  /** Returns where the data of a leaf's node stands, all of it inside the map. */
  long data(long page, long node, long lastPage) {
    long data = node + NODE + keyLength(node);
    long length = dataLength(node);
    if ((flags(node) & BIG_DATA) == 0) {
      if (data + length > page + pageSize) {
        throw corrupt(page, "the data of a node is outside");
      }
      return data;
    }
    long number = overflow(page, node);
    long need = (HEADER + length + pageSize - 1) / pageSize;
    if (number < 2 || number > lastPage || need > lastPage + 1 - number) {
      throw corrupt(page, "overflow page " + Long.toUnsignedString(number) + " is referred to");
    }
    long first = base + number * pageSize;
    if (u64(first) != number
        || u16(first + 10) != OVERFLOW
        || Integer.toUnsignedLong(u32(first + 12)) < need) {
      throw corrupt(first, "its header is not that of an overflow page");
    }
    return first + HEADER;
  }

  /** Returns the number of the first overflow page that holds a node's data. */
  long overflow(long page, long node) {
    long at = node + NODE + keyLength(node);
    if (at + 8 > page + pageSize) {
      throw corrupt(page, "the data of a node is outside");
    }
    return u64(at);
  }

  /**
   * Returns how many pages the run of overflow pages has that begins at a page of {@link #data}.
   */
  long overflowPages(long number) {
    return Integer.toUnsignedLong(u32(base + number * pageSize + 12));
  }

  /**
   * Checks a page as a whole: its nodes fill it without a gap or an overlap, and their keys rise.
   * What the search for a key that is not there has to rely on.
   */
  void check(long page) {
    boolean leaf = u16(page + 10) == LEAF;
    int keys = keys(page);
    int bytes = 0;
    long before = 0;
    for (int i = 0; i < keys; i++) {
      long node = node(page, i);
      int length = NODE + keyLength(node);
      if (leaf) {
        length += (flags(node) & BIG_DATA) != 0 ? 8 : (int) Math.min(pageSize, dataLength(node));
      }
      bytes += length + (length & 1);
      if (before != 0 && compareKeys(before, node) >= 0) {
        throw corrupt(page, "the keys of nodes " + (i - 1) + " and " + i + " do not rise");
      }
      before = leaf || i > 0 ? node : 0;
    }
    if (bytes != pageSize - u16(page + 14)) {
      throw corrupt(page, "its nodes do not fill it");
    }
  }

  // ---- keys and bytes

  /**
   * Searches a page's nodes from an index on for a key; returns as {@link
   * java.util.Arrays#binarySearch} does. The hot loop of every read: what a key has in common with
   * both ends of the part that is left, it has in common with all between, so that is not compared
   * again.
   */
  int search(long page, int from, byte[] key, int length) {
    long header = u64(page + 8);
    int upper = field(header, UPPER_SHIFT);
    int low = from;
    int high = ((field(header, LOWER_SHIFT) - HEADER) >> 1) - 1;
    int sameAsLow = 0;
    int sameAsHigh = 0;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int offset = u16(page + HEADER + 2L * middle);
      if (offset < upper || offset > pageSize - NODE) {
        throw corrupt(page, "node " + middle + " is outside");
      }
      long address = page + offset + NODE;
      int other = field(u64(page + offset), KEY_SHIFT);
      if (offset + NODE + other > pageSize) {
        throw corrupt(page, "the key of node " + middle + " is outside");
      }
      int common = Math.min(length, other);
      int at = Math.min(sameAsLow, sameAsHigh);
      int order = 0;
      while (at + 8 <= common) {
        long here = Bytes.getLong(key, at);
        long there = MEMORY.get(BIG_ENDIAN_LONG, address + at);
        if (here != there) {
          order = Long.compareUnsigned(here, there);
          break;
        }
        at += 8;
      }
      if (order == 0) {
        order = at == common ? length - other : compareTail(key, length, address, other, common);
      }
      if (order > 0) {
        low = middle + 1;
        sameAsLow = at;
      } else if (order < 0) {
        high = middle - 1;
        sameAsHigh = at;
      } else {
        return middle;
      }
    }
    return -low - 1;
  }

  /** Compares the last bytes of what two keys have both; all but those are known to be equal. */
  private static int compareTail(byte[] key, int length, long address, int other, int common) {
    if (common >= 8) {
      long here = Bytes.getLong(key, common - 8);
      long there = MEMORY.get(BIG_ENDIAN_LONG, address + common - 8);
      return here == there ? length - other : Long.compareUnsigned(here, there);
    }
    for (int at = 0; at < common; at++) {
      int order = (key[at] & 0xFF) - u8(address + at);
      if (order != 0) {
        return order;
      }
    }
    return length - other;
  }

  /** Says whether a node has a key. */
  static boolean isKey(byte[] key, long node) {
    return keyLength(node) == key.length
        && MemorySegment.mismatch(
                MEMORY,
                keyAddress(node),
                keyAddress(node) + key.length,
                MemorySegment.ofArray(key),
                0,
                key.length)
            < 0;
  }

  static int compareKeys(long node, long other) {
    int length = keyLength(node);
    int otherLength = keyLength(other);
    int common = Math.min(length, otherLength);
    long address = keyAddress(node);
    long otherAddress = keyAddress(other);
    int at = 0;
    while (at + 8 <= common) {
      long here = MEMORY.get(BIG_ENDIAN_LONG, address + at);
      long there = MEMORY.get(BIG_ENDIAN_LONG, otherAddress + at);
      if (here != there) {
        return Long.compareUnsigned(here, there);
      }
      at += 8;
    }
    for (; at < common; at++) {
      int order = u8(address + at) - u8(otherAddress + at);
      if (order != 0) {
        return order;
      }
    }
    return length - otherLength;
  }

  static void copy(long from, byte[] to, int at, int length) {
    MemorySegment.copy(MEMORY, JAVA_BYTE, from, to, at, length);
  }

  static long u64(long address) {
    return MEMORY.get(JAVA_LONG_UNALIGNED, address);
  }

  private static int u32(long address) {
    return MEMORY.get(JAVA_INT_UNALIGNED, address);
  }

  private static int field(long word, int shift) {
    return (int) (word >>> shift) & 0xFFFF;
  }

  private static int u8(long address) {
    return Byte.toUnsignedInt(MEMORY.get(JAVA_BYTE, address));
  }

  private static int u16(long address) {
    return Short.toUnsignedInt(MEMORY.get(JAVA_SHORT_UNALIGNED, address));
  }
}
