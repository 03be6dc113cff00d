package dev.quicksilver.loader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.loader.Input.Duplicates;
import dev.quicksilver.loader.LoadOptions.Limits;
import dev.quicksilver.loader.LoadOptions.MaxRejects;
import dev.quicksilver.loader.LoadOptions.Mode;
import dev.quicksilver.loader.read.Dialect;
import dev.quicksilver.loader.read.Expirations;
import dev.quicksilver.loader.read.Expiry;
import dev.quicksilver.loader.read.Format;
import dev.quicksilver.loader.source.Source;
import dev.quicksilver.migrations.Migrations;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.postgres.SqlSession;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Loads what Kyoto Cabinet's own programs dump. No package has those of Kyoto Tycoon; what a
 * ktserver has written is in {@code KyotoReadersTest}.
 */
class KyotoLoadTest {
  private static final String PROGRAM = "kctreemgr";
  private static final HexFormat HEX = HexFormat.of();
  private static final Instant MOMENT = Instant.parse("2026-05-01T12:00:00Z");

  private static EmbeddedPostgres postgres;
  @TempDir private Path folder;
  private Connection connection;
  private Connection other;
  private SqlSession session;
  private Expirations expirations = Expirations.NONE;

  @BeforeAll
  static void start() throws Exception {
    Assumptions.assumeTrue(
        isInstalled(), PROGRAM + " is not installed (apt-get install kyotocabinet-utils)");
    postgres = EmbeddedPostgres.start();
    Migrations.migrate(postgres.jdbcUrl(), "", "");
  }

  private static boolean isInstalled() throws Exception {
    try {
      new ProcessBuilder(PROGRAM, "version").redirectErrorStream(true).start().waitFor();
      return true;
    } catch (IOException e) {
      System.out.println("KyotoLoadTest is skipped: " + e.getMessage());
      return false;
    }
  }

  @AfterAll
  static void stop() {
    if (postgres != null) {
      postgres.close();
    }
  }

  @BeforeEach
  void create() throws SQLException {
    connection = postgres.connect();
    other = postgres.connect();
    session = new SqlSession(other);
    session.execute("SELECT quicksilver.create_database('kyoto', 'bytea', 'bytea')");
  }

  @AfterEach
  void drop() throws SQLException {
    connection.close();
    session.execute("SELECT quicksilver.drop_database('kyoto')");
    session.execute("DELETE FROM quicksilver.load");
    other.close();
  }

  private Path rejects() {
    return folder.resolve("rejects.kyoto-hex");
  }

  private Load.Result load(Path file, Format format, Expiry expiry) throws Exception {
    return load(file, format, expiry, () -> false);
  }

  private Load.Result load(Path file, Format format, Expiry expiry, BooleanSupplier stop)
      throws Exception {
    var input =
        new Input(
            List.of(new Source.OfFile(file)),
            format,
            Dialect.DEFAULT.withExpiry(expiry),
            Optional.empty(),
            "{1}",
            "{2}",
            Duplicates.ERROR,
            1 << 20);
    var options =
        new LoadOptions(
            "kyoto",
            input,
            Mode.UPSERT,
            rejects(),
            new MaxRejects(1000, false),
            new Limits(10, Optional.empty(), Long.MAX_VALUE),
            false,
            false);
    Load.Result result = Load.run(connection, options, new Listener(), stop);
    assertThat(result.counts().addsUp()).isTrue();
    return result;
  }

  private final class Listener implements LoadListener {
    @Override
    public void expirations(Expirations of) {
      expirations = of;
    }
  }

  /** Runs it; what it prints goes to a file. */
  private Path kyoto(String name, String... words) throws Exception {
    Path to = folder.resolve(name);
    List<String> command = new ArrayList<>(List.of(PROGRAM));
    command.addAll(List.of(words));
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectOutput(to.toFile())
            .redirectError(folder.resolve("errors").toFile())
            .start();
    assertThat(process.waitFor()).as("%s", Files.readString(folder.resolve("errors"))).isZero();
    return to;
  }

  /** Makes a Kyoto Cabinet of pairs, written in hexadecimal digits. */
  private void cabinet(Map<String, String> pairs) throws Exception {
    Files.deleteIfExists(folder.resolve("all.kct"));
    var text = new StringBuilder();
    pairs.forEach((key, value) -> text.append(key).append('\t').append(value).append('\n'));
    Files.writeString(folder.resolve("pairs"), text);
    kyoto("created", "create", "all.kct");
    kyoto("imported", "import", "-sx", "all.kct", "pairs");
  }

  private Map<String, String> table() throws SQLException {
    Map<String, String> table = new TreeMap<>();
    try (Statement statement = other.createStatement();
        ResultSet row = statement.executeQuery("SELECT key, value FROM kyoto")) {
      while (row.next()) {
        table.put(HEX.formatHex(row.getBytes(1)), HEX.formatHex(row.getBytes(2)));
      }
    }
    return table;
  }

  /** Any bytes, and a value that is longer than Kyoto's and this project's buffers. */
  private static Map<String, String> anyPairs() {
    var random = new Random(7);
    Map<String, String> pairs = new TreeMap<>();
    while (pairs.size() < 500) {
      byte[] key = new byte[1 + random.nextInt(100)];
      byte[] value = new byte[random.nextInt(400)];
      random.nextBytes(key);
      random.nextBytes(value);
      pairs.put(HEX.formatHex(key), HEX.formatHex(value));
    }
    byte[] large = new byte[300_000];
    random.nextBytes(large);
    pairs.put("6c61726765", HEX.formatHex(large));
    return pairs;
  }

  private static String hex(String text) {
    return HEX.formatHex(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void loadsAnyBytes() throws Exception {
    Map<String, String> pairs = anyPairs();
    cabinet(pairs);
    Path list = kyoto("list", "list", "-pv", "-px", "all.kct");
    Path dump = folder.resolve("all.kcss");
    kyoto("dumped", "dump", "all.kct", dump.toString());
    Counts first = load(list, Format.KYOTO_HEX, new Expiry.Unsaid()).counts();
    assertThat(first).isEqualTo(Counts.of(pairs.size(), 0, 0, 0));
    assertThat(table()).isEqualTo(pairs);
    Counts second = load(dump, Format.KCSS, new Expiry.Unsaid()).counts();
    assertThat(second).isEqualTo(Counts.of(0, pairs.size(), 0, 0));
    session.execute("DELETE FROM kyoto");
    load(dump, Format.KCSS, new Expiry.None());
    assertThat(table()).isEqualTo(pairs);
    assertThat(expirations).isEqualTo(Expirations.NONE);
  }

  @Test
  void loadsText() throws Exception {
    cabinet(Map.of(hex("a"), hex("1"), hex("ä b"), hex(""), hex("c"), hex("ö ö\r")));
    Path list = kyoto("list", "list", "-pv", "all.kct");
    load(list, Format.KYOTO_PLAIN, new Expiry.Unsaid());
    assertThat(table())
        .isEqualTo(Map.of(hex("a"), hex("1"), hex("ä b"), hex(""), hex("c"), hex("ö ö\r")));
  }

  @Test
  void rejectsCanBeMendedAndLoaded() throws Exception {
    String longKey = hex("x".repeat(512));
    String tooLong = "ff".repeat(1 << 20);
    cabinet(Map.of(longKey, hex("1"), hex("b"), hex("2"), hex("c"), tooLong));
    Path dump = folder.resolve("all.kcss");
    kyoto("dumped", "dump", "all.kct", dump.toString());
    assertThat(load(dump, Format.KCSS, new Expiry.None()).counts())
        .isEqualTo(Counts.of(1, 0, 2, 0));
    String written = Files.readString(rejects());
    assertThat(written.lines().filter(line -> line.startsWith("#! " + dump)).toList())
        .containsExactly(
            "#! "
                + dump
                + ", record 3, byte 1048593: the key has 512 bytes; at most 511 are allowed");
    assertThat(written)
        .contains("#- " + dump + ", record 2, byte 11: it is longer than a record may be")
        .contains("(1048582 bytes, not kept here)")
        .contains("--format kyoto-hex --expiry none");
    Path mended = folder.resolve("mended.kyoto-hex");
    Files.writeString(mended, written.replaceFirst("\n78( 78){511}\t", "\n78\t"));
    Files.delete(rejects());
    assertThat(load(mended, Format.KYOTO_HEX, new Expiry.None()).counts())
        .isEqualTo(Counts.of(1, 0, 0, 0));
    assertThat(table()).isEqualTo(Map.of(hex("x"), hex("1"), hex("b"), hex("2")));
  }

  /** A Tycoon's file: every value begins with a time. */
  private Path timed() throws Exception {
    long second = MOMENT.getEpochSecond();
    Map<String, String> pairs = new TreeMap<>();
    for (int i = 0; i < 95; i++) {
      String time =
          i % 5 == 0
              ? "%010x".formatted(second - 1)
              : i % 7 == 0 ? "%010x".formatted(second) : "ffffffffff";
      pairs.put(hex("k%02d".formatted(i)), i % 11 == 0 ? "00" : time + hex("v" + i));
    }
    cabinet(pairs);
    Path dump = folder.resolve("tycoon.kcss");
    kyoto("dumped", "dump", "all.kct", dump.toString());
    return dump;
  }

  @Test
  void goesOnWhereItWasStopped() throws Exception {
    Path dump = timed();
    var expiry = new Expiry.At(MOMENT);
    Counts counts = load(dump, Format.KCSS, expiry).counts();
    // 19 of 95 are divisible by 5, 9 by 11, 2 by both: those are too short for a time.
    assertThat(counts).isEqualTo(Counts.of(95 - 9 - 17, 0, 9, 0));
    assertThat(expirations).isEqualTo(new Expirations(17, 10));
    Map<String, String> wanted = table();
    assertThat(wanted).containsEntry(hex("k07"), hex("v7")).doesNotContainKey(hex("k05"));
    String rejected = Files.readString(rejects());
    for (int after = 1; after < 8; after++) {
      session.execute("DELETE FROM kyoto");
      Files.delete(rejects());
      int[] batches = {0};
      int last = after;
      Load.Result stopped = load(dump, Format.KCSS, expiry, () -> ++batches[0] == last);
      assertThat(stopped.end()).isEqualTo(Load.End.STOPPED);
      expirations = Expirations.NONE;
      Load.Result result = load(dump, Format.KCSS, expiry);
      assertThat(result.before()).isEqualTo(stopped.counts());
      assertThat(result.counts()).isEqualTo(counts);
      assertThat(expirations).isEqualTo(new Expirations(17, 10));
      assertThat(table()).isEqualTo(wanted);
      assertThat(Files.readString(rejects())).isEqualTo(rejected);
    }
  }

  @Test
  void refusesWhatIsNotWhatItWas() throws Exception {
    Path dump = timed();
    int[] batches = {0};
    load(dump, Format.KCSS, new Expiry.At(MOMENT), () -> ++batches[0] == 3);
    byte[] content = Files.readAllBytes(dump);
    content[20] ^= 1;
    Files.write(dump, content);
    assertThatThrownBy(() -> load(dump, Format.KCSS, new Expiry.At(MOMENT)))
        .isInstanceOf(LoadException.class)
        .hasMessageContaining("is not what it was");
  }

  @Test
  void endsWhereNobodyHasSaidThatThereAreTimes() throws Exception {
    Path dump = timed();
    assertThatThrownBy(() -> load(dump, Format.KCSS, new Expiry.Unsaid()))
        .isInstanceOf(LoadException.class)
        .hasMessageStartingWith(dump + ": record ")
        .hasMessageContaining("--expiry");
    byte[] content = Files.readAllBytes(dump);
    Path cut = Files.write(folder.resolve("cut"), java.util.Arrays.copyOf(content, 500));
    assertThatThrownBy(() -> load(cut, Format.KCSS, new Expiry.At(MOMENT)))
        .isInstanceOf(LoadException.class)
        .hasMessageStartingWith(cut + ": it is cut: record ")
        .hasMessageContaining("ends at byte 500");
  }
}
