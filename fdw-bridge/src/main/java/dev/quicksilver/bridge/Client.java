package dev.quicksilver.bridge;

import dev.quicksilver.bridge.evaluate.Evaluation.CopyMessage;
import java.io.IOException;
import java.util.Optional;

/** What a session needs of its connection. */
interface Client {
  /** Sends what the writer holds. */
  void flush();

  /** Whether the client has left; looks for a millisecond. */
  boolean gone();

  /** Whether something of the client's waits to be read, as far as can be seen at once. */
  boolean hasSent();

  /** Drops a prepared statement, or all; false if there was none that this session runs itself. */
  boolean deallocate(Optional<String> name);

  /** The evaluator has no unnamed prepared statement any more. */
  void forgetUnnamed();

  /** The evaluator has no prepared statement of this session's at all. */
  void forgetRemote();

  /** The next message of a COPY from the client; empty if none comes in a twentieth of a second. */
  Optional<CopyMessage> copyMessage() throws IOException;

  /**
   * Gives the snapshot back of a transaction whose statement is being evaluated, on the thread that
   * waits for that: what it reads next fails.
   */
  void giveSnapshotBack();
}
