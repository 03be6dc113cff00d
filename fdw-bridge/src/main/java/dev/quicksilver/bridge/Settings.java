package dev.quicksilver.bridge;

import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a session knows of its run-time parameters. It takes the values that it is sure of itself;
 * others are the evaluator's to judge, which reports what they became. Not thread-safe.
 */
final class Settings {
  /** How old a database may be that the session reads; 0 or nothing for any age. */
  static final String MAX_LAG = "quicksilver.max_lag";

  private static final Map<String, String> DEFAULTS =
      Map.ofEntries(
          Map.entry("application_name", ""),
          Map.entry("bytea_output", "hex"),
          Map.entry("client_encoding", "UTF8"),
          Map.entry("datestyle", "ISO, MDY"),
          Map.entry("default_transaction_read_only", "on"),
          Map.entry("in_hot_standby", "on"),
          Map.entry("integer_datetimes", "on"),
          Map.entry("intervalstyle", "postgres"),
          Map.entry("is_superuser", "off"),
          Map.entry(MAX_LAG, ""),
          Map.entry("search_path", "\"$user\", public"),
          Map.entry("server_encoding", "UTF8"),
          Map.entry("standard_conforming_strings", "on"),
          Map.entry("statement_timeout", "0"),
          Map.entry("timezone", "GMT"));

  private static final Pattern ISO = Pattern.compile("(?i)iso\\s*(?:,\\s*(mdy|dmy|ymd)\\s*)?");
  private static final Pattern DURATION = Pattern.compile("(\\d{1,9})\\s*(ms|s|min|h|d|)");
  private static final Pattern SMALL_NUMBER = Pattern.compile("-?\\d");
  private static final Set<String> ZONES = Set.of("GMT", "UTC", "Etc/UTC", "Etc/GMT");
  private static final Set<String> REGIONS = Set.copyOf(ZoneId.getAvailableZoneIds());

  /** What matters here and PostgreSQL, or an older one, does not report. */
  private static final List<String> UNREPORTED =
      List.of("bytea_output", "statement_timeout", "search_path", MAX_LAG);

  /** Names as PostgreSQL spells them when it reports them. */
  static final Map<String, String> REPORTED =
      Map.of(
          "application_name", "application_name",
          "client_encoding", "client_encoding",
          "datestyle", "DateStyle",
          "intervalstyle", "IntervalStyle",
          "search_path", "search_path",
          "standard_conforming_strings", "standard_conforming_strings",
          "timezone", "TimeZone");

  private final Map<String, String> values;
  private Map<String, String> initial;
  private @Nullable ZoneId zone;
  private Charset charset = StandardCharsets.UTF_8;
  private boolean seekable;

  Settings() {
    values = new TreeMap<>(DEFAULTS);
    initial = Map.copyOf(values);
    derive();
  }

  private Settings(Settings other) {
    values = new TreeMap<>(other.values);
    initial = other.initial;
    zone = other.zone;
    charset = other.charset;
    seekable = other.seekable;
  }

  /** As they are now, to come back to. */
  Settings copy() {
    return new Settings(this);
  }

  /** Takes all values of another time. */
  void restore(Settings earlier) {
    Map<String, String> others = Map.copyOf(earlier.values);
    values.clear();
    values.putAll(others);
    derive();
  }

  private void derive() {
    zone = zone(value("timezone"));
    charset =
        isUtf8(value("client_encoding")) ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1;
    seekable =
        zone != null
            && ISO.matcher(value("datestyle")).matches()
            && value("bytea_output").equalsIgnoreCase("hex")
            && value("standard_conforming_strings").equals("on")
            && inUtf8();
  }

  /** What is set now is what RESET goes back to. */
  void begin() {
    initial = Map.copyOf(values);
  }

  /** The time zone in which times are written; only for seekable settings. */
  ZoneId zone() {
    ZoneId known = zone;
    if (known == null) {
      throw new IllegalStateException("the time zone is the evaluator's");
    }
    return known;
  }

  /**
   * How the client's texts are read and written. Of an encoding that is not UTF-8 each byte is a
   * character, so that a text reaches the evaluator, which knows the encoding, as it came.
   */
  Charset charset() {
    return charset;
  }

  /** Whether the client's texts are UTF-8. */
  boolean inUtf8() {
    return charset.equals(StandardCharsets.UTF_8);
  }

  /** Whether texts are read and values written as the bridge itself does it. */
  boolean seekable() {
    return seekable;
  }

  /** Whether a name without a schema is looked for in {@code public}. */
  boolean searchesPublic() {
    String path = value("search_path").replace(" ", "");
    return path.equals("\"$user\",public") || path.equals("public");
  }

  /** Milliseconds that a statement may take; 0 for any time. */
  long statementTimeout() {
    return milliseconds(value("statement_timeout")).orElse(0L);
  }

  /**
   * How old a database may be that is read, in ms; 0 for any age.
   *
   * @throws PgException 22023 if the evaluator was told what is no time
   */
  long maxLag() {
    String text = value(MAX_LAG);
    return text.isEmpty() ? 0 : milliseconds(text).orElseThrow(() -> noTime(text));
  }

  private static PgException noTime(String text) {
    return PgException.of(
            SqlState.INVALID_PARAMETER_VALUE,
            "invalid value for parameter \"" + MAX_LAG + "\": \"" + text + "\"")
        .hint("A number with ms, s, min, h or d, as in '5s'; 0 for any age.");
  }

  String value(String name) {
    return values.getOrDefault(name, "");
  }

  /**
   * Sets a parameter, to what it was in the beginning if the value is empty.
   *
   * @return false if this is for the evaluator; then nothing has changed
   */
  boolean set(String parameter, Optional<String> given) {
    String name = parameter.toLowerCase(Locale.ROOT);
    if (given.isEmpty()) {
      String first = initial.get(name);
      if (first == null) {
        return false;
      }
      mirror(name, first);
      return true;
    }
    Optional<String> canonical = canonical(name, given.get().trim());
    canonical.ifPresent(text -> mirror(name, text));
    return canonical.isPresent();
  }

  private Optional<String> canonical(String name, String text) {
    return switch (name) {
      case "application_name" ->
          text.chars().allMatch(c -> c >= ' ' && c < 0x7f) && text.length() < 64
              ? Optional.of(text)
              : Optional.empty();
      case "client_encoding" -> isUtf8(text) ? Optional.of(encoding(text)) : Optional.empty();
      case "datestyle" -> {
        Matcher iso = ISO.matcher(text);
        if (!iso.matches()) {
          yield Optional.empty();
        }
        String order = iso.group(1);
        String before = value("datestyle").replaceFirst(".*, ", "");
        yield Optional.of("ISO, " + (order == null ? before : order.toUpperCase(Locale.ROOT)));
      }
      case "intervalstyle" ->
          text.equalsIgnoreCase("postgres") ? Optional.of("postgres") : Optional.empty();
      case "bytea_output" -> text.equalsIgnoreCase("hex") ? Optional.of("hex") : Optional.empty();
      case "standard_conforming_strings" ->
          text.equalsIgnoreCase("on") ? Optional.of("on") : Optional.empty();
      case "extra_float_digits" ->
          SMALL_NUMBER.matcher(text).matches() && Integer.parseInt(text) <= 3
              ? Optional.of(text)
              : Optional.empty();
      case "search_path" ->
          switch (text.replace(" ", "")) {
            case "pg_catalog", "public" -> Optional.of(text);
            case "$user,public", "\"$user\",public" -> Optional.of("\"$user\", public");
            default -> Optional.empty();
          };
      case "statement_timeout" ->
          milliseconds(text).isPresent() ? Optional.of(text) : Optional.empty();
      case MAX_LAG -> {
        if (!text.isEmpty() && milliseconds(text).isEmpty()) {
          throw noTime(text);
        }
        yield Optional.of(text);
      }
      case "timezone" ->
          ZONES.contains(text) || (text.contains("/") && REGIONS.contains(text))
              ? Optional.of(text)
              : Optional.empty();
      default -> Optional.empty();
    };
  }

  private static boolean isUtf8(String encoding) {
    String name = encoding.replace("-", "").replace("_", "").toLowerCase(Locale.ROOT);
    return name.equals("utf8") || name.equals("unicode") || name.equals("sqlascii");
  }

  private static String encoding(String text) {
    return text.toLowerCase(Locale.ROOT).startsWith("sql") ? "SQL_ASCII" : "UTF8";
  }

  private static Optional<Long> milliseconds(String text) {
    Matcher matcher = DURATION.matcher(text);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    long number = Long.parseLong(matcher.group(1));
    long milliseconds =
        switch (matcher.group(2)) {
          case "s" -> number * 1000;
          case "min" -> number * 60_000;
          case "h" -> number * 3_600_000;
          case "d" -> number * 86_400_000;
          default -> number;
        };
    return milliseconds <= Integer.MAX_VALUE ? Optional.of(milliseconds) : Optional.empty();
  }

  /** Takes a value as the evaluator has it. */
  void mirror(String parameter, String value) {
    String name = parameter.toLowerCase(Locale.ROOT);
    values.put(name, value);
    derive();
  }

  private static @Nullable ZoneId zone(String name) {
    if (!REGIONS.contains(name)) {
      return null;
    }
    return name.equals("GMT") || name.endsWith("UTC") ? ZoneOffset.UTC : ZoneId.of(name);
  }

  /** Goes back to the values of the beginning. */
  void reset() {
    values.clear();
    values.putAll(initial);
    derive();
  }

  /** The values that matter here and that PostgreSQL does not report. */
  static String unreported() {
    return UNREPORTED.stream()
        .map(name -> "pg_catalog.current_setting('" + name + "', true)")
        .collect(Collectors.joining(", ", "SELECT ", ""));
  }

  /** Whether what PostgreSQL does not report has the same values there. */
  boolean unreportedAreThoseOf(Settings other) {
    return UNREPORTED.stream().allMatch(name -> value(name).equals(other.value(name)));
  }

  /** Takes the row of {@link #unreported}. */
  void unreported(List<Optional<String>> row) {
    if (row.size() == UNREPORTED.size()) {
      for (int i = 0; i < row.size(); i++) {
        mirror(UNREPORTED.get(i), row.get(i).orElse(""));
      }
    }
  }

  /** Statements that make of the values of another time those of now, by setting. */
  Map<String, String> differences(Settings other) {
    return differences(other.values);
  }

  private Map<String, String> differences(Map<String, String> others) {
    Map<String, String> statements = new TreeMap<>();
    values.forEach(
        (name, value) -> {
          if (!value.equals(others.get(name))) {
            statements.put(
                name,
                "SELECT set_config('" + name + "', '" + value.replace("'", "''") + "', false)");
          }
        });
    return statements;
  }

  /** Statements that make of the first values those that are set now. */
  List<String> changes() {
    return List.copyOf(differences(initial).values());
  }
}
