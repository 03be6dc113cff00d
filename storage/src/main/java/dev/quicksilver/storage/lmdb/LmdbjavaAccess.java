package dev.quicksilver.storage.lmdb;

import java.lang.reflect.Field;
import java.nio.file.Path;
import jnr.ffi.Pointer;
import org.lmdbjava.Dbi;
import org.lmdbjava.Env;
import org.lmdbjava.Meta;
import org.lmdbjava.Txn;

/**
 * The one place that reaches into lmdbjava: it has no public way to say which native library to
 * load after start-up other than a property, nor to name LMDB's own objects behind its own.
 */
final class LmdbjavaAccess {
  private static final String EXTRACT_DIRECTORY = "lmdbjava.extract.dir";
  private static final Field ENV_POINTER = field(Env.class);
  private static final Field TXN_POINTER = field(Txn.class);
  private static final Field DBI_POINTER = field(Dbi.class);

  private LmdbjavaAccess() {}

  private static Field field(Class<?> type) {
    try {
      Field field = type.getDeclaredField("ptr");
      field.setAccessible(true);
      return field;
    } catch (NoSuchFieldException e) {
      throw new IllegalStateException(
          "this version of lmdbjava is not the one pinned in pom.xml", e);
    }
  }

  /**
   * Has lmdbjava unpack its library into a folder and load it, now. Only the folder can be chosen:
   * lmdbjava reads the property that names a library before it tells which one it brings.
   */
  static void unpackInto(Path folder) {
    System.setProperty(EXTRACT_DIRECTORY, folder.toString());
    try {
      Meta.version();
    } finally {
      System.clearProperty(EXTRACT_DIRECTORY);
    }
  }

  /** Returns the address of the {@code MDB_env}. */
  static long address(Env<?> env) {
    return address(ENV_POINTER, env);
  }

  /** Returns the address of the {@code MDB_txn}. */
  static long address(Txn<?> txn) {
    return address(TXN_POINTER, txn);
  }

  /** Returns the {@code MDB_dbi}, which lmdbjava keeps as if it were an address. */
  static int handle(Dbi<?> dbi) {
    return (int) address(DBI_POINTER, dbi);
  }

  private static long address(Field pointer, Object of) {
    try {
      return ((Pointer) pointer.get(of)).address();
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(e);
    }
  }
}
