package dev.quicksilver.benchmarks.doctor;

import java.util.List;

/** A set-up that is broken, and what its cure takes. Used once. */
public interface SetUp {
  /** Returns what is broken, in a few words. */
  String what();

  /** Returns the findings that have to come, and no others. */
  List<Expected> expected();

  /** Breaks it; returns how doctor is to be called. */
  Call plant() throws Exception;

  /**
   * Does what a finding's cure says.
   *
   * @param cure as it is printed
   * @return how doctor is to be called from now on
   */
  Call cure(String cure, Call call) throws Exception;

  /** Takes away what is left of it. */
  default void end() throws Exception {}
}
