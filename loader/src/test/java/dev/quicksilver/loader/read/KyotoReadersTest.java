package dev.quicksilver.loader.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

/** The formats of Kyoto Cabinet and Tycoon; {@code KyotoLoadTest} has those programs write them. */
class KyotoReadersTest {
  private static final int LIMIT = 1 << 12;
  private static final Expiry UNSAID = new Expiry.Unsaid();
  private static final Expiry NONE = new Expiry.None();
  private static final Instant MOMENT = Instant.parse("2026-05-01T12:00:00Z");

  /** What kctreemgr 1.2.79 has dumped. */
  private static final byte[] DUMPED =
      HexFormat.of()
          .parseHex(
              "4b4353530a000000" // its magic, a record, an empty key
                  + "09656d707479206b6579"
                  + "00010361ff0041"
                  + "000303610962780a79"
                  + "0002006576"
                  + "ff");

  private static RecordReader open(byte[] content, Format format, Expiry expiry)
      throws IOException {
    return Readers.open(
        new ByteArrayInputStream(content),
        format,
        Dialect.DEFAULT.withExpiry(expiry),
        Optional.empty(),
        List.of(new Column("1", false), new Column("2", false)),
        LIMIT);
  }

  private static List<String> all(byte[] content, Format format, Expiry expiry) throws IOException {
    List<String> all = new ArrayList<>();
    try (RecordReader reader = open(content, format, expiry)) {
      for (SourceRecord record = reader.next(); record != null; record = reader.next()) {
        all.add(words(record));
      }
      assertThat(reader.next()).isNull();
    }
    return all;
  }

  private static String words(SourceRecord record) {
    if (record.problem() != null) {
      return "!" + record.extent().place() + ": " + record.problem();
    }
    List<String> fields = new ArrayList<>();
    for (byte[] field : record.fields()) {
      fields.add(new String(field, StandardCharsets.ISO_8859_1));
    }
    return String.join("=", fields);
  }

  private static byte[] latin1(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private static List<String> hex(String text) throws IOException {
    return all(latin1(text), Format.KYOTO_HEX, UNSAID);
  }

  private static List<String> plain(String text) throws IOException {
    return all(latin1(text), Format.KYOTO_PLAIN, UNSAID);
  }

  /** Writes snapshots, for itself. */
  private static final class Snapshot {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final DataOutputStream out = new DataOutputStream(bytes);
    private final int marker;

    private Snapshot(int marker) {
      this.marker = marker;
    }

    static Snapshot cabinet() throws IOException {
      var snapshot = new Snapshot(0);
      snapshot.out.writeBytes("KCSS\n\0");
      return snapshot;
    }

    static Snapshot tycoon(int check, long count) throws IOException {
      var snapshot = new Snapshot(0xcc);
      snapshot.out.writeBytes("KTSS\n\0");
      snapshot.out.writeInt(check);
      snapshot.out.writeLong(MOMENT.getEpochSecond() * 1_000_000_000 + 7);
      snapshot.out.writeLong(count);
      snapshot.out.writeLong(4711);
      return snapshot;
    }

    Snapshot record(String key, String value) throws IOException {
      out.writeByte(marker);
      length(key.length());
      length(value.length());
      out.writeBytes(key);
      out.writeBytes(value);
      return this;
    }

    private void length(int number) throws IOException {
      for (int shift = 28; shift > 0; shift -= 7) {
        if (number >= 1 << shift) {
          out.writeByte(number >> shift | 0x80);
        }
      }
      out.writeByte(number & 0x7f);
    }

    byte[] end() throws IOException {
      if (marker == 0) {
        out.writeByte(0xff);
      }
      return bytes.toByteArray();
    }
  }

  /** A value with an expiration time. */
  private static String timed(long second, String value) {
    var text = new StringBuilder();
    for (int shift = 32; shift >= 0; shift -= 8) {
      text.append((char) (second >> shift & 0xff));
    }
    return text + value;
  }

  private static String forever(String value) {
    return timed(-1, value);
  }

  @Test
  void readsListsInHexadecimal() throws IOException {
    // as kctreemgr 1.2.79 prints it
    assertThat(hex("\t65 6D 70\n61\tFF 00 41\n61 09 62\t78 0A 79\n65 76\t\n"))
        .containsExactly("=emp", "a=\u00ff\0A", "a\tb=x\ny", "ev=");
    assertThat(hex("61ff\t0a 0B0c\r\n")).containsExactly("a\u00ff=\n\u000b\f");
    assertThat(hex("")).isEmpty();
  }

  @Test
  void tellsFormatsByNames() {
    for (Format format : Format.values()) {
      assertThat(Format.of(format.word())).isEqualTo(format);
      assertThat(Format.ofName("a.b." + format.word() + ".gz")).contains(format);
      assertThat(Format.of(format.ofRejects().word()).isBinary()).isFalse();
    }
    assertThat(Format.ofName("a.kct")).isEmpty();
  }

  @Test
  void readsPlainLists() throws IOException {
    assertThat(plain("61\tb\n\u00ef\u00bb\u00bfa\t\u00ff\r\n\tx\n"))
        .containsExactly("61=b", "\u00ef\u00bb\u00bfa=\u00ff\r", "=x");
  }

  @Test
  void refusesLinesThatCannotBeCut() throws IOException {
    List<String> plain = plain("a\tb\tc\nd\te\nf\n\ng\th");
    assertThat(plain).hasSize(5).contains("d=e");
    assertThat(plain.get(0)).startsWith("!line 1: there is more than one tab").contains("-px");
    assertThat(plain.get(2)).startsWith("!line 3: there is no tab").contains("-pv");
    assertThat(plain.get(3)).startsWith("!line 4: there is no tab");
    assertThat(plain.get(4)).startsWith("!line 5: its line has no end");
    List<String> hex = hex("61\t62\t1780000000\nabc\t62\n61\t6 2\n61 \t62\n6g\t\n61\t 62\n61\t62");
    assertThat(hex).hasSize(7);
    assertThat(hex.get(0)).contains("more than one tab").contains("no -pt");
    assertThat(hex.get(1)).contains("byte 4 of the line is no part of two").contains("kyoto-plain");
    assertThat(hex.get(2)).contains("byte 5 of the line");
    assertThat(hex.get(3)).contains("byte 4 of the line");
    assertThat(hex.get(4)).contains("byte 2 of the line");
    assertThat(hex.get(5)).contains("byte 4 of the line");
    assertThat(hex.get(6)).contains("the list is cut");
  }

  @Test
  void readsASnapshot() throws IOException {
    assertThat(all(DUMPED, Format.KCSS, UNSAID))
        .containsExactly("=empty key", "a=\u00ff\0A", "a\tb=x\ny", "ev=");
    String large = "x".repeat(3000);
    byte[] several = Snapshot.cabinet().record("k".repeat(200), large).record("l", "m").end();
    assertThat(all(several, Format.KCSS, UNSAID))
        .containsExactly("k".repeat(200) + "=" + large, "l=m");
    assertThat(all(Snapshot.cabinet().end(), Format.KCSS, UNSAID)).isEmpty();
    var packed = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(packed)) {
      gzip.write(several);
    }
    assertThat(all(packed.toByteArray(), Format.KCSS, UNSAID)).hasSize(2);
  }

  @Test
  void namesWhereASnapshotIsCut() throws IOException {
    for (int length = 0; length < DUMPED.length; length++) {
      byte[] cut = Arrays.copyOf(DUMPED, length);
      assertThatThrownBy(() -> all(cut, Format.KCSS, UNSAID))
          .isInstanceOf(SourceException.class)
          .hasMessageContaining(
              length == 0
                  ? "it is empty"
                  : length < 6 ? "does not begin with KCSS" : "byte " + length);
    }
    assertThatThrownBy(() -> all(Arrays.copyOf(DUMPED, 30), Format.KCSS, UNSAID))
        .hasMessage(
            "it is cut: record 3, which begins at byte 25, is not there whole, and the source ends"
                + " at byte 30: copy it anew, or take another one");
  }

  @Test
  void namesWhereASnapshotIsDamaged() throws IOException {
    byte[] marker = DUMPED.clone();
    marker[18] = 'Z';
    assertThatThrownBy(() -> all(marker, Format.KCSS, UNSAID))
        .isInstanceOf(SourceException.class)
        .hasMessageStartingWith(
            "it is damaged: at byte 18, after 1 records, stands a byte 5A, with which no record");
    byte[] length = Arrays.copyOf(DUMPED, 40);
    Arrays.fill(length, 19, 30, (byte) 0xff);
    assertThatThrownBy(() -> all(length, Format.KCSS, UNSAID))
        .hasMessageStartingWith(
            "it is damaged: record 2, which begins at byte 18, says that its key has more than");
    byte[] twice = Arrays.copyOf(DUMPED, DUMPED.length + 1);
    assertThatThrownBy(() -> all(twice, Format.KCSS, UNSAID))
        .hasMessageStartingWith("something follows its end mark at byte " + (DUMPED.length - 1));
  }

  @Test
  void refusesWhatIsNoSnapshot() {
    assertThatThrownBy(() -> all(latin1("KC\n\0\u0010\u0006"), Format.KCSS, UNSAID))
        .hasMessageContaining("kctreemgr dump");
    assertThatThrownBy(() -> all(latin1("61\t62\n"), Format.KCSS, UNSAID))
        .hasMessage("it is no snapshot: it does not begin with KCSS");
    assertThatThrownBy(() -> all(DUMPED, Format.KTSS, UNSAID))
        .hasMessage("it is no snapshot: it does not begin with KTSS, but is one of --format kcss");
    assertThatThrownBy(() -> all(Snapshot.tycoon(0, 0).end(), Format.KCSS, UNSAID))
        .hasMessageContaining("--format ktss");
    assertThatThrownBy(
            () ->
                Readers.open(
                    new ByteArrayInputStream(DUMPED),
                    Format.KCSS,
                    Dialect.DEFAULT,
                    Optional.empty(),
                    List.of(new Column("3", false)),
                    LIMIT))
        .hasMessage("there is no column \"3\": column 1 is the key, column 2 the value");
  }

  @Test
  void readsOverRecordsThatAreTooLong() throws IOException {
    byte[] some =
        Snapshot.cabinet().record("a", "1").record("b", "x".repeat(100_000)).record("c", "3").end();
    try (RecordReader reader = open(some, Format.KCSS, UNSAID)) {
      assertThat(words(reader.next())).isEqualTo("a=1");
      SourceRecord tooLong = reader.next();
      assertThat(words(tooLong)).isEqualTo("!record 2: " + Readers.TOO_LONG);
      assertThat(tooLong.extent().isWhole()).isFalse();
      assertThat(tooLong.extent().held()).isZero();
      assertThat(tooLong.extent().offset()).isEqualTo(11);
      assertThat(tooLong.extent().length()).isEqualTo(100_006);
      assertThat(words(reader.next())).isEqualTo("c=3");
      assertThat(reader.next()).isNull();
      assertThat(reader.mark().offset()).isEqualTo(some.length);
    }
  }

  @Test
  void knowsWhatItHasRead() throws IOException {
    try (RecordReader reader = open(DUMPED, Format.KCSS, UNSAID)) {
      long records = 0;
      long next = 6;
      assertThat(reader.mark()).isEqualTo(mark(0, 6));
      for (SourceRecord record = reader.next(); record != null; record = reader.next()) {
        assertThat(record.extent().offset()).isEqualTo(next);
        assertThat(record.extent().isWhole()).isTrue();
        next += record.extent().length();
        records++;
        assertThat(reader.mark()).isEqualTo(mark(records, (int) next));
      }
      assertThat(reader.mark()).isEqualTo(mark(4, DUMPED.length));
    }
  }

  private static Mark mark(long records, int offset) {
    byte[] digest = Digests.sha256().digest(Arrays.copyOf(DUMPED, offset));
    return new Mark(records, offset, HexFormat.of().formatHex(digest));
  }

  @Test
  void writesRecordsAsLinesThatAreReadAgain() throws IOException {
    var text = new ByteArrayOutputStream();
    text.writeBytes(latin1(Comments.FIRST));
    try (RecordReader reader = open(DUMPED, Format.KCSS, UNSAID)) {
      text.writeBytes(reader.header());
      for (SourceRecord record = reader.next(); record != null; record = reader.next()) {
        text.writeBytes(record.extent().text());
      }
    }
    assertThat(text.toString(StandardCharsets.ISO_8859_1))
        .endsWith("\n61\tFF 00 41\n61 09 62\t78 0A 79\n65 76\t\n")
        .contains("\n#- its records are text here: load them with --format kyoto-hex --expiry");
    assertThat(all(text.toByteArray(), Format.KYOTO_HEX, NONE))
        .containsExactly("=empty key", "a=\u00ff\0A", "a\tb=x\ny", "ev=");
  }

  @Test
  void leavesOutWhatHadExpired() throws IOException {
    long second = MOMENT.getEpochSecond();
    byte[] content =
        Snapshot.cabinet()
            .record("a", timed(second - 1, "past"))
            .record("b", timed(second, "now"))
            .record("c", forever("kept"))
            .record("d", forever(""))
            .record("e", "1234")
            .record("f", "text")
            .record("g", "a text")
            .record("h", timed(7, "1970"))
            .end();
    try (RecordReader reader = open(content, Format.KCSS, new Expiry.At(MOMENT))) {
      assertThat(words(reader.next())).isEqualTo("b=now");
      assertThat(words(reader.next())).isEqualTo("c=kept");
      assertThat(words(reader.next())).isEqualTo("d=");
      assertThat(words(reader.next())).startsWith("!record 5: its value has no expiration time");
      assertThat(words(reader.next())).startsWith("!record 6: its value has no expiration time");
      SourceRecord text = reader.next();
      assertThat(words(text)).startsWith("!record 7: its value begins with no likely");
      assertThat(text.extent().text()).isEqualTo(latin1("67\t61 20 74 65 78 74\n"));
      assertThat(words(reader.next())).contains("(it would be second 7 since 1970)");
      assertThat(reader.next()).isNull();
      assertThat(reader.expirations()).isEqualTo(new Expirations(1, 1));
      assertThat(reader.mark().records()).isEqualTo(7);
    }
    assertThat(all(content, Format.KCSS, NONE)).hasSize(8).contains("g=a text");
    String line = "63\tFF FF FF FF FF 6B\n";
    assertThat(all(latin1(line), Format.KYOTO_HEX, new Expiry.At(MOMENT))).containsExactly("c=k");
  }

  @Test
  void asksWhetherThereAreExpirationTimes() throws IOException {
    byte[] content = Snapshot.cabinet().record("a", "1").record("b", forever("x")).end();
    assertThatThrownBy(() -> all(content, Format.KCSS, UNSAID))
        .isInstanceOf(SourceException.class)
        .hasMessageStartingWith(
            "record 2: the value begins like one of a Kyoto Tycoon, with when it")
        .hasMessageContaining("--expiry none");
    assertThatThrownBy(() -> hex("61\t62\n61\tffffffffff62\n"))
        .hasMessageStartingWith("line 2: the value begins");
    assertThatThrownBy(() -> plain("a\t" + forever("x") + "\n")).hasMessageStartingWith("line 1:");
    assertThat(all(content, Format.KCSS, NONE)).containsExactly("a=1", "b=" + forever("x"));
    byte[] later = Snapshot.cabinet().record("a", timed(MOMENT.getEpochSecond(), "x")).end();
    assertThatThrownBy(() -> all(later, Format.KCSS, UNSAID))
        .hasMessageContaining("(2026-05-01T12:00:00Z)");
    String number = timed(MOMENT.getEpochSecond(), "");
    byte[] numbers = Snapshot.cabinet().record("a", "").record("b", number).end();
    assertThat(all(numbers, Format.KCSS, UNSAID)).containsExactly("a=", "b=" + number);
  }

  @Test
  void readsSnapshotsOfATycoon() throws IOException {
    long second = MOMENT.getEpochSecond();
    byte[] content =
        Snapshot.tycoon(0, 3)
            .record("a", timed(second - 1, "past"))
            .record("b", timed(second + 1, "later"))
            .record("c", forever("kept"))
            .end();
    assertThat(all(content, Format.KTSS, UNSAID)).containsExactly("b=later", "c=kept");
    assertThat(all(content, Format.KTSS, NONE)).hasSize(3).contains("c=" + forever("kept"));
    assertThat(all(content, Format.KTSS, new Expiry.At(MOMENT.plusSeconds(9))))
        .containsExactly("c=kept");
    byte[] more = Snapshot.tycoon(0, 0).record("c", forever("added meanwhile")).end();
    assertThat(all(more, Format.KTSS, UNSAID)).hasSize(1);
    byte[] fewer = Arrays.copyOf(content, content.length - 13);
    assertThatThrownBy(() -> all(fewer, Format.KTSS, UNSAID))
        .hasMessageContaining("after 2 records, and its header says that the database had 3");
    assertThatThrownBy(() -> all(Arrays.copyOf(content, 20), Format.KTSS, UNSAID))
        .hasMessageStartingWith("it is cut: it has 20 bytes");
    for (int length = 35; length < content.length; length++) {
      byte[] cut = Arrays.copyOf(content, length);
      assertThatThrownBy(() -> all(cut, Format.KTSS, UNSAID))
          .isInstanceOf(SourceException.class)
          .hasMessageContaining("at byte " + length);
    }
  }

  /** What a ktserver 0.9.56 has written, without {@code -bgsc} and with {@code zlib}. */
  @Test
  void readsWhatATycoonHasWritten() throws IOException {
    String plain =
        "4b5453530a000000000018ec8a141720f48000000000000000040000000000061b00"
            + "cc02086109ffffffffff0aff00cc03066f6e65ffffffffff31cc05067468726565006b0dbbd833"
            + "cc030674776f006b0c353a32";
    assertThat(all(HexFormat.of().parseHex(plain), Format.KTSS, UNSAID))
        .containsExactly("a\t=\n\u00ff\0", "one=1", "three=3", "two=2");
    String packed =
        "4b5453530a008745451018ec8a26aa81aa000000000000000003000000000060"
            + "18d8000000253bc3cc969f97fa1f040ccfb0b2956414a5a63264f3ee51333ec3"
            + "c491c80996e0facf000000";
    assertThat(all(HexFormat.of().parseHex(packed), Format.KTSS, UNSAID))
        .containsExactly("one=1", "three=3", "a\t=\n\u00ff\0");
  }

  private static byte[] packed(byte[]... blocks) throws IOException {
    var bytes = new ByteArrayOutputStream();
    var out = new DataOutputStream(bytes);
    out.write(Snapshot.tycoon(1, 2).end());
    for (byte[] block : blocks) {
      out.writeInt(block.length);
      out.write(block);
    }
    return bytes.toByteArray();
  }

  private static byte[] deflated(byte[] content) {
    var deflater = new Deflater(Deflater.DEFAULT_COMPRESSION, true);
    deflater.setInput(content);
    deflater.finish();
    byte[] block = new byte[content.length + 100];
    int length = deflater.deflate(block);
    deflater.end();
    return Arrays.copyOf(block, length + 1); // as Kyoto Cabinet has it
  }

  @Test
  void readsPackedSnapshotsOfATycoon() throws IOException {
    byte[] first = new Snapshot(0xcc).record("a", forever("1".repeat(2000))).end();
    byte[] second = new Snapshot(0xcc).record("b", forever("2")).end();
    byte[] content = packed(deflated(first), deflated(second));
    assertThat(all(content, Format.KTSS, UNSAID)).containsExactly("a=" + "1".repeat(2000), "b=2");
    for (int length = 35; length < content.length; length++) {
      byte[] cut = Arrays.copyOf(content, length);
      assertThatThrownBy(() -> all(cut, Format.KTSS, UNSAID)).isInstanceOf(SourceException.class);
    }
    assertThatThrownBy(() -> all(packed(latin1("no deflate")), Format.KTSS, UNSAID))
        .hasMessageStartingWith("block 1 cannot be unpacked with zlib")
        .hasMessageContaining("-bgsc zlib");
    for (int longer = -1; longer < 9; longer += longer == -1 ? 2 : 1) {
      byte[] block = deflated(second);
      byte[] other = Arrays.copyOf(block, block.length + longer);
      assertThatThrownBy(() -> all(packed(other), Format.KTSS, UNSAID))
          .isInstanceOf(SourceException.class);
    }
    byte[] endless = packed(Arrays.copyOf(deflated(first), 10));
    assertThatThrownBy(() -> all(endless, Format.KTSS, UNSAID)).isInstanceOf(SourceException.class);
  }

  /** Whatever the bytes are, each of them is in a record, or there is a message. */
  @Property
  void anyBytesEndInRecordsOrAMessage(
      @ForAll Format format,
      @ForAll boolean timed,
      @ForAll boolean withHeader,
      @ForAll @Size(max = 300) byte[] bytes)
      throws IOException {
    var content = new ByteArrayOutputStream();
    if (withHeader && format == Format.KCSS) {
      content.write(Snapshot.cabinet().bytes.toByteArray());
    } else if (withHeader && format == Format.KTSS) {
      content.write(Snapshot.tycoon(bytes.length % 2, 0).bytes.toByteArray());
    }
    content.write(bytes);
    requireRecordsOrAMessage(content.toByteArray(), format, timed);
  }

  /** The same for what was a snapshot once. */
  @Property
  void damagedSnapshotsEndInRecordsOrAMessage(
      @ForAll int place, @ForAll byte value, @ForAll boolean timed) throws IOException {
    byte[] content = DUMPED.clone();
    content[Math.floorMod(place, content.length)] = value;
    requireRecordsOrAMessage(content, Format.KCSS, timed);
  }

  private static void requireRecordsOrAMessage(byte[] content, Format format, boolean timed)
      throws IOException {
    Expiry expiry = timed ? new Expiry.At(MOMENT) : UNSAID;
    try (RecordReader reader = open(content, format, expiry)) {
      long end = 0;
      for (SourceRecord record = reader.next(); record != null; record = reader.next()) {
        Extent extent = record.extent();
        assertThat(extent.offset()).isGreaterThanOrEqualTo(end);
        assertThat(extent.length()).isPositive();
        assertThat(extent.held()).isLessThanOrEqualTo(LIMIT);
        end = extent.offset() + extent.length();
      }
      assertThat(reader.mark().offset()).isGreaterThanOrEqualTo(end);
    } catch (SourceException e) {
      assertThat(e.getMessage()).doesNotContain("\n");
    }
  }
}
