package dev.quicksilver.bridge.types;

/**
 * A jsonb value as the text that PostgreSQL prints for it.
 *
 * <p>Values come from PostgreSQL and are already in its canonical form; they are handed on
 * unchanged.
 */
public record Json(String text) {
  static Json parse(String text) {
    return new Json(text);
  }

  @Override
  public String toString() {
    return text;
  }
}
