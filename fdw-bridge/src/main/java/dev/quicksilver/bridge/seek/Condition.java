package dev.quicksilver.bridge.seek;

import dev.quicksilver.bridge.catalog.RelationCursor;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;

/** A condition on a row, in SQL's three-valued logic. Immutable. */
sealed interface Condition {
  /** The condition holds. */
  int TRUE = 1;

  /** The condition does not hold. */
  int FALSE = 0;

  /** The condition is NULL. */
  int UNKNOWN = -1;

  /** Tests the current row of a cursor. */
  int test(RelationCursor row);

  /** Adds the columns that a condition looks at. */
  static void columns(Condition condition, BitSet columns) {
    switch (condition) {
      case Always ignored -> {}
      case Guess ignored -> {}
      case Numbers number -> columns.set(number.column());
      case Octets octets -> columns.set(octets.column());
      case OneOfNumbers set -> columns.set(set.column());
      case OneOfOctets set -> columns.set(set.column());
      case Prefix prefix -> columns.set(prefix.column());
      case Like like -> columns.set(like.column());
      case IsNull test -> columns.set(test.column());
      case Not not -> columns(not.operand(), columns);
      case All all -> all.operands().forEach(operand -> columns(operand, columns));
      case Any any -> any.operands().forEach(operand -> columns(operand, columns));
    }
  }

  private static int of(boolean holds) {
    return holds ? TRUE : FALSE;
  }

  /** What is the same for every row. */
  record Always(int result) implements Condition {
    @Override
    public int test(RelationCursor row) {
      return result;
    }
  }

  /**
   * A comparison with a value that is not known yet; NULL when it runs.
   *
   * @param comparison EQUAL if it can hold for one value only
   */
  record Guess(int column, Comparison comparison) implements Condition {
    @Override
    public int test(RelationCursor row) {
      return UNKNOWN;
    }
  }

  /** A number against a constant. */
  record Numbers(int column, Comparison comparison, long constant) implements Condition {
    @Override
    public int test(RelationCursor row) {
      return row.isNull(column)
          ? UNKNOWN
          : of(comparison.holds(Long.compare(row.number(column), constant)));
    }
  }

  /** A text or bytea against a constant, byte by byte. */
  record Octets(int column, Comparison comparison, byte[] constant) implements Condition {
    @Override
    public int test(RelationCursor row) {
      if (row.isNull(column)) {
        return UNKNOWN;
      }
      int from = row.offset(column);
      int to = from + row.length(column);
      return of(
          comparison.holds(
              Arrays.compareUnsigned(row.buffer(column), from, to, constant, 0, constant.length)));
    }
  }

  /** Whether a number is one of a sorted set. */
  record OneOfNumbers(int column, long[] sorted, boolean orNull) implements Condition {
    @Override
    public int test(RelationCursor row) {
      if (row.isNull(column)) {
        return UNKNOWN;
      }
      return Arrays.binarySearch(sorted, row.number(column)) >= 0 ? TRUE : orNull ? UNKNOWN : FALSE;
    }
  }

  /** Whether a text or bytea is one of a sorted set. */
  record OneOfOctets(int column, byte[][] sorted, boolean orNull) implements Condition {
    @Override
    public int test(RelationCursor row) {
      if (row.isNull(column)) {
        return UNKNOWN;
      }
      byte[] buffer = row.buffer(column);
      int from = row.offset(column);
      int to = from + row.length(column);
      int low = 0;
      int high = sorted.length - 1;
      while (low <= high) {
        int middle = (low + high) >>> 1;
        byte[] candidate = sorted[middle];
        int order = Arrays.compareUnsigned(buffer, from, to, candidate, 0, candidate.length);
        if (order == 0) {
          return TRUE;
        }
        if (order < 0) {
          high = middle - 1;
        } else {
          low = middle + 1;
        }
      }
      return orNull ? UNKNOWN : FALSE;
    }
  }

  /** Whether a text begins with a prefix. */
  record Prefix(int column, byte[] prefix) implements Condition {
    @Override
    public int test(RelationCursor row) {
      if (row.isNull(column)) {
        return UNKNOWN;
      }
      int from = row.offset(column);
      int compared = from + Math.min(prefix.length, row.length(column));
      return of(Arrays.equals(row.buffer(column), from, compared, prefix, 0, prefix.length));
    }
  }

  /** LIKE and ILIKE. */
  record Like(int column, LikePattern pattern) implements Condition {
    @Override
    public int test(RelationCursor row) {
      return row.isNull(column)
          ? UNKNOWN
          : of(pattern.matches(row.buffer(column), row.offset(column), row.length(column)));
    }
  }

  /** IS NULL. */
  record IsNull(int column) implements Condition {
    @Override
    public int test(RelationCursor row) {
      return of(row.isNull(column));
    }
  }

  /** NOT. */
  record Not(Condition operand) implements Condition {
    @Override
    public int test(RelationCursor row) {
      int result = operand.test(row);
      return result == UNKNOWN ? UNKNOWN : 1 - result;
    }
  }

  /** AND; of nothing it is true. */
  record All(List<Condition> operands) implements Condition {
    @Override
    public int test(RelationCursor row) {
      int result = TRUE;
      for (int i = 0; i < operands.size(); i++) {
        int each = operands.get(i).test(row);
        if (each == FALSE) {
          return FALSE;
        }
        result = Math.min(result, each);
      }
      return result;
    }
  }

  /** OR; of nothing it is false. */
  record Any(List<Condition> operands) implements Condition {
    @Override
    public int test(RelationCursor row) {
      int result = FALSE;
      for (int i = 0; i < operands.size(); i++) {
        int each = operands.get(i).test(row);
        if (each == TRUE) {
          return TRUE;
        }
        result = Math.min(result, each);
      }
      return result;
    }
  }
}
