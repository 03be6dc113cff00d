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

  /**
   * Returns the command that waits for what is left of it, as a client would send it: for another
   * process, which has the client from now on.
   *
   * @param nanosLeft until it would time out
   */
  byte[] again(long nanosLeft);
}
