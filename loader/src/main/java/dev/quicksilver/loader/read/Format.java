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
  JSON_LINES("jsonl");

  private final String word;

  Format(String word) {
    this.word = word;
  }

  /** What it is called on a command line. */
  public String word() {
    return word;
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
        "there is no format \"" + word + "\"; there are tsv, csv and jsonl");
  }

  /** Tells the format by a file's name, whatever it is packed with. */
  public static Optional<Format> ofName(String name) {
    String plain = name.toLowerCase(Locale.ROOT).replaceFirst("\\.(gz|gzip|zst|zstd)$", "");
    return switch (plain.substring(plain.lastIndexOf('.') + 1)) {
      case "tsv", "copy" -> Optional.of(TSV);
      case "csv" -> Optional.of(CSV);
      case "jsonl", "ndjson" -> Optional.of(JSON_LINES);
      default -> Optional.empty();
    };
  }
}
