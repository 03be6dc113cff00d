package dev.quicksilver.loader.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.ZstdOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

class ReadersTest {
  private static final Dialect CSV = Dialect.DEFAULT;

  private static RecordReader open(
      byte[] content, Format format, Dialect dialect, Optional<Charset> charset, String... columns)
      throws IOException {
    List<Column> wanted =
        Arrays.stream(columns).map(name -> new Column(name, name.equals("*"))).toList();
    return Readers.open(
        new ByteArrayInputStream(content), format, dialect, charset, wanted, 1 << 16);
  }

  private static List<String> all(RecordReader reader) throws IOException {
    List<String> all = new ArrayList<>();
    try (reader) {
      for (SourceRecord record = reader.next(); record != null; record = reader.next()) {
        all.add(words(record));
      }
    }
    return all;
  }

  private static String words(SourceRecord record) {
    if (record.problem() != null) {
      return "!" + ((Extent.OfLines) record.extent()).line() + ": " + record.problem();
    }
    List<String> fields = new ArrayList<>();
    record
        .fields()
        .forEach(
            field ->
                fields.add(field == null ? "NULL" : new String(field, StandardCharsets.UTF_8)));
    return String.join("|", fields);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static List<String> read(String text, Format format, Dialect dialect, String... columns)
      throws IOException {
    return all(open(utf8(text), format, dialect, Optional.empty(), columns));
  }

  private static List<String> tsv(String text) throws IOException {
    return read(text, Format.TSV, Dialect.DEFAULT, "1", "2");
  }

  private static List<String> csv(String text) throws IOException {
    return read(text, Format.CSV, CSV, "1", "2");
  }

  @Test
  void readsTheTextOfCopy() throws IOException {
    assertThat(tsv("a\t1\nb\\tb\\x41\\101\t\\N\n\\\\\t\\n\n"))
        .containsExactly("a|1", "b\tbAA|NULL", "\\|\n");
    assertThat(tsv("a\t1")).containsExactly("a|1");
    assertThat(tsv("")).isEmpty();
    assertThat(tsv("a\t1\r\nb\t2\r\n")).containsExactly("a|1", "b|2");
    assertThat(tsv("a\t1\n\\.\n")).containsExactly("a|1");
    assertThat(read("v\tk\n1\ta\n", Format.TSV, CSV.withHeader(true), "k", "v"))
        .containsExactly("a|1");
  }

  @Test
  void goesOnAfterABadLine() throws IOException {
    List<String> read = tsv("a\t1\nb\nc\t3\t4\nd\t4\r\ne\t5\\\nf\t6\n\n");
    assertThat(read).hasSize(7).startsWith("a|1").contains("f|6");
    assertThat(read.get(1)).startsWith("!2: there is one column");
    assertThat(read.get(2)).startsWith("!3: there are 3 columns");
    assertThat(read.get(3)).contains("carriage return at its end");
    assertThat(read.get(4)).contains("single backslash");
    assertThat(tsv("a\t1\n\\.\nb\t2\n").get(1)).startsWith("!3: it stands after a line \\.");
  }

  @Test
  void readsRfc4180() throws IOException {
    assertThat(csv("a,1\r\n\"b,b\",\"say \"\"x\"\"\nand\ty\"\r\n\r\nc,\n"))
        .containsExactly("a|1", "b,b|say \"x\"\nand\ty", "c|");
    assertThat(csv("ä,ö\n\"a\rb\",c")).containsExactly("ä|ö", "a\rb|c");
    Dialect other =
        new Dialect(
            true,
            ';',
            Optional.of('\''),
            Optional.of('\\'),
            Optional.of("NULL"),
            new Expiry.Unsaid());
    assertThat(read("k;v\n'a''';'b\\'c'\nd;NULL\n", Format.CSV, other, "k", "v"))
        .containsExactly("a'|b'c", "d|NULL");
  }

  @Test
  void doesNotSwallowWhatFollowsAnUnclosedQuote() throws IOException {
    List<String> atEnd = csv("a,1\n\"b,2\nc,3\n");
    assertThat(atEnd).hasSize(2).startsWith("a|1");
    assertThat(atEnd.get(1)).startsWith("!2: a column in quotes is not closed");
    List<String> closedLater = csv("a,1\n\"b,2\nc,3\n\"d\",4\ne,5\n");
    assertThat(closedLater).hasSize(3).endsWith("e|5");
    assertThat(closedLater.get(1)).startsWith("!2: something stands between a closing quote");
    String endless = "\"b," + "x\n".repeat(50_000);
    List<String> bounded = csv("a,1\n" + endless + "e,5\n");
    assertThat(bounded.get(1)).startsWith("!2: " + Readers.TOO_LONG).contains("a quote not closed");
    assertThat(bounded).endsWith("e|5");
  }

  @Test
  void goesOnAfterABadRecordUntilTheEnd() throws IOException {
    for (String end : List.of("", "\n", "\r\n")) {
      assertThat(csv("a,1\n\"b\",\"2\"" + end)).containsExactly("a|1", "b|2");
      List<String> read = csv("a,1\n\"x\"x,v\n\"b\",\"2\"" + end);
      assertThat(read).hasSize(3).endsWith("b|2");
      read = csv("a,1\n\"x\"x,v\n\"\",\"3\"\n\"b\",\"2\"" + end);
      assertThat(read).hasSize(4).endsWith("|3", "b|2");
    }
  }

  @Test
  void refusesStrayCarriageReturns() throws IOException {
    List<String> read = csv("a,1\rb,2\rc,3\nd,4\n");
    assertThat(read).hasSize(2).endsWith("d|4");
    assertThat(read.getFirst()).contains("carriage return outside of quotes");
  }

  @Test
  void readsJsonLines() throws IOException {
    String lines =
        """
        {"key": "a", "value": {"n": 1.0e+400, "l": [ 1,"x" ]}, "other": null}

        {"value": "\\u00e4", "key": 12345678901234567890}
        {"key": "b"}
        [1]
        {"key": "a", "key": "b"}
        {"key": "a"} x
        {"key": "a"
        """;
    List<String> read = read(lines, Format.JSON_LINES, CSV, "key", "value", "/value/l/1", "*");
    assertThat(read).hasSize(7);
    assertThat(read.get(0))
        .isEqualTo(
            "a|{\"n\": 1.0e+400, \"l\": [ 1,\"x\" ]}|x|{\"key\": \"a\", \"value\": {\"n\":"
                + " 1.0e+400, \"l\": [ 1,\"x\" ]}, \"other\": null}");
    assertThat(read.get(1)).startsWith("12345678901234567890|ä|NULL|");
    assertThat(read.get(2)).startsWith("b|NULL|NULL|");
    assertThat(read.subList(3, 7)).allMatch(line -> line.contains("it is not a JSON object"));
    assertThat(read.get(3)).startsWith("!5: ");
  }

  @Test
  void unpacksByContent() throws IOException {
    byte[] text = utf8("a\t1\nb\t2\n");
    var twice = new ByteArrayOutputStream();
    for (int i = 0; i < 2; i++) {
      try (var gzip = new GZIPOutputStream(twice)) {
        gzip.write(text);
      }
    }
    byte[] packed = twice.toByteArray();
    assertThat(all(open(packed, Format.TSV, CSV, Optional.empty(), "1", "2")))
        .containsExactly("a|1", "b|2", "a|1", "b|2");
    var zstd = new ByteArrayOutputStream();
    try (var out = new ZstdOutputStream(zstd)) {
      out.write(text);
    }
    assertThat(all(open(zstd.toByteArray(), Format.TSV, CSV, Optional.empty(), "1", "2")))
        .containsExactly("a|1", "b|2");
    for (byte[] whole : List.of(packed, zstd.toByteArray())) {
      for (int length = 5; length < whole.length; length++) {
        byte[] cut = Arrays.copyOf(whole, length);
        if (whole == packed && length == packed.length / 2) {
          continue; // one member, and whole
        }
        assertThatThrownBy(() -> all(open(cut, Format.TSV, CSV, Optional.empty(), "1", "2")))
            .as("cut at %d", length)
            .isInstanceOf(SourceException.class)
            .hasMessageContaining("damaged");
      }
    }
  }

  @Test
  void makesUtf8OfOtherCharacterSets() throws IOException {
    String text = "ä\t€😀\n";
    for (String charset : List.of("UTF-16LE", "UTF-16BE", "UTF-32LE", "UTF-32BE", "UTF-8")) {
      byte[] marked = ("\ufeff" + text).getBytes(Charset.forName(charset));
      assertThat(all(open(marked, Format.TSV, CSV, Optional.empty(), "1", "2")))
          .as(charset)
          .containsExactly("ä|€😀");
      assertThat(
              all(
                  open(
                      text.getBytes(Charset.forName(charset)),
                      Format.TSV,
                      CSV,
                      Optional.of(Charset.forName(charset)),
                      "1",
                      "2")))
          .as(charset)
          .containsExactly("ä|€😀");
    }
    byte[] latin = "ä\tö\n".getBytes(StandardCharsets.ISO_8859_1);
    assertThat(
            all(open(latin, Format.TSV, CSV, Optional.of(StandardCharsets.ISO_8859_1), "1", "2")))
        .containsExactly("ä|ö");
  }

  @Test
  void readsOverTheCommentsOfRejects() throws IOException {
    String first = Comments.FIRST;
    assertThat(tsv(first + "#! x, line 3: why\n#!a\t1\n#- gone\n#! y\nb\t2\nc\t3\n#- gone"))
        .containsExactly("#!a|1", "b|2", "c|3");
    assertThat(tsv("#! x\t1\n#-\t2\n")).containsExactly("#! x|1", "#-|2");
    assertThat(csv(first + "#! x\n\"a\n#! b\",1\n#! y\nc,2\n")).containsExactly("a\n#! b|1", "c|2");
    assertThat(read(first + "v,k\n#! x\n1,a\n", Format.CSV, CSV.withHeader(true), "k", "v"))
        .containsExactly("a|1");
  }

  @Test
  void marksPlacesThatAreFoundAgain() throws IOException {
    byte[] text = utf8("k,v\na,1\n\"b\nb\",2\n\n\"x\"y\nc,3\n\n");
    Dialect dialect = CSV.withHeader(true);
    List<Mark> marks = new ArrayList<>();
    List<SourceRecord> records = new ArrayList<>();
    try (RecordReader reader = open(text, Format.CSV, dialect, Optional.empty(), "1", "2")) {
      for (SourceRecord record = reader.next(); record != null; record = reader.next()) {
        records.add(record);
        marks.add(reader.mark());
      }
      marks.add(reader.mark());
      assertThat(reader.header()).isEqualTo(utf8("k,v\n"));
    }
    assertThat(marks).extracting(Mark::records).containsExactly(1L, 2L, 3L, 4L, 4L);
    assertThat(marks).extracting(Mark::offset).containsExactly(8L, 16L, 22L, 26L, 27L);
    assertThat(records)
        .extracting(record -> new String(record.extent().text(), StandardCharsets.UTF_8))
        .containsExactly("a,1\n", "\"b\nb\",2\n", "\"x\"y\n", "c,3\n");
    assertThat(records)
        .extracting(record -> ((Extent.OfLines) record.extent()).line())
        .containsExactly(2L, 3L, 6L, 7L);
  }

  /** Whatever moves within the buffer: long records, too long ones, and many short ones. */
  @Test
  void marksHaveTheDigestOfWhatIsBefore() throws IOException {
    var random = new Random(8);
    var text = new ByteArrayOutputStream();
    for (int i = 0; i < 4_000; i++) {
      int length = random.nextInt(50) == 0 ? random.nextInt(200_000) : random.nextInt(100);
      text.writeBytes(utf8("k" + i + "\t" + "v".repeat(length) + "\n"));
    }
    byte[] all = text.toByteArray();
    int tooLong = 0;
    try (RecordReader reader = open(all, Format.TSV, Dialect.DEFAULT, Optional.empty(), "1", "2")) {
      for (SourceRecord record = reader.next(); record != null; record = reader.next()) {
        tooLong += record.problem() == null ? 0 : 1;
        if (random.nextInt(20) == 0) {
          Mark mark = reader.mark();
          MessageDigest digest = Digests.sha256();
          digest.update(all, 0, (int) mark.offset());
          assertThat(mark.digest()).isEqualTo(HexFormat.of().formatHex(digest.digest()));
        }
      }
      assertThat(reader.mark().offset()).isEqualTo(all.length);
    }
    assertThat(tooLong).isBetween(10, 200);
  }

  @Test
  void saysWhichColumnsThereAre() {
    assertThatThrownBy(() -> read("k,v\n", Format.CSV, CSV.withHeader(true), "key", "v"))
        .hasMessage("line 1 names no column \"key\"; it has: k, v");
    assertThatThrownBy(() -> read("", Format.CSV, CSV.withHeader(true), "key", "v"))
        .hasMessageContaining("it is empty");
    assertThatThrownBy(() -> read("k,k\n", Format.TSV, CSV.withHeader(true), "k", "v"))
        .hasMessageContaining("names no column");
  }
}
