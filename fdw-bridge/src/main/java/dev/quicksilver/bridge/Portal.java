package dev.quicksilver.bridge;

import dev.quicksilver.bridge.seek.Interruption;
import dev.quicksilver.bridge.seek.Rows;
import dev.quicksilver.bridge.seek.Seek;
import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.bridge.wire.MessageWriter;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A running seek: a cursor or a protocol portal. Rows can only be read forward: to move backward it
 * begins again and passes over those that come before. It can make rows before they are asked for,
 * while who asks is busy with those that it has.
 */
final class Portal implements AutoCloseable {
  /** Rows are sent when there are so many bytes of them. */
  static final int FLUSH_AT = 1 << 16;

  private static final int ROWS_BETWEEN_LOOKS = 64;

  private final Seek seek;
  private final Interruption interruption;
  private final boolean[] binary;
  private final boolean scrolls;
  private @Nullable Rows rows;

  /** Whether a row was asked for behind the last one. */
  private boolean exhausted;

  /** Whether there is no row that is not made. */
  private boolean ended;

  private boolean closed;

  /** Whether the source is at a row that was not given yet. */
  private boolean waiting;

  private @Nullable RowsAhead ahead;
  private @Nullable AheadBudget taken;
  private @Nullable BooleanSupplier pausing;
  private @Nullable RuntimeException failedAhead;
  private long position;
  private boolean failed;
  private int depth;

  /**
   * Makes a portal that has not begun.
   *
   * @param binary the columns that go out in binary format
   * @param scrolls whether it moves backward, too
   * @param depth how many savepoints must live for it to live
   */
  Portal(Seek seek, Interruption interruption, boolean[] binary, boolean scrolls, int depth) {
    this.seek = seek;
    this.interruption = interruption;
    this.binary = binary;
    this.scrolls = scrolls;
    this.depth = depth;
  }

  int depth() {
    return depth;
  }

  /** Savepoints beyond the given number were released: the cursor belongs to the one around. */
  void rise(int savepoints) {
    depth = Math.min(depth, savepoints);
  }

  Seek seek() {
    return seek;
  }

  /** Which columns go out in binary format. */
  boolean[] binary() {
    return binary;
  }

  boolean exhausted() {
    return exhausted;
  }

  /** A cursor begins to run; one that failed before does not run again. */
  void beginRun(String name) {
    if (failed) {
      throw PgException.of(
          SqlState.OBJECT_NOT_IN_PREREQUISITE_STATE, "portal \"" + name + "\" cannot be run");
    }
    failed = true;
  }

  /** It came to an end without an error. */
  void endRun() {
    failed = false;
  }

  /** The number of the row given last, counted from 1; 0 before the first. */
  long position() {
    return position;
  }

  /** Starts again from the first row. */
  void rewind() {
    closeRows();
    exhausted = false;
    ended = false;
    position = 0;
  }

  /**
   * Sends up to {@code count} rows; returns how many.
   *
   * @param discard only counts them
   */
  long send(long count, boolean discard, MessageWriter out, Runnable flush) {
    RowsAhead made = ahead;
    long sent = made == null ? 0 : made.take(count, discard, out);
    if (sent < count && failedAhead != null) {
      throw failedAhead;
    }
    while (sent < count && advance()) {
      sent++;
      if (!discard) {
        write(out);
        if (out.pending() > FLUSH_AT) {
          flush.run();
        }
      }
    }
    position += sent;
    exhausted |= sent < count;
    return sent;
  }

  /**
   * Sends up to {@code count} rows before the present one, the nearest first; returns how many.
   *
   * @param discard only counts them
   */
  long sendBack(long count, boolean discard, MessageWriter out, Runnable flush) {
    requireScrolling();
    if (count == 0) {
      return 0;
    }
    long before = exhausted() ? position : Math.max(0, position - 1);
    long sent = Math.min(count, before);
    long first = before - sent;
    if (!discard && sent > 0) {
      goTo(first);
      new RowsBackward(sent).send(this, out, flush);
    }
    goTo(sent < count ? 0 : first + 1);
    return sent;
  }

  /** The next so many rows will be those after the given one. */
  private void goTo(long row) {
    rewind();
    position = row;
  }

  /** Writes the next row, or returns false at the end. */
  boolean writeNext(MessageWriter to) {
    if (!advance()) {
      return false;
    }
    write(to);
    return true;
  }

  /**
   * Makes up to {@code count} rows that will be asked for next, if there is memory for them.
   *
   * @param pause asked now and then: to leave off
   */
  void readAhead(long count, AheadBudget budget, BooleanSupplier pause) {
    if (closed || ended || rows == null || hasAhead() || failedAhead != null) {
      return;
    }
    RowsAhead made = ahead;
    if (made == null) {
      if (!budget.take()) {
        return;
      }
      made = new RowsAhead();
      ahead = made;
      taken = budget;
    }
    pausing = pause;
    try {
      for (long each = 1; each <= count && !made.isFull() && advance(); each++) {
        if (Objects.requireNonNull(rows).bytes() > RowsAhead.MOST_ROW_BYTES) {
          waiting = true;
          return;
        }
        write(made.writer());
        made.add();
        if (each % ROWS_BETWEEN_LOOKS == 0 && pause.getAsBoolean()) {
          return;
        }
      }
    } catch (Pause e) {
      // The rest is made when it is asked for.
    } catch (RuntimeException e) {
      failedAhead = e; // it belongs to the statement that asks for the row
    } catch (OutOfMemoryError e) {
      failedAhead = Errors.translate(e);
    } finally {
      pausing = null;
    }
  }

  /** Ends the making of rows that nobody has asked for yet. */
  private static final class Pause extends RuntimeException {
    private static final long serialVersionUID = 1;

    private Pause() {
      super(null, null, false, false);
    }
  }

  /** What the scan asks now and then. */
  private void look() {
    BooleanSupplier pause = pausing;
    if (pause == null) {
      interruption.check();
    } else if (pause.getAsBoolean()) {
      throw new Pause();
    }
  }

  private boolean hasAhead() {
    return ahead != null && !ahead.isEmpty();
  }

  private boolean advance() {
    if (waiting) {
      waiting = false;
      return true;
    }
    Rows source = rows;
    if (source == null) {
      if (ended) {
        return false;
      }
      source = seek.open(this::look);
      rows = source;
      for (long passed = 0; passed < position; passed++) {
        source.next();
      }
    }
    if (source.next()) {
      return true;
    }
    ended = true;
    endRows();
    return false;
  }

  private void write(MessageWriter to) {
    Rows source = Objects.requireNonNull(rows);
    to.begin('D');
    to.int16(binary.length);
    source.write(to, binary);
    to.end();
  }

  /** Refuses to move backward if it cannot. */
  void requireScrolling() {
    if (!scrolls) {
      throw PgException.of(
              SqlState.OBJECT_NOT_IN_PREREQUISITE_STATE, "cursor can only scan forward")
          .hint("Declare it with SCROLL option to enable backward scan.");
    }
  }

  @Override
  public void close() {
    closed = true;
    closeRows();
    AheadBudget budget = taken;
    taken = null;
    ahead = null;
    if (budget != null) {
      budget.give();
    }
  }

  private void closeRows() {
    if (ahead != null) {
      ahead.clear();
    }
    failedAhead = null;
    endRows();
  }

  private void endRows() {
    waiting = false;
    Rows source = rows;
    rows = null;
    if (source != null) {
      source.close();
    }
  }
}
