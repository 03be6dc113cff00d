package dev.quicksilver.postgres;

import java.util.OptionalLong;

/**
 * What the processes of a PostgreSQL may take from the rest of the machine.
 *
 * @param niceness 0 (as this process) to 19 (only what nobody else wants)
 * @param memory bytes of its own that each process may have; empty for no bound
 * @param patienceSeconds from the fast shutdown to the immediate one
 */
record ProcessLimits(int niceness, OptionalLong memory, int patienceSeconds) {
  /** With less PostgreSQL starts, but fails at ordinary statements. */
  static final long LEAST_MEMORY = 32L << 20;

  static final int NICEST = 19;

  /** For one whose data matter: a shutdown may have much to write. */
  static final ProcessLimits NONE = new ProcessLimits(0, OptionalLong.empty(), 20);

  ProcessLimits {
    if (niceness < 0 || niceness > NICEST) {
      throw new IllegalArgumentException("niceness is 0 to 19, not " + niceness);
    }
    if (memory.isPresent() && memory.getAsLong() < LEAST_MEMORY) {
      throw new IllegalArgumentException(
          "a PostgreSQL process needs "
              + LEAST_MEMORY
              + " bytes of memory or more, not "
              + memory.getAsLong());
    }
  }

  ProcessLimits withNiceness(int changed) {
    return new ProcessLimits(changed, memory, patienceSeconds);
  }

  ProcessLimits withMemory(long changed) {
    return new ProcessLimits(niceness, OptionalLong.of(changed), patienceSeconds);
  }

  ProcessLimits withPatience(int changed) {
    return new ProcessLimits(niceness, memory, changed);
  }

  /** For {@code ulimit -d}, which counts in KiB; empty for no bound. */
  String memoryKibibytes() {
    return memory.isPresent() ? Long.toString(memory.getAsLong() >> 10) : "";
  }
}
