package dev.quicksilver.edge;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Programs in a PID namespace of their own, as in another container. */
final class Namespaces {
  /** What such a program's command line begins with. */
  static final List<String> OF_ITS_OWN =
      List.of("unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc");

  private Namespaces() {}

  /** Skips a test, and says why, where this user may not make namespaces. */
  static void assumeTheyCanBeMade() throws InterruptedException {
    List<String> command = new ArrayList<>(OF_ITS_OWN);
    command.add("true");
    boolean can;
    try {
      can = new ProcessBuilder(command).redirectErrorStream(true).start().waitFor() == 0;
    } catch (IOException e) {
      can = false;
    }
    if (!can) {
      System.err.println(
          "skipped: no PID namespace can be made here: " + String.join(" ", command));
    }
    assumeTrue(can, "no PID namespace can be made here");
  }
}
