package dev.quicksilver.storage;

import java.lang.reflect.Field;
import java.nio.file.Path;
import jnr.ffi.Pointer;
import org.lmdbjava.Env;
import org.lmdbjava.Meta;

/**
 * The one place that reaches into lmdbjava: it has no public way to say which native library to
 * load after start-up other than a property, nor to name the {@code MDB_env} behind an {@link Env}.
 */
final class LmdbjavaAccess {
  private static final String EXTRACT_DIRECTORY = "lmdbjava.extract.dir";
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

  static long address(Env<?> env) {
    try {
      return ((Pointer) ENV_POINTER.get(env)).address();
    } catch (IllegalAccessException e) {
      throw new IllegalStateException(e);
    }
  }
}
