package dev.quicksilver.edge.resp;

/** What a client waits for before its next command is run. For its loop's thread. */
interface Waiting {
  /** Whether a commit of a database can end it. */
  boolean concerns(String database);

  /**
   * Replies if it can be replied to now.
   *
   * @return whether it has replied
   */
  boolean poll(Call call);

  /** Replies that it has waited for long enough. */
  void timeOut(Call call);
}
