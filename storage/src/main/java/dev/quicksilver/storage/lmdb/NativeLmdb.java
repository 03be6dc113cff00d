package dev.quicksilver.storage.lmdb;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.lmdbjava.Env;
import org.lmdbjava.TargetName;

/**
 * LMDB's calls that begin and end read transactions, the one that puts a record and what else
 * lmdbjava lacks, through {@code java.lang.foreign} and bound to the very library that lmdbjava
 * uses. All addresses are plain longs, so that a call allocates nothing. The pages themselves are
 * read by {@link PageMap}.
 */
@SuppressWarnings("restricted") // calling C is what this class is for
final class NativeLmdb {
  static final int NOT_FOUND = -30798;
  static final int RDONLY = 0x20000;
  static final int APPEND = 0x20000;

  /** Has a put only make room for the data, and say where. */
  static final int RESERVE = 0x10000;

  private static final int NOSYNC = 0x10000;

  /** The handle of the tree that lists the others. */
  static final int MAIN_DBI = 1;

  private static final MethodHandle TXN_BEGIN;
  private static final MethodHandle TXN_ABORT;
  private static final MethodHandle TXN_RESET;
  private static final MethodHandle TXN_RENEW;
  private static final MethodHandle GET;
  private static final MethodHandle PUT;
  private static final MethodHandle CURSOR_OPEN;
  private static final MethodHandle CURSOR_PUT;
  private static final MethodHandle CURSOR_CLOSE;
  private static final MethodHandle TXN_ID;
  private static final MethodHandle DBI_OPEN;
  private static final MethodHandle STRERROR;
  private static final MethodHandle SET_FLAGS;
  private static final MethodHandle READER_LIST;

  static {
    SymbolLookup library = loadLibrary();
    TXN_BEGIN = bind(library, "mdb_txn_begin", JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG);
    TXN_ABORT = bindVoid(library, "mdb_txn_abort");
    TXN_RESET = bindBrief(library, "mdb_txn_reset", FunctionDescriptor.ofVoid(JAVA_LONG));
    TXN_RENEW = bindBrief(library, "mdb_txn_renew", FunctionDescriptor.of(JAVA_INT, JAVA_LONG));
    PUT = bind(library, "mdb_put", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);
    CURSOR_OPEN = bind(library, "mdb_cursor_open", JAVA_LONG, JAVA_INT, JAVA_LONG);
    CURSOR_PUT = bind(library, "mdb_cursor_put", JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT);
    CURSOR_CLOSE = bindVoid(library, "mdb_cursor_close");
    GET = bind(library, "mdb_get", JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG);
    TXN_ID = bindBrief(library, "mdb_txn_id", FunctionDescriptor.of(JAVA_LONG, JAVA_LONG));
    DBI_OPEN = bind(library, "mdb_dbi_open", JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG);
    SET_FLAGS = bind(library, "mdb_env_set_flags", JAVA_LONG, JAVA_INT, JAVA_INT);
    READER_LIST = bind(library, "mdb_reader_list", JAVA_LONG, JAVA_LONG, JAVA_LONG);
    STRERROR =
        Linker.nativeLinker()
            .downcallHandle(
                library.findOrThrow("mdb_strerror"), FunctionDescriptor.of(ADDRESS, JAVA_INT));
  }

  private NativeLmdb() {}

  /** Has lmdbjava unpack and load its library, and looks the same file up. */
  private static SymbolLookup loadLibrary() {
    String configured = System.getProperty(TargetName.LMDB_NATIVE_LIB_PROP, "");
    if (!configured.isEmpty()) {
      return SymbolLookup.libraryLookup(Path.of(configured), Arena.global());
    }
    try {
      return NativeLibraries.load(
          "lmdb",
          folder -> {
            LmdbjavaAccess.unpackInto(folder);
            return SymbolLookup.libraryLookup(onlyFile(folder), Arena.global());
          });
    } catch (IOException e) {
      throw new StorageException(
          ErrorCode.IO,
          "LMDB's library could not be unpacked into "
              + NativeLibraries.folder()
              + ": "
              + e.getMessage()
              + "; free some room or set -Djava.io.tmpdir",
          e);
    }
  }

  private static Path onlyFile(Path folder) throws IOException {
    List<Path> files = files(folder);
    if (files.size() != 1) {
      throw new StorageException(
          ErrorCode.IO,
          "lmdbjava was used in this process before Quicksilver's storage, with a library of its"
              + " own; name one for both with -Dlmdbjava.native.lib=…");
    }
    return files.getFirst();
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.toList();
    }
  }

  private static MethodHandle bind(SymbolLookup library, String name, MemoryLayout... arguments) {
    return Linker.nativeLinker()
        .downcallHandle(library.findOrThrow(name), FunctionDescriptor.of(JAVA_INT, arguments));
  }

  private static MethodHandle bindVoid(SymbolLookup library, String name) {
    return Linker.nativeLinker()
        .downcallHandle(library.findOrThrow(name), FunctionDescriptor.ofVoid(JAVA_LONG));
  }

  /**
   * Binds a function that ends after a few loads and stores, whatever the state of the disk: the
   * thread then need not tell the JVM that it is away. A function that may meet a page that is not
   * in memory must not be bound so, since the whole JVM would wait for the disk with it.
   */
  private static MethodHandle bindBrief(
      SymbolLookup library, String name, FunctionDescriptor function) {
    return Linker.nativeLinker()
        .downcallHandle(library.findOrThrow(name), function, Linker.Option.critical(false));
  }

  /** Returns the address of an environment's {@code MDB_env}. */
  static long address(Env<?> env) {
    return LmdbjavaAccess.address(env);
  }

  static int txnBegin(long env, int flags, long txnOut) {
    try {
      return (int) TXN_BEGIN.invokeExact(env, 0L, flags, txnOut);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static void txnAbort(long txn) {
    try {
      TXN_ABORT.invokeExact(txn);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static void txnReset(long txn) {
    try {
      TXN_RESET.invokeExact(txn);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static int txnRenew(long txn) {
    try {
      return (int) TXN_RENEW.invokeExact(txn);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static int put(long txn, int dbi, long key, long data, int flags) {
    try {
      return (int) PUT.invokeExact(txn, dbi, key, data, flags);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** Opens a cursor; that of a write transaction ends with it, if it is not closed before. */
  static int cursorOpen(long txn, int dbi, long cursorOut) {
    try {
      return (int) CURSOR_OPEN.invokeExact(txn, dbi, cursorOut);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static int cursorPut(long cursor, long key, long data, int flags) {
    try {
      return (int) CURSOR_PUT.invokeExact(cursor, key, data, flags);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static void cursorClose(long cursor) {
    try {
      CURSOR_CLOSE.invokeExact(cursor);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static int get(long txn, int dbi, long key, long data) {
    try {
      return (int) GET.invokeExact(txn, dbi, key, data);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static long txnId(long txn) {
    try {
      return (long) TXN_ID.invokeExact(txn);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static int dbiOpen(long txn, long name, int flags, long dbiOut) {
    try {
      return (int) DBI_OPEN.invokeExact(txn, name, flags, dbiOut);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** Has each later commit of an environment wait for the disk, however it was opened. */
  static int waitForDisk(long env) {
    try {
      return (int) SET_FLAGS.invokeExact(env, NOSYNC, 0);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** Has a function called with each line of the list of readers; see {@link ReaderList}. */
  static int readerList(long env, long function, long context) {
    try {
      return (int) READER_LIST.invokeExact(env, function, context);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  static String strerror(int code) {
    try {
      return ((MemorySegment) STRERROR.invokeExact(code)).reinterpret(1024).getString(0);
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  private static IllegalStateException unexpected(Throwable e) {
    return new IllegalStateException("a call of LMDB could not be made", e);
  }
}
