package dev.quicksilver.edge.resp;

import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.record.PairBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** One command of one client while it runs, and what the loop lends it. Used again. */
final class Call {
  private static final int MAX_KEY = 511;
  private static final int LARGE = 1 << 20;

  final Shared shared;
  final LoopDatabases databases;
  final Subscribers subscribers;
  final Reply reply = new Reply();
  Request request = new Request();
  private final byte[] key = new byte[MAX_KEY];
  private PairBuffer pair = new PairBuffer();
  private boolean large;
  private @Nullable Connection connection;

  Call(Shared shared, LoopDatabases databases, Subscribers subscribers) {
    this.shared = shared;
    this.databases = databases;
    this.subscribers = subscribers;
  }

  /** Begins to work for a client. */
  void of(Connection now) {
    connection = now;
    reply.protocol(now.session.protocol);
  }

  Connection connection() {
    return Objects.requireNonNull(connection);
  }

  Session session() {
    return connection().session;
  }

  /**
   * Looks an argument up as a key; no key is empty or longer than 511 bytes, so those are not
   * there.
   */
  boolean get(Snapshot snapshot, int argument, PairBuffer into) {
    int length = request.length(argument);
    if (length == 0 || length > MAX_KEY) {
      return false;
    }
    System.arraycopy(request.buffer, request.offset(argument), key, 0, length);
    boolean found = snapshot.get(key, length, into);
    large |= found && into.valueLength() > LARGE;
    return found;
  }

  /** Returns the buffer that values are read into. */
  PairBuffer pair() {
    return pair;
  }

  /** Gives the memory of a large value back. */
  void tidy() {
    if (large) {
      pair = new PairBuffer();
      large = false;
    }
  }
}
