package dev.quicksilver.benchmarks;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Random values of PostgreSQL's types in the text that it reads. */
final class GatewayModelValues {
  private static final String ALPHABET = "abc'\"\\ \n\täö€\u0001";

  private GatewayModelValues() {}

  /**
   * Returns a value, null for NULL.
   *
   * @param type its name; one with {@code !} is of a column that is NOT NULL
   */
  static @Nullable String of(String type, Random random) {
    boolean required = type.endsWith("!");
    if (!required && random.nextInt(6) == 0) {
      return null;
    }
    return switch (required ? type.substring(0, type.length() - 1) : type) {
      case "big" -> text(random, random.nextInt(20) == 0 ? 2_000 + random.nextInt(6_000) : 40);
      case "text" -> text(random, 30);
      case "short text" -> text(random, 5);
      case "int" -> Integer.toString(random.nextInt(1_000_000) - 1_000);
      case "bool" -> Boolean.toString(random.nextBoolean());
      case "numeric" -> numeric(random);
      case "float8" -> Double.toString(Double.longBitsToDouble(random.nextLong()));
      case "date" ->
          "%04d-%02d-%02d%s"
              .formatted(
                  1 + random.nextInt(3_000),
                  1 + random.nextInt(12),
                  1 + random.nextInt(28),
                  random.nextInt(10) == 0 ? " BC" : "");
      case "time" -> time(random);
      case "timestamp" ->
          random.nextInt(20) == 0
              ? "-infinity"
              : "%04d-%02d-%02d %s"
                  .formatted(
                      1_900 + random.nextInt(200),
                      1 + random.nextInt(12),
                      1 + random.nextInt(28),
                      time(random));
      case "uuid" -> new UUID(random.nextLong(), random.nextLong()).toString();
      case "bytea" -> {
        byte[] bytes = new byte[random.nextInt(9)];
        random.nextBytes(bytes);
        yield hex(bytes);
      }
      case "json" ->
          "{\"a\" : %d,  \"a\": [null, true , \"ä\\n\"], \"z\": %s}"
              .formatted(random.nextInt(), random.nextDouble());
      default -> throw new AssertionError(type);
    };
  }

  private static String text(Random random, int below) {
    int length = random.nextInt(6) == 0 ? 0 : random.nextInt(below);
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
    }
    return text.toString();
  }

  private static String numeric(Random random) {
    return switch (random.nextInt(12)) {
      case 0 -> "NaN";
      case 1 -> "-Infinity";
      case 2 -> "1e30";
      case 3 -> "0.00";
      default -> random.nextInt(100_000) + "." + random.nextInt(1_000) + "0";
    };
  }

  private static String time(Random random) {
    return String.format(
        Locale.ROOT,
        "%02d:%02d:%02d.%06d",
        random.nextInt(24),
        random.nextInt(60),
        random.nextInt(60),
        random.nextBoolean() ? 0 : random.nextInt(1_000_000));
  }

  static String hex(byte[] bytes) {
    return "\\x" + HexFormat.of().formatHex(bytes);
  }

  static String hex(String text) {
    return hex(text.getBytes(StandardCharsets.UTF_8));
  }

  /** A value as an SQL literal of a type not named. */
  static String literal(@Nullable String value) {
    return value == null ? "NULL" : "'" + value.replace("'", "''") + "'";
  }

  /** A value as a field of CSV. */
  static String csv(@Nullable String value) {
    return value == null ? "" : '"' + value.replace("\"", "\"\"") + '"';
  }
}
