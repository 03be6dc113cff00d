package dev.quicksilver.cli.page;

/** What a listener may show beside the status. */
enum Reach {
  /** Logs and keys, to this machine. */
  READS(""),
  /** The process serves none. */
  NO_READS(
      "This process shows no log and searches no key: the root or replica whose data directory it"
          + " reads does, on its own page."),
  /** Other machines come by here. */
  OTHERS(
      "The log of a database and the search of a key show values, so they are not here, where other"
          + " machines come by: open the page on the node's machine at its loopback address, or"
          + " through an SSH tunnel to it.");

  private final String note;

  Reach(String note) {
    this.note = note;
  }

  /** Returns why something is not there; empty if all is. */
  String note() {
    return note;
  }
}
