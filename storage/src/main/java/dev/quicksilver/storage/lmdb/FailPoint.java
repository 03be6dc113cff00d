package dev.quicksilver.storage.lmdb;

/**
 * Named places in the production path where a crash test can stop the process exactly. The system
 * property {@code quicksilver.failpoint} holds {@code NAME} or {@code NAME:N} (the N-th time, 1 by
 * default); the process then halts as if by SIGKILL. Without the property a hit costs one
 * comparison.
 */
public final class FailPoint {
  private static final String ARMED = System.getProperty("quicksilver.failpoint", "");
  private static final String NAME =
      ARMED.contains(":") ? ARMED.substring(0, ARMED.indexOf(':')) : ARMED;
  private static final java.util.concurrent.atomic.AtomicInteger COUNTDOWN =
      new java.util.concurrent.atomic.AtomicInteger(
          ARMED.contains(":") ? Integer.parseInt(ARMED.substring(ARMED.indexOf(':') + 1)) : 1);

  private FailPoint() {}

  /** Passes the named point; halts the process here with exit code 137 if a test armed it. */
  public static void hit(String name) {
    if (!NAME.isEmpty() && NAME.equals(name) && COUNTDOWN.decrementAndGet() == 0) {
      Runtime.getRuntime().halt(137);
    }
  }
}
