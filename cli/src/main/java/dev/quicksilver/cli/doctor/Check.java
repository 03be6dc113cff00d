package dev.quicksilver.cli.doctor;

import java.util.List;

/** One thing to look at. Stateless; changes nothing that stays. */
interface Check {
  /** Returns the name that its findings carry: {@code file-system}. */
  String name();

  /**
   * Looks.
   *
   * @return what was found; empty if there is nothing to look at
   * @throws Exception whatever it fails with, which becomes a finding
   */
  List<Finding> run(Context context) throws Exception;
}
