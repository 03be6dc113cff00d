package dev.quicksilver.bridge.engine;

import dev.quicksilver.bridge.sql.PgException;

/** Constant folding. */
final class Fold {
  private static final Object[] NO_ROW = new Object[0];

  private Fold() {}

  /**
   * The constant, if all arguments are constants; errors wait until the expression is evaluated.
   */
  static Expr fold(Expr.Computed computed) {
    if (computed.arguments().isEmpty()
        || computed.name().startsWith("volatile:")
        || !computed.arguments().stream().allMatch(Expr.Constant.class::isInstance)) {
      return computed;
    }
    try {
      return new Expr.Constant(computed.type(), computed.eval(NO_ROW));
    } catch (PgException e) {
      return computed;
    }
  }
}
