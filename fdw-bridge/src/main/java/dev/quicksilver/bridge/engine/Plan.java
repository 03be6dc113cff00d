package dev.quicksilver.bridge.engine;

/** A node of a plan. Costs are in PostgreSQL's unit, a sequential page fetch being 1. */
interface Plan {
  RowSource open(QueryContext context);

  /** How many rows it will give, as far as can be told. */
  double rows();

  /** Cost until the last row. */
  double cost();

  /** Cost until the first row. */
  default double startupCost() {
    return 0;
  }
}
