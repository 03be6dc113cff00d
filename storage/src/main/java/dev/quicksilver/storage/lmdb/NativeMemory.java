package dev.quicksilver.storage.lmdb;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import org.jspecify.annotations.Nullable;

/** The memory that C's {@code malloc} keeps after it was freed. Thread-safe. */
final class NativeMemory {
  /** Bound at the first use, which is rare; null where the system's C library has no such thing. */
  private static final class Once {
    @SuppressWarnings("restricted") // to ask the C library is what this class is for
    static final @Nullable MethodHandle TRIM =
        Linker.nativeLinker()
            .defaultLookup()
            .find("malloc_trim")
            .map(
                function ->
                    Linker.nativeLinker()
                        .downcallHandle(function, FunctionDescriptor.of(JAVA_INT, JAVA_LONG)))
            .orElse(null);
  }

  private NativeMemory() {}

  /**
   * Has the system take back what was freed: glibc keeps it in the middle of its arenas otherwise.
   * Does nothing with a C library that lacks {@code malloc_trim}.
   */
  static void trim() {
    MethodHandle trim = Once.TRIM;
    if (trim == null) {
      return;
    }
    try {
      var _ = (int) trim.invokeExact(0L);
    } catch (Throwable e) {
      throw new IllegalStateException("malloc_trim could not be called", e);
    }
  }
}
