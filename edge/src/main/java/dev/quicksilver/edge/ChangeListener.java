package dev.quicksilver.edge;

import dev.quicksilver.storage.log.LogEntry;

/**
 * Is told of the changes of a database, see {@link EdgeReader#listen}. Always called by the one
 * thread of its subscription, which may wait in here as long as it wants: nothing is held
 * meanwhile. What it throws ends the subscription.
 */
public interface ChangeListener {
  /**
   * Takes the next entry of the log. Each sequence comes once and in order; the entries of one
   * transaction follow each other and have the same commit LSN.
   */
  void changed(LogEntry entry);

  /**
   * Is told that the next entry is not in the log here: it was garbage-collected, a copy without it
   * has taken the database's place, or the database was dropped and another one made under its
   * name. What the listener knows of the pairs must be read anew; if it does that in here, it goes
   * on after {@code last}, and is told what was committed meanwhile again.
   *
   * @param oldest the first sequence that is in the log; {@code last + 1} if it is empty
   * @param last the database's last sequence
   * @return the sequence after which to go on: from {@code oldest - 1} to {@code last}
   */
  long gap(long oldest, long last);

  /**
   * Is told, as the last of all, that the subscription has ended because one of the other methods
   * has thrown something, which was logged.
   */
  default void failed(Throwable cause) {}
}
