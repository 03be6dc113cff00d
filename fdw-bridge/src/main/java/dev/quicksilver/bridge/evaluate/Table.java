package dev.quicksilver.bridge.evaluate;

import java.util.List;

/**
 * A table as clients see it.
 *
 * @param remote what the bridge calls it to the evaluator
 */
record Table(String name, String remote, List<Field> fields) {

  /** A column: its name, its type for clients, and whether it is never null. */
  record Field(String name, String type, boolean notNull) {}
}
