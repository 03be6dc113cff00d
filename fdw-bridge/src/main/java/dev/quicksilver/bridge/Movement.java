package dev.quicksilver.bridge;

import dev.quicksilver.bridge.sql.Statement;
import dev.quicksilver.bridge.wire.MessageWriter;

/**
 * FETCH and MOVE of a cursor that seeks, with the positions of PostgreSQL (FETCH in its manual):
 * before the first row, on a row, or behind the last one.
 */
final class Movement {
  private final Portal portal;
  private final boolean move;
  private final Runnable describe;
  private final MessageWriter out;
  private final Runnable flush;

  /**
   * One statement's movement.
   *
   * @param move whether no rows are sent
   * @param describe sends the description of the columns; called once, before the first row
   */
  Movement(Portal portal, boolean move, Runnable describe, MessageWriter out, Runnable flush) {
    this.portal = portal;
    this.move = move;
    this.describe = describe;
    this.out = out;
    this.flush = flush;
  }

  /** Moves; returns the number of rows in the statement's tag. */
  long run(Statement.Direction direction, long count) {
    return switch (direction) {
      case FORWARD -> count < 0 ? backward(-count) : forward(count);
      case BACKWARD -> count < 0 ? forward(-count) : backward(count);
      case ABSOLUTE -> absolute(count);
      case RELATIVE -> relative(count);
    };
  }

  private long forward(long count) {
    return count == 0 ? same(true) : give(count, true);
  }

  private long backward(long count) {
    if (count == 0) {
      return same(false);
    }
    if (move && count == Long.MAX_VALUE) {
      long current = portal.exhausted() ? portal.position() : Math.max(0, portal.position() - 1);
      portal.rewind();
      return current;
    }
    return give(count, false);
  }

  /** The row on which the cursor is. */
  private long same(boolean forward) {
    boolean onRow = portal.position() > 0 && !portal.exhausted();
    if (move) {
      return onRow ? 1 : 0;
    }
    if (onRow) {
      skipBack(1);
    }
    return onRow ? give(1, true) : give(0, forward);
  }

  private long absolute(long count) {
    if (count > 0) {
      if (count > portal.position()) {
        skip(count - portal.position() - 1);
      } else {
        portal.requireScrolling();
        portal.rewind();
        skip(count - 1);
      }
      return give(1, true);
    }
    if (count < 0) {
      portal.requireScrolling();
      skip(Long.MAX_VALUE);
      skipBack(-count - 1);
      return give(1, false);
    }
    if (portal.position() > 0) {
      portal.requireScrolling();
    }
    portal.rewind();
    return give(0, true);
  }

  private long relative(long count) {
    if (count > 0) {
      skip(count - 1);
      return give(1, true);
    }
    if (count < 0) {
      skipBack(-count - 1);
      return give(1, false);
    }
    return same(true);
  }

  private void skip(long count) {
    portal.send(count, true, out, flush);
  }

  private void skipBack(long count) {
    portal.sendBack(count, true, out, flush);
  }

  private long give(long count, boolean forward) {
    if (!forward) {
      portal.requireScrolling();
    }
    if (!move) {
      describe.run();
    }
    return forward
        ? portal.send(count, move, out, flush)
        : portal.sendBack(count, move, out, flush);
  }
}
