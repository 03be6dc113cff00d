package dev.quicksilver.cli.process;

import static dev.quicksilver.cli.process.SystemLibrary.bind;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.quicksilver.postgres.Autogroup;
import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has this process give way to others, as {@code nice(1)} does for one that is about to start. On
 * Linux only; elsewhere nothing happens.
 */
public final class Niceness {
  private static final Logger LOG = LoggerFactory.getLogger(Niceness.class);
  private static final int PRIO_PROCESS = 0;
  private static final Path SELF = Path.of("/proc/self");

  private Niceness() {}

  /**
   * Makes all threads at least that nice, also those that they start later. Where Linux shares out
   * the processors among sessions first (autogroup, see sched(7)), the session gets the niceness,
   * too, if it is this process's own.
   *
   * @param niceness 0 (nothing changes) to 19 (only what nobody else wants)
   */
  public static void atLeast(int niceness) {
    if (niceness == 0 || !Files.isDirectory(SELF)) {
      return;
    }
    try (DirectoryStream<Path> threads = Files.newDirectoryStream(SELF.resolve("task"))) {
      MethodHandle get = bind("getpriority", JAVA_INT, JAVA_INT, JAVA_INT);
      MethodHandle set = bind("setpriority", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
      for (Path thread : threads) {
        int id = Integer.parseInt(thread.getFileName().toString());
        if ((int) get.invokeExact(PRIO_PROCESS, id) < niceness) {
          int _ = (int) set.invokeExact(PRIO_PROCESS, id, niceness); // fails if it has ended
        }
      }
      Autogroup.follow(ProcessHandle.current().pid());
    } catch (IOException e) {
      LOG.warn("this process does not give way to others: {}", e.toString());
    } catch (Throwable e) {
      throw new AssertionError(e); // neither call throws
    }
  }
}
