package dev.quicksilver.postgres;

import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Niceness among sessions. Linux may share the processors out among sessions first, each of which
 * begins with niceness 0, and by the niceness of processes only within a session (autogroup, see
 * sched(7)). Each process of PostgreSQL makes a session of its own.
 */
public final class Autogroup {
  private static final Logger LOG = LoggerFactory.getLogger(Autogroup.class);

  /** Without privileges, all users together may set ten a second. */
  private static final int ATTEMPTS = 50;

  private static final int PAUSE_MILLIS = 100;

  private Autogroup() {}

  /**
   * Gives a process's session the niceness that the process itself has; soon, and only if that is
   * nice, the session is the process's own, and the system does so.
   */
  public static void follow(long process) {
    Path session = Path.of("/proc/" + process + "/autogroup");
    if (Files.isWritable(session) && !set(process, session)) {
      Thread.ofVirtual()
          .name("autogroup")
          .start(
              () -> {
                for (int i = 1; i < ATTEMPTS && Files.isWritable(session); i++) {
                  try {
                    TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
                  } catch (InterruptedException e) {
                    return;
                  }
                  if (set(process, session)) {
                    return;
                  }
                }
                LOG.debug("session {} does not give way to others", process);
              });
    }
  }

  /** Returns false if it may do later. */
  private static boolean set(long process, Path session) {
    try {
      // After the name in brackets come the fields from the third on (proc_pid_stat(5)).
      String statistics =
          Files.readString(Path.of("/proc/" + process + "/stat"), StandardCharsets.ISO_8859_1);
      String[] fields = statistics.substring(statistics.lastIndexOf(')') + 2).split(" ", -1);
      int niceness = Integer.parseInt(fields[16]);
      if (niceness > 0 && Long.parseLong(fields[3]) == process) {
        // Not by a channel: for who may not write yet (EAGAIN) that has an exception of its own.
        try (FileOutputStream out = new FileOutputStream(session.toFile())) {
          out.write(Integer.toString(niceness).getBytes(StandardCharsets.US_ASCII));
        }
      }
      return true;
    } catch (IOException e) {
      return !Files.exists(session);
    }
  }
}
