package dev.quicksilver.loader;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.loader.Input.Duplicates;
import dev.quicksilver.loader.LoadOptions.Limits;
import dev.quicksilver.loader.LoadOptions.MaxRejects;
import dev.quicksilver.loader.LoadOptions.Mode;
import dev.quicksilver.loader.read.Dialect;
import dev.quicksilver.loader.read.Format;
import dev.quicksilver.loader.source.PostgresRows;
import dev.quicksilver.loader.source.Source;
import dev.quicksilver.migrations.Migrations;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.postgres.SqlSession;
import dev.quicksilver.storage.record.ContentDigester;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoadTest {
  private static EmbeddedPostgres postgres;
  @TempDir private Path folder;
  private Connection connection;
  private SqlSession session;
  private Connection other;

  @BeforeAll
  static void start() {
    postgres = EmbeddedPostgres.start();
    Migrations.migrate(postgres.jdbcUrl(), "", "");
  }

  @AfterAll
  static void stop() {
    postgres.close();
  }

  @BeforeEach
  void create() throws SQLException {
    connection = postgres.connect();
    other = postgres.connect();
    session = new SqlSession(other);
    session.execute("SELECT quicksilver.create_database('dns')");
  }

  @AfterEach
  void drop() throws SQLException {
    connection.close();
    session.execute("SELECT quicksilver.drop_database('dns')");
    session.execute("DELETE FROM quicksilver.load");
    other.close();
  }

  /** Options that a test changes. */
  private final class Loading {
    private String database = "dns";
    private List<Path> files = List.of();
    private @Nullable Input input;
    private Mode mode = Mode.UPSERT;
    private Duplicates duplicates = Duplicates.ERROR;
    private MaxRejects maxRejects = new MaxRejects(1_000_000, false);
    private int maxRecord = 1 << 20;
    private int batchRows = 10;
    private @Nullable Duration maxLag;
    private long maxWal = Long.MAX_VALUE;
    private boolean restart;
    private boolean dryRun;

    Loading(Path... files) {
      this.files = List.of(files);
    }

    LoadOptions options() {
      return new LoadOptions(
          database, input(), mode, rejects(), maxRejects, limits(), restart, dryRun);
    }

    private Input input() {
      if (input != null) {
        return input;
      }
      return new Input(
          files.stream().<Source>map(Source.OfFile::new).toList(),
          Format.TSV,
          Dialect.DEFAULT,
          Optional.empty(),
          "{1}",
          "{2}",
          duplicates,
          maxRecord);
    }

    private Limits limits() {
      return new Limits(batchRows, Optional.ofNullable(maxLag), maxWal);
    }

    Load.Result run() throws Exception {
      return run(() -> false);
    }

    Load.Result run(BooleanSupplier stop) throws Exception {
      Load.Result result = Load.run(connection, options(), new LoadListener() {}, stop);
      assertThat(result.counts().addsUp()).isTrue();
      return result;
    }
  }

  @Test
  void waitsForTheRootToReadTheWal() throws Exception {
    String slot = session.query("SELECT quicksilver.slot_name()");
    session.execute("SELECT pg_create_logical_replication_slot('" + slot + "', 'pgoutput')");
    try {
      var loading = new Loading(file("a.tsv", numbered(50)));
      loading.maxWal = 1 << 20;
      session.execute("SELECT pg_logical_emit_message(false, 'test', repeat('x', 3000000))");
      // Asked to stop, it does not wait.
      assertThat(loading.run(() -> true).counts()).isEqualTo(Counts.NONE);
      List<String> reasons = new ArrayList<>();
      Load.Result result =
          Load.run(
              connection,
              loading.options(),
              new LoadListener() {
                @Override
                public void paused(String reason) {
                  reasons.add(reason);
                  try {
                    assertThat(session.query("SELECT count(*) FROM dns")).isEqualTo("0");
                    session.execute(
                        "SELECT pg_replication_slot_advance('" + slot + "', pg_current_wal_lsn())");
                  } catch (SQLException e) {
                    throw new AssertionError(e);
                  }
                }
              },
              () -> false);
      assertThat(result.counts()).isEqualTo(counts(50, 0, 0, 0));
      assertThat(reasons)
          .isNotEmpty()
          .allSatisfy(
              reason ->
                  assertThat(reason)
                      .matches("the root has \\d+ MiB of WAL to read \\(--max-wal\\).*"));
    } finally {
      session.execute("SELECT pg_drop_replication_slot('" + slot + "')");
    }
  }

  @Test
  void anotherLargestRecordIsAnotherLoad() throws Exception {
    var loading =
        new Loading(
            file("a.tsv", numbered(15) + "long\t" + "x".repeat(5000) + "\n" + rest(15, 60)));
    loading.maxRecord = 1000;
    int[] batches = {0};
    assertThat(loading.run(() -> ++batches[0] == 3).counts()).isEqualTo(counts(29, 0, 1, 0));
    Files.delete(rejects());
    loading.maxRecord = 10_000;
    Load.Result result = loading.run();
    assertThat(result.before()).isEqualTo(Counts.NONE);
    assertThat(result.counts()).isEqualTo(counts(32, 29, 0, 0));
    assertThat(value("long")).hasSize(5000);
  }

  @Test
  void keysArePostgresKeys() throws Exception {
    session.execute(
        "CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)");
    session.execute("CREATE TABLE loose (k text COLLATE ci PRIMARY KEY, v text NOT NULL)");
    session.execute("CREATE TABLE short (k varchar(3) PRIMARY KEY, v text NOT NULL)");
    String publish = "SELECT quicksilver.publish('%s', '%s', '{k}', '{v}')";
    try {
      session.execute(publish.formatted("short", "short"));
      session.execute("INSERT INTO short VALUES ('abc', '1'), ('d', '1')");
      var loading = new Loading(file("a.tsv", "abc  \t2\nd\t2\nüöä\t3\nxyz \t4\n"));
      loading.database = "short";
      assertThat(loading.run().counts()).isEqualTo(counts(2, 0, 2, 0));
      assertThat(rejects()).content().contains("the key has 5 characters; its column has 3");
      assertThat(session.query("SELECT string_agg(k || v, ' ' ORDER BY v, k) FROM short"))
          .isEqualTo("abc1 d2 üöä3");
      session.execute(publish.formatted("loose", "loose"));
      loading.database = "loose";
      assertThatThrownBy(loading::run)
          .isInstanceOf(LoadException.class)
          .hasMessageContaining("takes different texts for the same");
      session.execute("SELECT quicksilver.unpublish('loose')");
    } finally {
      session.execute("SELECT quicksilver.unpublish('short')");
      session.execute("DROP TABLE short, loose");
      session.execute("DROP COLLATION ci");
    }
  }

  private Loading replacing(String text) throws IOException {
    var loading = new Loading(file("new.tsv", text));
    loading.mode = Mode.REPLACE_ALL;
    return loading;
  }

  @Test
  void replacesAll() throws Exception {
    new Loading(file("a.tsv", numbered(45) + "é\t1\n")).run();
    var loading = replacing("k7\t1\nk8\tother\nnew\t3\nk44\t1\nk7\t9\n");
    loading.duplicates = Duplicates.FIRST;
    loading.dryRun = true;
    Counts wanted = counts(2, 2, 0, 1).plus(Counts.ofDeleted(43));
    assertThat(loading.run().counts()).isEqualTo(wanted);
    assertThat(session.query("SELECT count(*) FROM dns")).isEqualTo("46");
    loading.dryRun = false;
    assertThat(loading.run().counts()).isEqualTo(wanted);
    assertThat(pairs()).isEqualTo("k44=1 k7=1 k8=other new=3");
    assertThat(loading.run().counts()).isEqualTo(counts(0, 4, 0, 1));
  }

  @Test
  void replacesKeysThatAreBytes() throws Exception {
    session.execute("SELECT quicksilver.create_database('raw', key_type => 'bytea')");
    try {
      session.execute("INSERT INTO raw VALUES ('\\x00ff', 'a'), ('\\x5c', 'b'), ('\\x41', 'c')");
      var loading = replacing("A\td\n\\\\\tb\n");
      loading.database = "raw";
      assertThat(loading.run().counts()).isEqualTo(counts(1, 1, 0, 0).plus(Counts.ofDeleted(1)));
      assertThat(session.query("SELECT string_agg(key::text || value, ' ' ORDER BY key) FROM raw"))
          .isEqualTo("\\x41d \\x5cb");
    } finally {
      session.execute("SELECT quicksilver.drop_database('raw')");
    }
  }

  @Test
  void replacingDeletesNothingWhereRecordsWereRejectedOrThereAreNone() throws Exception {
    new Loading(file("a.tsv", "a\t1\nb\t2\n")).run();
    Load.Result result = replacing("a\t3\nb\t\\N\n").run();
    assertThat(result.end()).isEqualTo(Load.End.NOT_REPLACED);
    assertThat(result.counts()).isEqualTo(counts(1, 0, 1, 0));
    assertThat(pairs()).isEqualTo("a=3 b=2");
    Files.delete(rejects());
    assertThatThrownBy(() -> replacing("").run())
        .isInstanceOf(LoadException.class)
        .hasMessageContaining("TRUNCATE");
    assertThat(pairs()).isEqualTo("a=3 b=2");
  }

  @Test
  void goesOnToDelete() throws Exception {
    new Loading(file("a.tsv", numbered(95))).run();
    Load.Result result = null;
    for (int runs = 0; result == null || result.end() == Load.End.STOPPED; runs++) {
      assertThat(runs).isLessThan(20);
      int last = runs + 3;
      int[] steps = {0};
      result =
          replacing(numbered(60).substring(numbered(30).length())).run(() -> ++steps[0] == last);
      assertThat(session.query("SELECT count(*) FROM dns"))
          .isEqualTo(Long.toString(95 - result.counts().deleted()));
    }
    assertThat(result.counts()).isEqualTo(counts(0, 30, 0, 0).plus(Counts.ofDeleted(65)));
    assertThat(session.query("SELECT deleted FROM quicksilver.load WHERE deleted > 0"))
        .isEqualTo("65");
  }

  private Path rejects() {
    return folder.resolve("rejects.tsv");
  }

  private Path file(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  private String pairs() throws SQLException {
    return session.query(
        "SELECT coalesce(string_agg(key || '=' || value, ' ' ORDER BY key), '') FROM dns");
  }

  private static Counts counts(long loaded, long unchanged, long rejected, long duplicates) {
    return Counts.of(loaded, unchanged, rejected, duplicates);
  }

  @Test
  void loadsAndCountsWhatChanged() throws Exception {
    Path file = file("a.tsv", "a\t1\nb\t2\nc\t3\n");
    assertThat(new Loading(file).run().counts()).isEqualTo(counts(3, 0, 0, 0));
    assertThat(pairs()).isEqualTo("a=1 b=2 c=3");
    assertThat(new Loading(file).run().counts()).isEqualTo(counts(0, 3, 0, 0));
    Path second = file("b.tsv", "d\t4\nb\t2\nc\tother\n");
    assertThat(new Loading(second).run().counts()).isEqualTo(counts(2, 1, 0, 0));
    assertThat(pairs()).isEqualTo("a=1 b=2 c=other d=4");
    assertThat(rejects()).doesNotExist();
  }

  @Test
  void loadsColumnsOfEveryType() throws Exception {
    String large = "x".repeat(200_000);
    String text = "\\\\é\ta\\tb\\n\nnext\t" + large + "\n";
    String json = "a\t{\"b\": [1,  \"\\\\u00e9\"]}\nb\t\"" + large + "\"\n";
    loadsInto("text", "text", text, "\\é=a\tb\n,next=" + large);
    loadsInto("bytea", "text", text, "\\x5cc3a9=a\tb\n,\\x6e657874=" + large);
    loadsInto("text", "bytea", text, "\\é=\\x6109620a,next=\\x" + "78".repeat(200_000));
    loadsInto("text", "json", json, "a={\"b\": [1,  \"\\u00e9\"]},b=\"" + large + "\"");
    loadsInto("text", "jsonb", json, "a={\"b\": [1, \"é\"]},b=\"" + large + "\"");
    loadsInto("varchar(4)", "text", "ab\tc\n", "ab=c");
  }

  /** Loads pairs into a new table, and over pairs of the same keys. */
  private void loadsInto(String keyType, String valueType, String text, String wanted)
      throws Exception {
    session.execute(
        "CREATE TABLE typed (k %s PRIMARY KEY, v %s NOT NULL)".formatted(keyType, valueType));
    session.execute("SELECT quicksilver.publish('typed', 'typed', '{k}', '{v}')");
    try {
      var loading = new Loading(file("typed.tsv", text));
      loading.database = "typed";
      long rows = text.lines().count();
      String pairs = "SELECT string_agg(k::text || '=' || v::text, ',' ORDER BY k) FROM typed";
      assertThat(loading.run().counts()).isEqualTo(counts(rows, 0, 0, 0));
      assertThat(session.query(pairs)).isEqualTo(wanted);
      assertThat(loading.run().counts()).isEqualTo(counts(0, rows, 0, 0));
      session.execute("UPDATE typed SET v = '0'");
      assertThat(loading.run().counts()).isEqualTo(counts(rows, 0, 0, 0));
      assertThat(session.query(pairs)).isEqualTo(wanted);
    } finally {
      session.execute("SELECT quicksilver.unpublish('typed')");
      session.execute("DROP TABLE typed");
    }
  }

  @Test
  void insertsOnlyWhatIsNew() throws Exception {
    new Loading(file("a.tsv", "a\t1\nb\t2\n")).run();
    var loading = new Loading(file("b.tsv", "b\tother\na\t1\nc\t3\n"));
    loading.mode = Mode.INSERT_ONLY;
    assertThat(loading.run().counts()).isEqualTo(counts(1, 1, 1, 0));
    assertThat(pairs()).isEqualTo("a=1 b=2 c=3");
    assertThat(rejects()).content().contains("b.tsv, line 1, byte 0: the key is there already");
  }

  @Test
  void digestsWhatItHasLoaded() throws Exception {
    var wanted = new ContentDigester();
    for (int i = 0; i < 95; i++) {
      wanted.add(("k" + i).getBytes(UTF_8), "1".getBytes(UTF_8));
    }
    // In several runs, with rejects of its own and of PostgreSQL, and with duplicates.
    session.execute("INSERT INTO dns VALUES ('k5', '1'), ('k7', 'other'), ('more', '1')");
    var loading =
        new Loading(file("a.tsv", numbered(40) + "bad\nk3\t1\n" + "more\t2\n" + rest(40, 95)));
    loading.mode = Mode.INSERT_ONLY;
    loading.duplicates = Duplicates.FIRST;
    int[] batches = {0};
    assertThat(loading.run(() -> ++batches[0] == 3).digest()).isEmpty();
    batches[0] = 0;
    assertThat(loading.run(() -> ++batches[0] == 3).digest()).isEmpty();
    var other = new ContentDigester();
    other.add("k7".getBytes(UTF_8), "1".getBytes(UTF_8));
    Load.Result result = loading.run();
    assertThat(result.counts()).isEqualTo(counts(93, 1, 3, 1));
    assertThat(result.digest()).contains(wanted.digest().minus(other.digest()));
    loading.restart = true;
    Files.delete(rejects());
    assertThat(loading.run().digest()).contains(wanted.digest().minus(other.digest()));
    loading.mode = Mode.UPSERT;
    loading.duplicates = Duplicates.LAST;
    Files.delete(rejects());
    assertThat(loading.run().digest()).isEmpty();
  }

  private static String rest(int from, int to) {
    return numbered(to).substring(numbered(from).length());
  }

  @Test
  void knowsDuplicatesAcrossBatchesAndFiles() throws Exception {
    var text = new StringBuilder("k\tfirst\n");
    for (int i = 0; i < 25; i++) {
      text.append("n").append(i).append("\tx\n");
    }
    Path one = file("one.tsv", text + "k\tsecond\n");
    Path two = file("two.tsv", "k\tthird\nm\ty\nm\tz\n");
    var loading = new Loading(one, two);
    assertThat(loading.run().counts()).isEqualTo(counts(27, 0, 3, 0));
    assertThat(rejects())
        .content()
        .contains("one.tsv, line 27, byte ", "its key is also that of record 1\n")
        .contains("two.tsv, line 1, byte 0: its key is also that of record 1 of ")
        .contains("its key is also that of record 2\nm\tz\n");
    Files.delete(rejects());
    assertThat(value("k")).isEqualTo("first");
    loading.duplicates = Duplicates.LAST;
    assertThat(loading.run().counts()).isEqualTo(counts(1, 26, 0, 3));
    assertThat(value("k")).isEqualTo("third");
    assertThat(value("m")).isEqualTo("z");
    loading.duplicates = Duplicates.FIRST;
    assertThat(loading.run().counts()).isEqualTo(counts(2, 25, 0, 3));
    assertThat(value("k")).isEqualTo("first");
    assertThat(value("m")).isEqualTo("y");
  }

  private String value(String key) throws SQLException {
    return session.query("SELECT value FROM dns WHERE key = '" + key + "'");
  }

  @Test
  void rejectsCanBeMendedAndLoaded() throws Exception {
    String longKey = "x".repeat(512);
    Path file =
        Files.write(
            folder.resolve("a.tsv"),
            ("a\t1\n\t2\n" + longKey + "\t3\nb\nc\t\\x00\nd\t\\N\ne\t\u00e4\ng\t\\xff\nf\t5")
                .getBytes(java.nio.charset.StandardCharsets.UTF_8));
    assertThat(new Loading(file).run().counts()).isEqualTo(counts(3, 0, 6, 0));
    String written = Files.readString(rejects());
    assertThat(written.lines().filter(line -> line.startsWith("#! " + file)).toList())
        .extracting(line -> line.replaceFirst(".*?, (line \\d+), byte \\d+: ", "$1 "))
        .containsExactly(
            "line 2 the key is empty",
            "line 3 the key has 512 bytes; at most 511 are allowed",
            "line 4 there is one column; the first record has 2",
            "line 5 the value has a NUL character, which text cannot hold",
            "line 6 the value is null or missing",
            "line 8 the value is not UTF-8 (--encoding says what it is)");
    String mended =
        written
            .replace("\n\t2\n", "\nempty\t2\n")
            .replace(longKey, "long")
            .replace("\nb\n", "\nb\t2\n")
            .replace("\\x00", "nul")
            .replace("\\N", "null")
            .replace("\\xff", "ff");
    Files.delete(rejects());
    assertThat(new Loading(file("mended.tsv", mended)).run().counts())
        .isEqualTo(counts(6, 0, 0, 0));
    assertThat(pairs()).isEqualTo("a=1 b=2 c=nul d=null e=ä empty=2 f=5 g=ff long=3");
  }

  @Test
  void rejectsWhatPostgresRefuses() throws Exception {
    session.execute("CREATE TABLE host (name text PRIMARY KEY, address text NOT NULL)");
    session.execute("ALTER TABLE host ADD CONSTRAINT address_is_short CHECK (length(address) < 9)");
    session.execute("SELECT quicksilver.publish('host', 'host', '{name}', '{address}')");
    try {
      var text = new StringBuilder();
      for (int i = 0; i < 100; i++) {
        text.append("h").append(i).append(i % 30 == 7 ? "\tmuch too long\n" : "\tx\n");
      }
      var loading = new Loading(file("hosts.tsv", text.toString()));
      loading.database = "host";
      loading.dryRun = true;
      assertThat(loading.run().counts()).isEqualTo(counts(96, 0, 4, 0));
      assertThat(session.query("SELECT count(*) FROM host")).isEqualTo("0");
      Files.delete(rejects());
      loading.dryRun = false;
      int[] batches = {0};
      assertThat(loading.run(() -> ++batches[0] == 5).end()).isEqualTo(Load.End.STOPPED);
      String part = Files.readString(rejects());
      assertThat(part).contains("violates check constraint \"address_is_short\"");
      assertThat(loading.run().counts()).isEqualTo(counts(96, 0, 4, 0));
      assertThat(Files.readString(rejects())).startsWith(part).contains("\nh97\tmuch too long\n");
      assertThat(session.query("SELECT count(*) FROM host")).isEqualTo("96");
    } finally {
      session.execute("SELECT quicksilver.unpublish('host')");
      session.execute("DROP TABLE host");
    }
  }

  @Test
  void goesOnWhereItWasStopped() throws Exception {
    var first = new StringBuilder();
    var second = new StringBuilder();
    for (int i = 0; i < 95; i++) {
      first.append(i % 17 == 0 ? "bad\n" : "a" + i + "\t1\n");
      second.append("b").append(i).append("\t1\n").append(i == 94 ? "a1\tagain\n" : "");
    }
    Path one = file("one.tsv", first.toString());
    Path two = file("two.tsv", second.toString());
    new Loading(one, two).run();
    String wanted = pairs();
    String rejected = Files.readString(rejects());
    for (int after = 1; after < 20; after++) {
      session.execute("DELETE FROM dns");
      Files.delete(rejects());
      int[] batches = {0};
      int last = after;
      var loading = new Loading(one, two);
      Load.Result stopped = loading.run(() -> ++batches[0] == last);
      assertThat(stopped.end()).isEqualTo(Load.End.STOPPED);
      // What the last batch left behind was committed with it, so nothing may be there of later
      // ones.
      assertThat(session.query("SELECT count(*) FROM dns"))
          .isEqualTo(Long.toString(stopped.counts().loaded()));
      Load.Result result = loading.run();
      assertThat(result.end()).isEqualTo(Load.End.FINISHED);
      assertThat(result.before()).isEqualTo(stopped.counts());
      assertThat(result.counts()).isEqualTo(counts(184, 0, 7, 0));
      assertThat(pairs()).isEqualTo(wanted);
      assertThat(Files.readString(rejects())).isEqualTo(rejected);
    }
    assertThat(session.query("SELECT count(*) FROM quicksilver.load_source")).isEqualTo("0");
  }

  @Test
  void goesOnInATableOfPostgres() throws Exception {
    session.execute("CREATE TABLE old (id bigint PRIMARY KEY, name text, address bytea)");
    session.execute(
        "INSERT INTO old SELECT 100 - i, 'host' || i, CASE WHEN i % 30 <> 7 THEN convert_to('v' ||"
            + " i, 'UTF8') END FROM generate_series(10, 99) i");
    try {
      var source =
          new PostgresRows("here", postgres.jdbcUrl(), new Properties(), "public.old", false);
      var loading = new Loading();
      loading.input =
          new Input(
              List.of(source),
              Format.TSV,
              Dialect.DEFAULT.withHeader(true),
              Optional.empty(),
              "{name}",
              "{address}",
              Duplicates.ERROR,
              1 << 20);
      int[] batches = {0};
      assertThat(loading.run(() -> ++batches[0] == 3).end()).isEqualTo(Load.End.STOPPED);
      Load.Result result = loading.run();
      assertThat(result.before().read()).isEqualTo(30);
      assertThat(result.counts()).isEqualTo(counts(87, 0, 3, 0));
      assertThat(Files.readString(rejects()))
          .contains("id\tname\taddress\n", "here, table public.old, line ", "is null or missing");
      assertThat(value("host61")).isEqualTo("v61");
    } finally {
      session.execute("DROP TABLE old");
    }
  }

  @Test
  void refusesASourceThatHasChanged() throws Exception {
    Path file = file("a.tsv", numbered(50));
    var loading = new Loading(file);
    int[] batches = {0};
    loading.run(() -> ++batches[0] == 2);
    Files.writeString(file, numbered(51));
    assertThatThrownBy(loading::run)
        .isInstanceOf(LoadException.class)
        .hasMessageContaining("bytes");
    Files.writeString(file, numbered(50).replace("k3\t", "q3\t"));
    assertThatThrownBy(loading::run)
        .isInstanceOf(LoadException.class)
        .hasMessageContaining("is not what it was")
        .hasMessageContaining("--restart");
    assertThat(session.query("SELECT count(*) FROM dns")).isEqualTo("20");
    loading.restart = true;
    assertThat(loading.run().counts()).isEqualTo(counts(31, 19, 0, 0));
  }

  private static String numbered(int count) {
    var text = new StringBuilder();
    for (int i = 0; i < count; i++) {
      text.append("k").append(i).append("\t1\n");
    }
    return text.toString();
  }

  @Test
  void stopsWhenTooManyAreRejected() throws Exception {
    Path file =
        file(
            "a.tsv",
            numbered(15) + "bad\n".repeat(4) + numbered(60).substring(numbered(15).length()));
    var loading = new Loading(file);
    loading.maxRejects = new MaxRejects(0, false);
    Load.Result result = loading.run();
    assertThat(result.end()).isEqualTo(Load.End.TOO_MANY_REJECTS);
    assertThat(result.counts()).isEqualTo(counts(16, 0, 4, 0));
    loading.maxRejects = new MaxRejects(10, true);
    assertThat(loading.run().end()).isEqualTo(Load.End.FINISHED);
  }

  @Test
  void onlyOneLoadOfADatabaseAtATime() throws Exception {
    Path file = file("a.tsv", numbered(50));
    try (Connection second = postgres.connect()) {
      new Loading(file)
          .run(
              () -> {
                assertThatThrownBy(
                        () ->
                            Load.run(
                                second,
                                new Loading(file).options(),
                                new LoadListener() {},
                                () -> false))
                    .isInstanceOf(LoadException.class)
                    .hasMessageContaining("another load into \"dns\" is running");
                return false;
              });
    }
  }

  @Test
  void loadsNothingWhenDry() throws Exception {
    new Loading(file("a.tsv", "a\t1\nb\t2\n")).run();
    var loading = new Loading(file("b.tsv", "a\t1\nb\tother\nc\t3\nbad\n"));
    loading.dryRun = true;
    assertThat(loading.run().counts()).isEqualTo(counts(2, 1, 1, 0));
    Files.delete(rejects());
    loading.maxRejects = new MaxRejects(0, false); // it finds all of them nevertheless
    loading.batchRows = 1;
    loading.files = List.of(file("c.tsv", "bad\na\t1\nworse\nc\t3\n"));
    Load.Result dry = loading.run();
    assertThat(dry.end()).isEqualTo(Load.End.TOO_MANY_REJECTS);
    assertThat(dry.counts()).isEqualTo(counts(1, 1, 2, 0));
    assertThat(pairs()).isEqualTo("a=1 b=2");
    assertThat(session.query("SELECT count(*) FROM quicksilver.load WHERE finished_at IS NULL"))
        .isEqualTo("0");
  }

  @Test
  void saysWhatIsWrongWithSources() throws Exception {
    Path missing = folder.resolve("missing.tsv");
    assertThatThrownBy(() -> new Loading(missing).run())
        .isInstanceOf(LoadException.class)
        .hasMessage(missing + ": there is no such file");
    assertThatThrownBy(() -> new Loading(folder).run()).isInstanceOf(LoadException.class);
    Files.writeString(rejects(), "somebody's\n");
    assertThatThrownBy(() -> new Loading(file("a.tsv", "a\t1\n")).run())
        .isInstanceOf(LoadException.class)
        .hasMessageContaining("is there already");
    var loading = new Loading(file("a.tsv", "a\t1\n"));
    loading.database = "nope";
    assertThatThrownBy(loading::run)
        .isInstanceOf(LoadException.class)
        .hasMessageContaining("there is no database \"nope\"; there are: dns");
  }
}
