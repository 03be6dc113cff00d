package dev.quicksilver.loader.write;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.loader.map.Mapping;
import dev.quicksilver.loader.map.Template;
import dev.quicksilver.loader.read.Dialect;
import dev.quicksilver.loader.read.Format;
import dev.quicksilver.loader.read.Readers;
import dev.quicksilver.loader.read.RecordReader;
import dev.quicksilver.loader.read.SourceRecord;
import dev.quicksilver.loader.write.Export.Packing;
import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Position;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is exported and loaded with the flags that the export names is the same. */
class ExportTest {
  private static final StorageOptions OPTIONS =
      StorageOptions.DEFAULT.withMapSize(64L << 20).withoutDurability();
  private static final Pattern TEMPLATE = Pattern.compile("--(key|value) '([^']*)'");

  @TempDir private Path data;

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  private void requireTheSame(
      String keyType, String valueType, Format format, Packing packing, Map<String, byte[]> pairs)
      throws Exception {
    var identity = new DatabaseIdentity(UUID.randomUUID(), "kv", keyType, valueType);
    var out = new ByteArrayOutputStream();
    try (var databases = DatabaseSet.open(data, OPTIONS)) {
      Database database = databases.create(identity);
      try (Appender appender = database.append()) {
        appender.begin(1, 1);
        for (var pair : pairs.entrySet()) {
          appender.set(HexFormat.of().parseHex(pair.getKey()), pair.getValue());
        }
        appender.end(new Position(1, 1, 2));
        appender.commit();
      }
      try (Snapshot snapshot = database.snapshot()) {
        assertThat(Export.run(snapshot, identity, format, packing, out, written -> {}))
            .isEqualTo(pairs.size());
      }
    }
    assertThat(load(out.toByteArray(), identity, format)).isEqualTo(hexed(pairs));
  }

  private static Map<String, String> hexed(Map<String, byte[]> pairs) {
    Map<String, String> all = new TreeMap<>();
    pairs.forEach((key, value) -> all.put(key, hex(value)));
    return all;
  }

  private static Map<String, String> load(byte[] file, DatabaseIdentity identity, Format format)
      throws Exception {
    Map<String, String> templates = new TreeMap<>(Map.of("key", "{1}", "value", "{2}"));
    Matcher matcher = TEMPLATE.matcher(Export.loadFlags(identity, format));
    while (matcher.find()) {
      templates.put(matcher.group(1), matcher.group(2));
    }
    Mapping.Type keyType = type(identity.keyType());
    Mapping.Type valueType = type(identity.valueType());
    boolean json = format == Format.JSON_LINES && valueType == Mapping.Type.JSON;
    var mapping =
        new Mapping(
            Template.parse(String.valueOf(templates.get("key")), false),
            Template.parse(String.valueOf(templates.get("value")), json),
            keyType,
            valueType);
    Map<String, String> all = new TreeMap<>();
    try (RecordReader reader =
        Readers.open(
            new ByteArrayInputStream(file),
            format,
            Dialect.DEFAULT.withHeader(format == Format.CSV),
            Optional.empty(),
            mapping.columns(),
            1 << 20)) {
      for (SourceRecord record = reader.next(); record != null; record = reader.next()) {
        assertThat(record.problem()).isNull();
        Mapping.Pair pair = mapping.apply(record);
        all.put(hex(pair.key()), hex(pair.value()));
      }
    }
    return all;
  }

  private static Mapping.Type type(String name) {
    return name.equals("bytea")
        ? Mapping.Type.BYTEA
        : name.equals("text") ? Mapping.Type.TEXT : Mapping.Type.JSON;
  }

  @ParameterizedTest
  @CsvSource({"TSV,NONE", "TSV,GZIP", "CSV,NONE", "CSV,ZSTD", "JSON_LINES,NONE", "JSON_LINES,ZSTD"})
  void keepsText(Format format, Packing packing) throws Exception {
    Map<String, byte[]> pairs = new TreeMap<>();
    String[] odd = {
      "\ufeff", "#! x", "#", " ", "\t", "a,b", "\"", "\"\"", "\\", "\\N", "\\.", "a\rb", "\r\n",
      "é€😀", "{}", "NULL"
    };
    for (int i = 0; i < odd.length; i++) {
      pairs.put(hex(utf8(odd[i])), utf8(odd[odd.length - 1 - i]));
      pairs.put(hex(utf8("key" + i)), utf8(odd[i] + "x" + odd[i]));
    }
    pairs.put(hex(utf8("empty")), new byte[0]);
    requireTheSame("text", "text", format, packing, pairs);
  }

  @ParameterizedTest
  @CsvSource({"TSV,NONE", "TSV,ZSTD", "CSV,NONE", "JSON_LINES,GZIP"})
  void keepsBytes(Format format, Packing packing) throws Exception {
    Random random = new Random(7);
    Map<String, byte[]> pairs = new TreeMap<>();
    for (int i = 0; i < 300; i++) {
      byte[] key = new byte[1 + random.nextInt(8)];
      byte[] value = new byte[random.nextInt(40)];
      random.nextBytes(key);
      random.nextBytes(value);
      pairs.put(hex(key), value);
    }
    pairs.put("00", new byte[] {'7'}); // an escape of three digits, whatever follows
    requireTheSame("bytea", "bytea", format, packing, pairs);
  }

  @ParameterizedTest
  @CsvSource({"1f8b08", "28b52ffd", "efbbbf", "fffe", "0000feff"})
  void doesNotBeginAsPackedDataDoes(String key) throws Exception {
    requireTheSame("bytea", "text", Format.TSV, Packing.NONE, Map.of(key, utf8("v")));
  }

  @Test
  void keepsJson() throws Exception {
    Map<String, byte[]> pairs =
        Map.of(
            hex(utf8("a")), utf8("{\"n\": 1.00e5, \"s\": \"\\n\\u00e4ä\"}"),
            hex(utf8("b")), utf8("null"),
            hex(utf8("c")), utf8("\"text\""),
            hex(utf8("d")), utf8("[ 1 ,2]"));
    requireTheSame("text", "json", Format.JSON_LINES, Packing.NONE, pairs);
  }

  @Test
  void refusesFormatsThatAreOnlyRead() {
    for (Format format : List.of(Format.TSV, Format.CSV, Format.JSON_LINES)) {
      Export.requireWritten(format);
    }
    for (Format format : List.of(Format.KYOTO_HEX, Format.KYOTO_PLAIN, Format.KCSS, Format.KTSS)) {
      assertThatThrownBy(() -> Export.requireWritten(format))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("the format " + format.word() + " is only read: write tsv, csv or jsonl");
    }
  }
}
