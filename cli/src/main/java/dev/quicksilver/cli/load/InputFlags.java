package dev.quicksilver.cli.load;

import dev.quicksilver.loader.Input;
import dev.quicksilver.loader.Input.Duplicates;
import dev.quicksilver.loader.map.Template;
import dev.quicksilver.loader.read.Dialect;
import dev.quicksilver.loader.read.Expiry;
import dev.quicksilver.loader.read.Format;
import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.UnsupportedCharsetException;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The flags that say which files, and how their records make pairs. */
final class InputFlags {
  private static final Pattern NAMED_COLUMN = Pattern.compile("\\{(?![1-9][0-9]{0,3}[|}])[^{}]");

  @Mixin private SourceFlags sources = new SourceFlags();

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description =
          "tsv (COPY's text), csv, jsonl; of Kyoto Cabinet and Tycoon: kyoto-hex (list -pv -px),"
              + " kyoto-plain (list -pv), kcss (dump), ktss (-bgs). Told by the files' names"
              + " otherwise.")
  private @Nullable String format;

  @Option(
      names = "--header",
      negatable = true,
      description = "Whether the first line of each file names the columns.")
  private @Nullable Boolean header;

  @Option(
      names = "--key",
      paramLabel = "TEMPLATE",
      description = "What makes a key, as '{zone}/{host|trim|lower}'. Default: {1}, of JSON {key}.")
  private @Nullable String key;

  @Option(
      names = "--value",
      paramLabel = "TEMPLATE",
      description = "What makes a value. Default: {2}, of JSON {value}.")
  private @Nullable String value;

  @Option(names = "--delimiter", paramLabel = "C", description = "Of CSV. Default: a comma.")
  private @Nullable String delimiter;

  @Option(
      names = "--quote",
      paramLabel = "C",
      description = "Of CSV; none for no quotes at all. Default: \".")
  private @Nullable String quote;

  @Option(
      names = "--escape",
      paramLabel = "C",
      description = "Of CSV. Default: none, a quote is written twice.")
  private @Nullable String escape;

  @Option(
      names = "--null",
      paramLabel = "TEXT",
      description = "Of CSV: a column that is this text is NULL, which no pair is made of.")
  private @Nullable String nullText;

  @Option(
      names = "--encoding",
      paramLabel = "NAME",
      description = "Of the text. Default: UTF-8, or what a byte order mark says.")
  private @Nullable String encoding;

  @Option(
      names = "--expiry",
      paramLabel = "TIME|none",
      description =
          "Of Kyoto's formats: values begin with a Tycoon's expiration times, and records that had"
              + " expired at that time, as 2026-05-01T12:00:00Z, are left out; none: they have no"
              + " such times. Default: of ktss the time when it was written.")
  private @Nullable String expiry;

  @Option(
      names = "--duplicates",
      paramLabel = "WHICH",
      description =
          "Of records with the same key: first or last, or error, which rejects the later ones."
              + " Default: error.")
  private String duplicates = "error";

  @Option(
      names = "--max-record",
      paramLabel = "BYTES",
      description = "Of a record at most; longer ones are rejected. Default: 8388608 (8 MiB).")
  private int maxRecord = 8 << 20;

  /**
   * Returns what they say.
   *
   * @param database what is loaded into, or compared with
   * @throws IllegalArgumentException if they make no sense; the message names the flag
   */
  Input input(String database) {
    Format chosen = sources.areRows() ? Format.TSV : formatOfFiles();
    String keyTemplate = key == null ? defaultTemplate(chosen, "1", "key") : key;
    String valueTemplate = value == null ? defaultTemplate(chosen, "2", "value") : value;
    requireTemplate("--key", keyTemplate);
    requireTemplate("--value", valueTemplate);
    requireAtLeast("--max-record", maxRecord, 1);
    return new Input(
        sources.sources(database),
        chosen,
        sources.areRows()
            ? rows()
            : dialect(chosen, NAMED_COLUMN.matcher(keyTemplate + valueTemplate).find()),
        charset(),
        keyTemplate,
        valueTemplate,
        choice("--duplicates", duplicates, Duplicates.values()),
        maxRecord);
  }

  private static String defaultTemplate(Format format, String column, String member) {
    return "{" + (format == Format.JSON_LINES ? member : column) + "}";
  }

  private static void requireTemplate(String flag, String text) {
    try {
      var _ = Template.parse(text, false);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(flag + " " + e.getMessage(), e);
    }
  }

  /** Runs what refuses flags with an IllegalArgumentException: that is a wrong command line. */
  static <T> T usage(CommandSpec spec, Supplier<T> flags) {
    try {
      return flags.get();
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
    }
  }

  static void requireAtLeast(String flag, int number, int least) {
    if (number < least) {
      throw new IllegalArgumentException(flag + " has to be " + least + " or more");
    }
  }

  private Format formatOfFiles() {
    return format == null ? sources.format() : Format.of(format);
  }

  /** Rows are COPY text whose first line names the columns. */
  private Dialect rows() {
    boolean ofFiles = format != null || header != null || encoding != null || expiry != null;
    if (ofFiles || delimiter != null || quote != null || escape != null || nullText != null) {
      throw new IllegalArgumentException(
          "--format, --header, --encoding, --expiry and what says how CSV is written are for"
              + " files: the columns of other sources have their names");
    }
    return Dialect.DEFAULT.withHeader(true);
  }

  private Dialect dialect(Format chosen, boolean columnsAreNamed) {
    if (chosen != Format.CSV
        && (delimiter != null || quote != null || escape != null || nullText != null)) {
      throw new IllegalArgumentException(
          "--delimiter, --quote, --escape and --null are for CSV, and this is " + chosen.word());
    }
    if (chosen.isKyoto()) {
      return kyoto(chosen, columnsAreNamed);
    }
    if (expiry != null) {
      throw new IllegalArgumentException(
          "--expiry is for Kyoto's formats, and this is " + chosen.word());
    }
    boolean first = header != null && header;
    if (chosen == Format.JSON_LINES && first) {
      throw new IllegalArgumentException("--header is for CSV and TSV: JSON names its members");
    }
    if (chosen != Format.JSON_LINES && columnsAreNamed) {
      if (header != null && !header) {
        throw new IllegalArgumentException(
            "--key or --value names columns, and --no-header says that nothing does: use numbers");
      }
      first = true;
    }
    if (chosen == Format.CSV && header == null && !columnsAreNamed) {
      throw new IllegalArgumentException(
          "say --header if the first line of the CSV names its columns, --no-header if it is data");
    }
    return new Dialect(
        first,
        character("--delimiter", delimiter == null ? "," : delimiter),
        quote != null && quote.equals("none")
            ? Optional.empty()
            : Optional.of(character("--quote", quote == null ? "\"" : quote)),
        Optional.ofNullable(escape).map(text -> character("--escape", text)),
        Optional.ofNullable(nullText),
        new Expiry.Unsaid());
  }

  private Dialect kyoto(Format chosen, boolean columnsAreNamed) {
    if (columnsAreNamed || header != null) {
      throw new IllegalArgumentException(
          "nothing names columns in " + chosen.word() + ": {1} is the key, {2} the value");
    }
    if (encoding != null) {
      throw new IllegalArgumentException(
          "--encoding is for text, and " + chosen.word() + " holds bytes, which stay as they are");
    }
    return Dialect.DEFAULT.withExpiry(expiry());
  }

  private Expiry expiry() {
    if (expiry == null) {
      return new Expiry.Unsaid();
    }
    if (expiry.equals("none")) {
      return new Expiry.None();
    }
    try {
      return new Expiry.At(OffsetDateTime.parse(expiry).toInstant());
    } catch (DateTimeParseException e) {
      throw new IllegalArgumentException(
          "--expiry is none or a time with its zone, as 2026-05-01T12:00:00Z, and not \""
              + expiry
              + "\"",
          e);
    }
  }

  private static char character(String flag, String text) {
    String one = text.equals("\\t") || text.equals("tab") ? "\t" : text;
    if (one.length() != 1) {
      throw new IllegalArgumentException(
          flag + " has to be one character, and is \"" + text + "\"");
    }
    return one.charAt(0);
  }

  private Optional<Charset> charset() {
    if (encoding == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(Charset.forName(encoding));
    } catch (IllegalCharsetNameException | UnsupportedCharsetException e) {
      throw new IllegalArgumentException(
          "--encoding: there is no character set \""
              + encoding
              + "\"; there are UTF-8, UTF-16, ISO-8859-1, windows-1252 and many more",
          e);
    }
  }

  static <E extends Enum<E>> E choice(String flag, String word, E[] choices) {
    List<String> words = new ArrayList<>();
    for (E choice : choices) {
      String its = choice.name().toLowerCase(Locale.ROOT).replace('_', '-');
      if (its.equals(word)) {
        return choice;
      }
      words.add(its);
    }
    throw new IllegalArgumentException(
        flag + " is one of " + String.join(", ", words) + ", and not \"" + word + "\"");
  }
}
