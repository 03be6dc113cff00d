package dev.quicksilver.bridge;

import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.bridge.types.Times;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** The run-time parameters of one session. */
final class Settings {
  private static final Map<String, String> DEFAULTS =
      Map.ofEntries(
          Map.entry("application_name", ""),
          Map.entry("bytea_output", "hex"),
          Map.entry("client_encoding", "UTF8"),
          Map.entry("client_min_messages", "notice"),
          Map.entry("datestyle", "ISO, MDY"),
          Map.entry("default_transaction_read_only", "on"),
          Map.entry("extra_float_digits", "1"),
          Map.entry("in_hot_standby", "on"),
          Map.entry("integer_datetimes", "on"),
          Map.entry("intervalstyle", "postgres"),
          Map.entry("is_superuser", "off"),
          Map.entry("lock_timeout", "0"),
          Map.entry("max_identifier_length", "63"),
          Map.entry("search_path", "\"$user\", public"),
          Map.entry("server_encoding", "UTF8"),
          Map.entry("server_version", "18.0"),
          Map.entry("server_version_num", "180000"),
          Map.entry("session_authorization", "quicksilver"),
          Map.entry("standard_conforming_strings", "on"),
          Map.entry("statement_timeout", "0"),
          Map.entry("timezone", "GMT"),
          Map.entry("transaction_isolation", "repeatable read"),
          Map.entry("transaction_read_only", "on"));

  private final Map<String, String> values = new TreeMap<>(DEFAULTS);
  private ZoneId zone = ZoneOffset.UTC;

  ZoneId zone() {
    return zone;
  }

  String show(String name) {
    String value = values.get(name.toLowerCase(Locale.ROOT));
    if (value == null) {
      throw PgException.of(
          SqlState.UNDEFINED_OBJECT, "unrecognized configuration parameter \"" + name + "\"");
    }
    return value;
  }

  /**
   * Sets a parameter, to its default if the value is empty. Results must stay as documented, so
   * some are fixed.
   */
  void set(String parameter, Optional<String> value) {
    String name = parameter.toLowerCase(Locale.ROOT);
    String text = value.orElseGet(() -> DEFAULTS.getOrDefault(name, ""));
    switch (name) {
      case "timezone" -> zone = Times.zone(text);
      case "client_encoding" -> {
        if (!text.replace("-", "").replace("_", "").equalsIgnoreCase("utf8")
            && !text.equalsIgnoreCase("unicode")) {
          throw unsupported(name, text);
        }
      }
      case "datestyle" -> {
        if (!text.toLowerCase(Locale.ROOT).startsWith("iso")) {
          throw unsupported(name, text);
        }
      }
      case "intervalstyle" -> {
        if (!text.equalsIgnoreCase("postgres")) {
          throw unsupported(name, text);
        }
      }
      case "bytea_output" -> {
        if (!text.equalsIgnoreCase("hex")) {
          throw unsupported(name, text);
        }
      }
      case "standard_conforming_strings" -> {
        if (!text.equalsIgnoreCase("on") && !text.equalsIgnoreCase("true")) {
          throw unsupported(name, text);
        }
      }
      case "transaction_read_only", "default_transaction_read_only" -> {
        return;
      }
      default -> {}
    }
    values.put(name, text);
  }

  void reset() {
    values.clear();
    values.putAll(DEFAULTS);
    zone = ZoneOffset.UTC;
  }

  private static PgException unsupported(String name, String value) {
    return PgException.of(
        SqlState.INVALID_PARAMETER_VALUE,
        "the bridge does not support the value \"" + value + "\" of \"" + name + "\"");
  }
}
