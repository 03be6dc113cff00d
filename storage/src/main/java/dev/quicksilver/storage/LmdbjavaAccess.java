package dev.quicksilver.storage;

import java.lang.reflect.Field;
import java.nio.file.Path;
import jnr.ffi.Pointer;
import org.lmdbjava.Env;
import org.lmdbjava.Meta;
import org.lmdbjava.TargetName;

/**
 * The one place that reaches into lmdbjava: it has no public way to say which native library to
 * load after start-up other than a property, nor to name the {@code MDB_env} behind an {@link Env}.
 */
final class LmdbjavaAccess {
  private static final Field ENV_POINTER = field();

  private LmdbjavaAccess() {}

  private static Field field() {
    try {
      Field field = Env.class.getDeclaredField("ptr");
      field.setAccessible(true);
      return field;
    } catch (NoSuchFieldException e) {
      throw new IllegalStateException(
          "this version of lmdbjava is not the one pinned in pom.xml", e);
    }
  }

  /** Has lmdbjava load its native functions from the file, now. */
  static void load(Path file) {
    System.setProperty(TargetName.LMDB_NATIVE_LIB_PROP, file.toString());
    try {
      Meta.version();
    } finally {
      System.clearProperty(TargetName.LMDB_NATIVE_LIB_PROP);
    }
  }

  static long address(Env<?> env) {
    try {
      return ((Pointer) ENV_POINTER.get(env)).address();
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(e);
    }
  }
}
