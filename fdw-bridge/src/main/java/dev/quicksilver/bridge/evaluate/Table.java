package dev.quicksilver.bridge.evaluate;

import java.util.List;

/**
 * A table as clients see it.
 *
 * @param origin another one if the table has to be made anew
 */
record Table(String name, String origin, List<Field> fields) {

  /** A column: its name, its type for clients, and whether it is never null. */
  record Field(String name, String type, boolean notNull) {}
}
