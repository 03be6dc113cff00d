package dev.quicksilver.cli.top;

import dev.quicksilver.cli.process.SystemLibrary;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Locale;

/** What a shell does with the process. Stateless. */
final class JobControl {
  /** SIGTSTP by {@code signal(7)} of Linux, and by {@code signal.h} of macOS. */
  private static final int STOP_LINUX = 20;

  private static final int STOP_MAC = 18;

  private JobControl() {}

  /**
   * Sends this process the signal that Ctrl-Z sends, and returns when it is continued. At once if
   * there is no shell that could continue it: then the system ignores the signal.
   */
  static void stop() {
    boolean isMac = System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("mac");
    MethodHandle raise = SystemLibrary.bind("raise", ValueLayout.JAVA_INT, ValueLayout.JAVA_INT);
    try {
      int _ = (int) raise.invokeExact(isMac ? STOP_MAC : STOP_LINUX);
    } catch (Throwable e) {
      throw new IllegalStateException("raise of the C library cannot be called", e);
    }
  }
}
