package dev.quicksilver.storage.lmdb;

import java.lang.reflect.Field;
import jnr.ffi.Pointer;
import org.lmdbjava.Dbi;
import org.lmdbjava.Env;
import org.lmdbjava.Txn;

/**
 * The one place that reaches into lmdbjava, which does not name LMDB's own objects behind its own.
 */
final class LmdbjavaAccess {
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
