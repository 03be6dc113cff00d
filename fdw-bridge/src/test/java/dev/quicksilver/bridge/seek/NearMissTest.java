package dev.quicksilver.bridge.seek;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is almost in the closed set, and so is none of it. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NearMissTest {
  private static final int STATEMENTS = Integer.getInteger("statements", 30_000);
  private static final Pattern TOKEN =
      Pattern.compile("'(?:[^']|'')*'|[A-Za-z_]+|[0-9]+|::|[<>=!~*^@]+|\\S");

  private static final List<String> STRAY =
      List.of(
          "key",
          "value",
          "sequence",
          "updated_at",
          "dns",
          "d",
          "NULL",
          "1",
          "-1",
          "'a'",
          "(",
          ")",
          ",",
          "AND",
          "OR",
          "NOT",
          "=",
          "<",
          "~~",
          "^@",
          "LIKE",
          "IN",
          "BETWEEN",
          "IS",
          "NULL",
          "ORDER",
          "BY",
          "LIMIT",
          "OFFSET",
          "DESC",
          "*",
          "count(*)",
          "::text",
          "::bigint",
          "::int",
          "::text[]",
          "::timestamptz",
          "ANY",
          "ALL",
          "ARRAY[",
          "]",
          "AS",
          "FROM",
          "WHERE",
          "'7'",
          "true",
          "COLLATE",
          "\"C\"",
          ".",
          "public",
          "op",
          "nokey",
          "''",
          "'{a}'",
          "0",
          "9999999999",
          "1.5",
          "DISTINCT",
          "UNION",
          "SELECT",
          "lower(",
          "$1",
          "FOR UPDATE",
          "'now'",
          "over",
          "ESCAPE",
          "SYMMETRIC",
          "::varchar(3)",
          "||",
          "IS NULL",
          "IS TRUE");

  private SeekLab lab;

  @BeforeAll
  void start(@TempDir Path data) throws Exception {
    lab = new SeekLab(data);
  }

  @AfterAll
  void stop() throws Exception {
    lab.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT key FROM nothing",
        "SELECT key FROM pg_class",
        "SELECT key FROM other.dns",
        "SELECT key FROM pg_temp.dns",
        "SELECT key FROM pg_catalog.dns",
        "SELECT key FROM dns, pages",
        "SELECT key FROM dns JOIN pages USING (key)",
        "SELECT key FROM (SELECT * FROM dns) d",
        "SELECT a FROM dns d (a)",
        "SELECT",
        "SELECT 1",
        "SELECT FROM dns",
        "SELECT dns FROM dns",
        "SELECT dns.* FROM dns d",
        "SELECT d.key FROM dns",
        "SELECT dns.key FROM dns d",
        "SELECT public.dns.key FROM dns",
        "SELECT xmin FROM dns",
        "SELECT nothing FROM dns",
        "SELECT key::text FROM dns",
        "SELECT lower(key) FROM dns",
        "SELECT key, count(*) FROM dns",
        "SELECT count(key) FROM dns",
        "SELECT count(*) + 1 FROM dns",
        "SELECT count(*) FILTER (WHERE true) FROM dns",
        "SELECT DISTINCT key FROM dns",
        "SELECT key FROM dns GROUP BY key",
        "SELECT count(*) FROM dns HAVING true",
        "SELECT key FROM dns UNION SELECT key FROM dns",
        "SELECT 1.5 FROM dns",
        "SELECT 'a' FROM dns",
        "SELECT 99999999999999999999 FROM dns",
        "SELECT key FROM dns WHERE key = 5",
        "SELECT key FROM dns WHERE key = 'a' COLLATE \"C\"",
        "SELECT key FROM dns WHERE key = NULL",
        "SELECT key FROM dns WHERE NULL = key",
        "SELECT key FROM dns WHERE key = 'a'::varchar(3)",
        "SELECT key FROM dns WHERE key = 'a'::bpchar",
        "SELECT key FROM dns WHERE key = 'a'::name",
        "SELECT key FROM dns WHERE key = 'a'::public.text",
        "SELECT key FROM dns WHERE key = 'a'::\"char\"",
        "SELECT key FROM dns WHERE key = key",
        "SELECT key FROM dns WHERE key",
        "SELECT key FROM dns WHERE key ~ 'a'",
        "SELECT key FROM dns WHERE key LIKE 'a\\'",
        "SELECT key FROM dns WHERE key LIKE 'a' ESCAPE '!'",
        "SELECT key FROM dns WHERE 'a' LIKE key",
        "SELECT key FROM dns WHERE key BETWEEN SYMMETRIC 'a' AND 'b'",
        "SELECT key FROM dns WHERE key IN (SELECT key FROM pages)",
        "SELECT key FROM dns WHERE key = ANY (ARRAY[]::int[])",
        "SELECT key FROM dns WHERE key = ANY (ARRAY[1])",
        "SELECT key FROM dns WHERE key = ANY ('{a, b}')",
        "SELECT key FROM dns WHERE key = ANY ('{{a},{b}}')",
        "SELECT key FROM dns WHERE key = ANY ('[0:0]={a}')",
        "SELECT key FROM dns WHERE key = ANY ('{a')",
        "SELECT key FROM dns WHERE key = ANY ('{a,}')",
        "SELECT key FROM dns WHERE key = ANY ('a')",
        "SELECT key FROM dns WHERE key = ANY (ARRAY[])",
        "SELECT key FROM dns WHERE key IS DISTINCT FROM 'a'",
        "SELECT key FROM dns WHERE (key = 'a') IS TRUE",
        "SELECT key FROM dns WHERE (key, sequence) = ('a', 1)",
        "SELECT key FROM dns WHERE value = 'a'",
        "SELECT key FROM dns WHERE value IS NULL",
        "SELECT key FROM dns WHERE ctid = '(0,1)'",
        "SELECT key FROM dns WHERE nothing = 'a'",
        "SELECT key FROM dns WHERE sequence = 1.5",
        "SELECT key FROM dns WHERE sequence = '1.5'",
        "SELECT key FROM dns WHERE sequence = ' 1'",
        "SELECT key FROM dns WHERE sequence = '1_000'",
        "SELECT key FROM dns WHERE sequence = '0x10'",
        "SELECT key FROM dns WHERE sequence = +1",
        "SELECT key FROM dns WHERE sequence = 9223372036854775808",
        "SELECT key FROM dns WHERE sequence = 70000::smallint",
        "SELECT key FROM dns WHERE sequence = 3000000000::int",
        "SELECT key FROM dns WHERE sequence = '5'::numeric",
        "SELECT key FROM dns WHERE sequence = '5'::text",
        "SELECT key FROM dns WHERE sequence = true",
        "SELECT key FROM dns WHERE sequence LIKE '5'",
        "SELECT key FROM dns WHERE sequence + 1 = 5",
        "SELECT key FROM dns WHERE sequence = ANY (ARRAY['1', '2'])",
        "SELECT key FROM dns WHERE sequence = ANY (ARRAY[1, '3000000000'])",
        "SELECT key FROM dns WHERE updated_at < now()",
        "SELECT key FROM dns WHERE updated_at < 'now'",
        "SELECT key FROM dns WHERE updated_at < 'infinity'",
        "SELECT key FROM dns WHERE updated_at < '2024-01-01'",
        "SELECT key FROM dns WHERE updated_at < '2024-01-01 00:00:00'",
        "SELECT key FROM dns WHERE updated_at < '2024-01-01 00:00:00 UTC'",
        "SELECT key FROM dns WHERE updated_at < '2024-02-30 00:00:00+00'",
        "SELECT key FROM dns WHERE updated_at < '2024-01-01 24:00:00+00'",
        "SELECT key FROM dns WHERE updated_at < '2024-01-01 00:00:60+00'",
        "SELECT key FROM dns WHERE updated_at < '2024-01-01 00:00:00+16'",
        "SELECT key FROM dns WHERE updated_at < '2024-01-01 00:00:00.1234567+00'",
        "SELECT key FROM dns WHERE updated_at < '0000-01-01 00:00:00+00'",
        "SELECT key FROM dns WHERE updated_at < '2024-01-01 00:00:00+00'::timestamp",
        "SELECT key FROM dns WHERE updated_at < '2024-01-01 00:00:00+00'::timestamptz(0)",
        "SELECT key FROM dns WHERE updated_at < '2024-01-01 00:00:00+00'::date",
        "SELECT key FROM dns WHERE random() < 0.1",
        "SELECT key FROM dns ORDER BY lower(key)",
        "SELECT key FROM dns ORDER BY key COLLATE \"C\"",
        "SELECT key FROM dns ORDER BY key USING <",
        "SELECT key FROM dns ORDER BY 2",
        "SELECT key FROM dns ORDER BY 0",
        "SELECT key FROM dns ORDER BY 'key'",
        "SELECT key FROM dns ORDER BY nothing",
        "SELECT key FROM dns ORDER BY sequence",
        "SELECT key FROM dns ORDER BY key, nothing",
        "SELECT key FROM dns ORDER BY value LIMIT 1",
        "SELECT key AS x, sequence AS x FROM dns ORDER BY x LIMIT 1",
        "SELECT NULL AS x, key FROM dns ORDER BY x LIMIT 1",
        "SELECT key FROM dns ORDER BY sequence LIMIT 10001",
        "SELECT key FROM dns ORDER BY sequence LIMIT 9000 OFFSET 1001",
        "SELECT count(*) FROM dns ORDER BY key",
        "SELECT count(*) FROM dns FOR UPDATE",
        "SELECT key FROM dns d FOR UPDATE OF dns",
        "SELECT key FROM dns LIMIT -1",
        "SELECT key FROM dns LIMIT '5'",
        "SELECT key FROM dns LIMIT 1 + 1",
        "SELECT key FROM dns LIMIT 1.5",
        "SELECT key FROM dns OFFSET -1",
        "SELECT key FROM dns LIMIT sequence",
        "SELECT key FROM dns TABLESAMPLE system (101)",
        "SELECT key FROM dns TABLESAMPLE system (-1)",
        "SELECT key FROM dns TABLESAMPLE system ('5')",
        "SELECT key FROM dns TABLESAMPLE system_rows (5)",
        "SELECT key FROM databases WHERE key = 'a'",
        "SELECT name FROM databases WHERE name = 'a'",
        "SELECT name FROM databases ORDER BY name",
        "SELECT name FROM databases TABLESAMPLE system (5)",
        "SELECT key FROM blobs WHERE key = 'abc'",
        "SELECT key FROM blobs WHERE key = '\\x0'",
        "SELECT key FROM blobs WHERE key = 'abc'::text",
        "SELECT key FROM blobs WHERE key LIKE '\\x00'",
        "SELECT sequence FROM dns_log ORDER BY sequence DESC",
        "SELECT value FROM dns_log ORDER BY sequence DESC LIMIT 1001",
        "SELECT key FROM dns_log WHERE lsn > '0/0'",
        "SELECT key FROM dns WHERE key = $1",
        "SELECT key FROM dns WHERE key = $0",
      })
  void isNoSeek(String text) {
    assertThat(lab.plan(text)).isEmpty();
  }

  @Test
  void namesWithoutSchemaMayMeanSomethingElse() {
    var scope = new Scope(SeekLab.SCOPE.zone(), false);
    assertThat(Seek.plan(SeekLab.select("SELECT * FROM dns").get(), lab.view, List.of(), scope))
        .isEmpty();
    assertThat(
            Seek.plan(SeekLab.select("SELECT * FROM public.dns").get(), lab.view, List.of(), scope))
        .isPresent();
  }

  /**
   * Statements with tokens lost, doubled, exchanged or strayed in: PostgreSQL agrees or is asked.
   */
  @Test
  void whatIsStillASeekIsWhatPostgresReads() {
    long seed = Long.getLong("seed", System.nanoTime());
    var random = new Random(seed);
    var queries = new SeekQueries(random);
    int seeks = 0;
    for (int i = 0; i < STATEMENTS; i++) {
      String query = damaged(queries.next(), random);
      Optional<Seek> seek = lab.plan(query);
      if (seek.isEmpty()) {
        continue;
      }
      seeks++;
      List<String> actual = new ArrayList<>(SeekLab.rows(seek.get()));
      List<String> expected = postgres(query);
      if (query.matches("(?s).*(LIMIT|OFFSET).*") || !query.contains("ORDER BY")) {
        // which rows a limit leaves, and in which order, may be open in a damaged statement
        assertThat(actual).as("-Dseed=%d: %s", seed, query).hasSameSizeAs(expected);
        if (query.matches("(?s).*(LIMIT|OFFSET).*")) {
          continue;
        }
        Collections.sort(actual);
        Collections.sort(expected);
      }
      assertThat(actual).as("-Dseed=%d: %s", seed, query).isEqualTo(expected);
    }
    assertThat(seeks).as("seeks among them").isGreaterThan(STATEMENTS / 100);
  }

  private List<String> postgres(String query) {
    try {
      return new ArrayList<>(lab.expected(query));
    } catch (SQLException e) {
      return new ArrayList<>(List.of(String.valueOf(e.getMessage())));
    }
  }

  private static String damaged(String query, Random random) {
    List<String> tokens = new ArrayList<>();
    Matcher matcher = TOKEN.matcher(query);
    while (matcher.find()) {
      tokens.add(matcher.group());
    }
    for (int i = 1 + random.nextInt(2); i > 0; i--) {
      int at = 1 + random.nextInt(tokens.size() - 1);
      switch (random.nextInt(4)) {
        case 0 -> tokens.remove(at);
        case 1 -> tokens.add(at, tokens.get(random.nextInt(tokens.size())));
        case 2 -> tokens.set(at, STRAY.get(random.nextInt(STRAY.size())));
        default -> tokens.add(at, STRAY.get(random.nextInt(STRAY.size())));
      }
    }
    return String.join(" ", tokens);
  }
}
