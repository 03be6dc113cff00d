package dev.quicksilver.loader.read;

import java.util.Locale;
import java.util.Optional;

/** How the records of a source are written. */
public enum Format {
  /** PostgreSQL's COPY text: a line a record, tabs between columns, backslash escapes. */
  TSV("tsv"),
  /** RFC 4180: commas between columns, double quotes around those that need them. */
  CSV("csv"),
  /** A JSON object a line. */
  JSON_LINES("jsonl"),
  /**
   * What {@code list -pv -px} of Kyoto's programs prints: a line a record, a key, a tab and a
   * value, each byte as two hexadecimal digits, with a blank between.
   */
  KYOTO_HEX("kyoto-hex"),
  /** The same of {@code list -pv}, the bytes as they are: without tabs and line feeds in them. */
  KYOTO_PLAIN("kyoto-plain"),
  /** The snapshot of a Kyoto Cabinet, which {@code dump} of its programs writes. */
  KCSS("kcss"),
  /** The snapshot that a Kyoto Tycoon writes with {@code -bgs}. */
  KTSS("ktss");

  private final String word;

  Format(String word) {
    this.word = word;
  }

  /** What it is called on a command line. */
  public String word() {
    return word;
  }

  /** Whether a Kyoto Cabinet or Tycoon writes it, and this project only reads it. */
  public boolean isKyoto() {
    return switch (this) {
      case TSV, CSV, JSON_LINES -> false;
      case KYOTO_HEX, KYOTO_PLAIN, KCSS, KTSS -> true;
    };
  }

  /** Whether it is no text: what is rejected of it becomes text of {@link #ofRejects}. */
  public boolean isBinary() {
    return this == KCSS || this == KTSS;
  }

  /** In which one records that are rejected are written. */
  public Format ofRejects() {
    return isBinary() ? KYOTO_HEX : this;
  }

  /**
   * Returns the one of a word.
   *
   * @throws IllegalArgumentException if there is none
   */
  public static Format of(String word) {
    for (Format format : values()) {
      if (format.word.equals(word)) {
        return format;
      }
    }
    throw new IllegalArgumentException(
        "there is no format \""
            + word
            + "\"; there are tsv, csv, jsonl, kyoto-hex, kyoto-plain, kcss and ktss");
  }

  /** Tells the format by a file's name, whatever it is packed with. */
  public static Optional<Format> ofName(String name) {
    String plain = name.toLowerCase(Locale.ROOT).replaceFirst("\\.(gz|gzip|zst|zstd)$", "");
    return switch (plain.substring(plain.lastIndexOf('.') + 1)) {
      case "tsv", "copy" -> Optional.of(TSV);
      case "csv" -> Optional.of(CSV);
      case "jsonl", "ndjson" -> Optional.of(JSON_LINES);
      case "kyoto-hex" -> Optional.of(KYOTO_HEX);
      case "kyoto-plain" -> Optional.of(KYOTO_PLAIN);
      case "kcss" -> Optional.of(KCSS);
      case "ktss" -> Optional.of(KTSS);
      default -> Optional.empty();
    };
  }
}
