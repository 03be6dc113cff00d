package dev.quicksilver.bridge.sql;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** An expression as written; positions are 0-based offsets in the statement. */
public sealed interface Expression {
  /** Where it starts. */
  int position();

  /** A constant without a declared type: its text, or null for NULL. */
  record Literal(Kind kind, @Nullable String text, int position) implements Expression {
    /** How it was written. */
    public enum Kind {
      STRING,
      INTEGER,
      DECIMAL,
      BOOLEAN,
      NULL
    }
  }

  /** {@code $n}, counted from 1. */
  record Parameter(int number, int position) implements Expression {}

  /** {@code a}, {@code t.a}, {@code s.t.a}, or {@code t.*} as a whole row when {@code star}. */
  record Name(List<String> parts, boolean star, int position) implements Expression {}

  /** A prefix operator. */
  record Prefix(String operator, Expression operand, int position) implements Expression {}

  /** An infix operator. */
  record Infix(String operator, Expression left, Expression right, int position)
      implements Expression {}

  /** AND or OR over at least two. */
  record Logic(boolean and, List<Expression> operands, int position) implements Expression {}

  /** NOT. */
  record Not(Expression operand, int position) implements Expression {}

  /** IS [NOT] NULL. */
  record IsNull(Expression operand, boolean negated, int position) implements Expression {}

  /** IS [NOT] TRUE, FALSE or UNKNOWN (empty). */
  record IsTruth(Expression operand, Optional<Boolean> truth, boolean negated, int position)
      implements Expression {}

  /** IS [NOT] DISTINCT FROM. */
  record IsDistinct(Expression left, Expression right, boolean negated, int position)
      implements Expression {}

  /** {@code left op ANY|ALL (array)}. */
  record Quantified(String operator, Expression left, boolean all, Expression array, int position)
      implements Expression {}

  /** {@code left op ANY|ALL (SELECT …)}; IN is {@code = ANY}. */
  record QuantifiedSelect(
      String operator, Expression left, boolean all, Select select, int position)
      implements Expression {}

  /** [NOT] IN (list). */
  record In(Expression left, List<Expression> list, boolean negated, int position)
      implements Expression {}

  /** [NOT] BETWEEN [SYMMETRIC]. */
  record Between(
      Expression operand,
      Expression low,
      Expression high,
      boolean symmetric,
      boolean negated,
      int position)
      implements Expression {}

  /** A cast. */
  record Cast(Expression operand, TypeName type, int position) implements Expression {}

  /** A function or aggregate call. */
  record Call(
      String schema,
      String name,
      List<Expression> arguments,
      boolean star,
      boolean distinct,
      boolean variadic,
      List<Select.Order> order,
      boolean withinGroup,
      Optional<Expression> filter,
      int position)
      implements Expression {}

  /** CASE; the operand is empty for the searched form. */
  record Case(
      Optional<Expression> operand, List<When> whens, Optional<Expression> otherwise, int position)
      implements Expression {
    /** One branch. */
    public record When(Expression condition, Expression result) {}
  }

  /** ARRAY[…]. */
  record ArrayOf(List<Expression> elements, int position) implements Expression {}

  /** ARRAY(SELECT …). */
  record ArraySelect(Select select, int position) implements Expression {}

  /** ROW(…). */
  record Row(List<Expression> fields, int position) implements Expression {}

  /** A scalar subquery. */
  record Scalar(Select select, int position) implements Expression {}

  /** EXISTS (…). */
  record Exists(Select select, int position) implements Expression {}

  /** {@code base[index]}. */
  record Subscript(Expression base, Expression index, int position) implements Expression {}

  /** {@code expression COLLATE name}. */
  record Collate(Expression operand, String collation, int position) implements Expression {}
}
