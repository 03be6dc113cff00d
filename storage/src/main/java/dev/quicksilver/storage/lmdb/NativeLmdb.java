package dev.quicksilver.storage.lmdb;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * LMDB's calls for readers, the one that puts a record and what else lmdbjava lacks, through {@code
 * java.lang.foreign} and bound to the very library that lmdbjava uses. All addresses are plain
 * longs, so that a call allocates nothing. The pages themselves are read by {@link PageMap}.
 *
 * <p>The JVM makes code for each shape of a function, which takes a process 10 ms of its start. So
 * there are few shapes: all functions of up to four arguments have one. An int is then the low half
 * of a register, of which C looks at no more, and neither does it look at registers that it has no
 * argument for; so it is with the calling conventions of x86-64 and AArch64, the only ones that
 * LMDB's library comes along for.
 */
@SuppressWarnings("restricted") // calling C is what this class is for
final class NativeLmdb {
  static final int NOT_FOUND = -30798;
  static final int RDONLY = 0x20000;
  static final int APPEND = 0x20000;

  /** Has a put only make room for the data, and say where. */
  static final int RESERVE = 0x10000;

  static final int NOSYNC = 0x10000;
  static final int NOTLS = 0x200000;
  static final int NORDAHEAD = 0x800000;

  private static final int COPY_COMPACT = 1;

  /** The handle of the tree that lists the others. */
  static final int MAIN_DBI = 1;

  private static final MethodHandle CALL =
      Linker.nativeLinker()
          .downcallHandle(
              FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG));

  /**
   * Calls a function that ends after a few loads and stores, whatever the state of the disk: the
   * thread then need not tell the JVM that it is away. A function that may meet a page that is not
   * in memory must not be called so, since the whole JVM would wait for the disk with it.
   */
  private static final MethodHandle CALL_BRIEFLY =
      Linker.nativeLinker()
          .downcallHandle(
              FunctionDescriptor.of(JAVA_LONG, JAVA_LONG), Linker.Option.critical(false));

  private static final MemorySegment ENV_CREATE = function("mdb_env_create");
  private static final MemorySegment ENV_CLOSE = function("mdb_env_close");
  private static final MemorySegment ENV_SET_MAPSIZE = function("mdb_env_set_mapsize");
  private static final MemorySegment ENV_SET_MAXDBS = function("mdb_env_set_maxdbs");
  private static final MemorySegment ENV_SET_MAXREADERS = function("mdb_env_set_maxreaders");
  private static final MemorySegment ENV_SET_FLAGS = function("mdb_env_set_flags");
  private static final MemorySegment ENV_OPEN = function("mdb_env_open");
  private static final MemorySegment ENV_INFO = function("mdb_env_info");
  private static final MemorySegment ENV_STAT = function("mdb_env_stat");
  private static final MemorySegment ENV_COPY = function("mdb_env_copy2");
  private static final MemorySegment READER_CHECK = function("mdb_reader_check");
  private static final MemorySegment READER_LIST = function("mdb_reader_list");
  private static final MemorySegment TXN_BEGIN = function("mdb_txn_begin");
  private static final MemorySegment TXN_ABORT = function("mdb_txn_abort");
  private static final MemorySegment TXN_RESET = function("mdb_txn_reset");
  private static final MemorySegment TXN_RENEW = function("mdb_txn_renew");
  private static final MemorySegment TXN_ID = function("mdb_txn_id");
  private static final MemorySegment DBI_OPEN = function("mdb_dbi_open");
  private static final MemorySegment GET = function("mdb_get");
  private static final MemorySegment CURSOR_OPEN = function("mdb_cursor_open");
  private static final MemorySegment CURSOR_PUT = function("mdb_cursor_put");
  private static final MemorySegment CURSOR_CLOSE = function("mdb_cursor_close");
  private static final MemorySegment STRERROR = function("mdb_strerror");

  /** A shape of its own, which readers do without. */
  private static final class Put {
    static final MethodHandle PUT =
        Linker.nativeLinker()
            .downcallHandle(
                function("mdb_put"),
                FunctionDescriptor.of(
                    JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT));
  }

  private NativeLmdb() {}

  private static MemorySegment function(String name) {
    return LmdbLibrary.lookup().findOrThrow(name);
  }

  /** Calls a function of up to four arguments; those that it has not are 0. */
  private static long call(MemorySegment function, long a, long b, long c, long d) {
    try {
      return (long) CALL.invokeExact(function, a, b, c, d);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  private static long callBriefly(MemorySegment function, long argument) {
    try {
      return (long) CALL_BRIEFLY.invokeExact(function, argument);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  // ---- environments

  static int envCreate(long envOut) {
    return (int) call(ENV_CREATE, envOut, 0, 0, 0);
  }

  static void envClose(long env) {
    var _ = call(ENV_CLOSE, env, 0, 0, 0);
  }

  static int setMapSize(long env, long bytes) {
    return (int) call(ENV_SET_MAPSIZE, env, bytes, 0, 0);
  }

  static int setMaxDbs(long env, int trees) {
    return (int) call(ENV_SET_MAXDBS, env, trees, 0, 0);
  }

  static int setMaxReaders(long env, int slots) {
    return (int) call(ENV_SET_MAXREADERS, env, slots, 0, 0);
  }

  static int envOpen(long env, long path, int flags, int rights) {
    return (int) call(ENV_OPEN, env, path, flags, rights);
  }

  /** Fills an {@code MDB_envinfo}; see {@link NativeEnvironment}. */
  static int envInfo(long env, long infoOut) {
    return (int) call(ENV_INFO, env, infoOut, 0, 0);
  }

  /** Fills an {@code MDB_stat}; see {@link NativeEnvironment}. */
  static int envStat(long env, long statOut) {
    return (int) call(ENV_STAT, env, statOut, 0, 0);
  }

  /** Copies into an empty folder, without the free pages. */
  static int envCopy(long env, long path) {
    return (int) call(ENV_COPY, env, path, COPY_COMPACT, 0);
  }

  /** Has each later commit of an environment wait for the disk, however it was opened. */
  static int waitForDisk(long env) {
    return (int) call(ENV_SET_FLAGS, env, NOSYNC, 0, 0);
  }

  /** Frees the reader slots of processes that died. */
  static int readerCheck(long env) {
    return (int) call(READER_CHECK, env, 0, 0, 0);
  }

  /** Has a function called with each line of the list of readers; see {@link ReaderList}. */
  static int readerList(long env, long function, long context) {
    return (int) call(READER_LIST, env, function, context, 0);
  }

  // ---- transactions

  static int txnBegin(long env, int flags, long txnOut) {
    return (int) call(TXN_BEGIN, env, 0, flags, txnOut);
  }

  static void txnAbort(long txn) {
    var _ = call(TXN_ABORT, txn, 0, 0, 0);
  }

  static void txnReset(long txn) {
    var _ = callBriefly(TXN_RESET, txn);
  }

  static int txnRenew(long txn) {
    return (int) callBriefly(TXN_RENEW, txn);
  }

  static long txnId(long txn) {
    return callBriefly(TXN_ID, txn);
  }

  static int dbiOpen(long txn, long name, int flags, long dbiOut) {
    return (int) call(DBI_OPEN, txn, name, flags, dbiOut);
  }

  static int get(long txn, int dbi, long key, long data) {
    return (int) call(GET, txn, dbi, key, data);
  }

  static int put(long txn, int dbi, long key, long data, int flags) {
    try {
      return (int) Put.PUT.invokeExact(txn, dbi, key, data, flags);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** Opens a cursor; that of a write transaction ends with it, if it is not closed before. */
  static int cursorOpen(long txn, int dbi, long cursorOut) {
    return (int) call(CURSOR_OPEN, txn, dbi, cursorOut, 0);
  }

  static int cursorPut(long cursor, long key, long data, int flags) {
    return (int) call(CURSOR_PUT, cursor, key, data, flags);
  }

  static void cursorClose(long cursor) {
    var _ = call(CURSOR_CLOSE, cursor, 0, 0, 0);
  }

  static String strerror(int code) {
    return MemorySegment.ofAddress(call(STRERROR, code, 0, 0, 0)).reinterpret(1024).getString(0);
  }

  private static IllegalStateException unexpected(Throwable e) {
    return new IllegalStateException("a call of LMDB could not be made", e);
  }
}
