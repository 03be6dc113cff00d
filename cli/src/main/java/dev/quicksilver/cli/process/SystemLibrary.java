package dev.quicksilver.cli.process;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.invoke.MethodHandle;

/** Functions of the C library that Java has no equal of. Stateless. */
public final class SystemLibrary {
  private SystemLibrary() {}

  /**
   * Returns a function that may be called.
   *
   * @throws java.util.NoSuchElementException if the C library has none of this name
   */
  @SuppressWarnings("restricted") // a call of C is the only way
  public static MethodHandle bind(String name, MemoryLayout result, MemoryLayout... arguments) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(
        linker.defaultLookup().findOrThrow(name), FunctionDescriptor.of(result, arguments));
  }
}
