package dev.quicksilver.storage.lmdb;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/** What native calls say of an environment, and how one is opened by them that is only read. */
final class NativeEnvironment {
  // MDB_stat: unsigned int psize, depth; size_t branch, leaf, overflow pages, entries
  private static final int STAT = 40;

  // MDB_envinfo: void* mapaddr; size_t mapsize, last_pgno, last_txnid; unsigned maxreaders,
  // numreaders
  private static final int INFO = 40;
  private static final int LAST_TRANSACTION = 24;
  private static final int MAX_READERS = 32;

  private NativeEnvironment() {}

  /**
   * Opens an environment that is only read, and frees the slots of processes that died. What fails
   * leaves nothing open.
   *
   * @return the address of its {@code MDB_env}
   */
  static long open(Path path, StorageOptions options, int flags, int rights) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment out = arena.allocate(JAVA_LONG);
      check(NativeLmdb.envCreate(out.address()), path);
      long env = out.get(JAVA_LONG, 0);
      try {
        check(NativeLmdb.setMapSize(env, options.mapSize()), path);
        check(NativeLmdb.setMaxDbs(env, Tree.COUNT), path);
        check(NativeLmdb.setMaxReaders(env, options.maxReaders()), path);
        MemorySegment name = arena.allocateFrom(path.toAbsolutePath().toString());
        check(NativeLmdb.envOpen(env, name.address(), NativeLmdb.RDONLY | flags, rights), path);
        freeDeadReaders(env, path); // first: the next call needs a slot
        requireTrees(arena, env, path);
        return env;
      } catch (RuntimeException e) {
        NativeLmdb.envClose(env);
        throw e;
      }
    }
  }

  private static void requireTrees(Arena arena, long env, Path path) {
    MemorySegment out = arena.allocate(JAVA_LONG);
    check(NativeLmdb.txnBegin(env, NativeLmdb.RDONLY, out.address()), path);
    long txn = out.get(JAVA_LONG, 0);
    try {
      MemorySegment handle = arena.allocate(JAVA_INT);
      for (Tree tree : Tree.values()) {
        MemorySegment name = arena.allocateFrom(tree.label);
        int code = NativeLmdb.dbiOpen(txn, name.address(), 0, handle.address());
        if (code == NativeLmdb.NOT_FOUND) {
          throw notOurs(path);
        }
        check(code, path);
      }
    } finally {
      NativeLmdb.txnAbort(txn);
    }
  }

  static StorageException notOurs(Path path) {
    return new StorageException(
        ErrorCode.WRONG_FORMAT, path + " is an LMDB environment, but not one of Quicksilver");
  }

  private static void check(int code, Path path) {
    if (code != 0) {
      throw LmdbErrors.of(code, path);
    }
  }

  /** Returns the bytes of a page. */
  static int pageSize(long env, Path path) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment stat = arena.allocate(STAT, Long.BYTES);
      check(NativeLmdb.envStat(env, stat.address()), path);
      return stat.get(JAVA_INT_UNALIGNED, 0);
    }
  }

  /** Returns how many slots there are for readers. */
  static int maxReaders(long env, Path path) {
    try (Arena arena = Arena.ofConfined()) {
      return info(arena, env, path).get(JAVA_INT_UNALIGNED, MAX_READERS);
    }
  }

  /** Returns the number of the newest commit. */
  static long newestCommit(long env, Path path) {
    try (Arena arena = Arena.ofConfined()) {
      return info(arena, env, path).get(JAVA_LONG_UNALIGNED, LAST_TRANSACTION);
    }
  }

  private static MemorySegment info(Arena arena, long env, Path path) {
    MemorySegment info = arena.allocate(INFO, Long.BYTES);
    check(NativeLmdb.envInfo(env, info.address()), path);
    return info;
  }

  /** Frees the slots of processes that died. */
  static void freeDeadReaders(long env, Path path) {
    check(NativeLmdb.readerCheck(env), path);
  }

  /** Copies the newest commit into an empty folder, without free pages. */
  static void copy(long env, Path folder) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment name = arena.allocateFrom(folder.toAbsolutePath().toString());
      check(NativeLmdb.envCopy(env, name.address()), folder);
    }
  }
}
