package dev.quicksilver.bridge.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ParserTest {
  @Property
  void neverFailsButWithAnError(@ForAll String text) {
    assertThat(Parser.parse(text)).isNotNull();
    assertThat(Script.split(text)).isNotEmpty();
  }

  @Property
  void readsAnyStringLiteral(@ForAll String text) {
    String clean = text.replace("\0", "");
    String plain = "SELECT '" + clean.replace("'", "''") + "'";
    assertThat(literal(plain)).isEqualTo(clean);
    String escaped = "SELECT E'" + clean.replace("\\", "\\\\").replace("'", "\\'") + "'";
    assertThat(literal(escaped)).isEqualTo(clean);
  }

  private static String literal(String sql) {
    Select select = ((Statement.Query) Parser.parse(sql)).select();
    return String.valueOf(((Expression.Literal) select.targets().getFirst().expression()).text());
  }

  @Test
  void bindsOperatorsAsPostgresDoes() {
    assertThat(expression("1 + 2 * 3 = 7 AND NOT a IS NULL OR b"))
        .hasToString(expression("((((1 + (2 * 3)) = 7) AND (NOT (a IS NULL))) OR b)").toString());
  }

  /** The tree without positions. */
  private static Object expression(String text) {
    Select select = ((Statement.Query) Parser.parse("SELECT " + text)).select();
    return select.targets().getFirst().expression().toString().replaceAll("position=\\d+", "");
  }

  @Test
  void leavesToPostgresWhatItCannotRead() {
    assertThat(Parser.parse("SELECT 1 FROM")).isEqualTo(new Statement.Other("select"));
    assertThat(Parser.parse("  Do $$ BEGIN END $$")).isEqualTo(new Statement.Other("do"));
    assertThat(Parser.parse("SELECT 'unterminated")).isEqualTo(new Statement.Other(""));
    assertThat(Parser.parse("SELECT " + "(".repeat(5000) + "1" + ")".repeat(5000)))
        .isEqualTo(new Statement.Other("select"));
  }

  @Test
  void splitsStatements() {
    assertThat(Script.split("ROLLBACK TO SAVEPOINT s2; /* ; */ RELEASE SAVEPOINT s2;;"))
        .containsExactly(
            new Script.Piece("ROLLBACK TO SAVEPOINT s2", 0, new Statement.RollbackTo("s2")),
            new Script.Piece("RELEASE SAVEPOINT s2", 34, new Statement.Release("s2")));
    assertThat(Script.split(" ; "))
        .containsExactly(new Script.Piece(" ; ", 0, new Statement.Empty()));
    assertThat(Script.split("DO $$ a; b $$; SELECT ';'")).hasSize(2);
    assertThat(Script.split("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END"))
        .hasSize(1);
  }

  @Test
  void knowsWritesToOurTables() {
    for (String write :
        List.of(
            "INSERT INTO dns VALUES (1)",
            "DELETE FROM ONLY public.dns",
            "WITH x AS (UPDATE dns SET key = 'a' RETURNING *) SELECT * FROM x",
            "MERGE INTO \"dns\" USING t ON true WHEN MATCHED THEN DELETE",
            "TRUNCATE TABLE dns",
            "COPY dns (key) FROM STDIN")) {
      assertThat(Writes.command(write, "dns"::equals, true)).as(write).isPresent();
    }
    for (String none :
        List.of(
            "SELECT * FROM dns FOR UPDATE OF dns",
            "INSERT INTO mine SELECT * FROM dns",
            "INSERT INTO mine VALUES (1) ON CONFLICT DO UPDATE SET dns = 1",
            "COPY dns TO STDOUT",
            "SELECT 'INSERT INTO dns'")) {
      assertThat(Writes.command(none, "dns"::equals, true)).as(none).isEmpty();
    }
    assertThat(Writes.command("DELETE FROM dns", "dns"::equals, false)).isEmpty();
  }

  @Test
  void copiesATableAsAQuery() {
    assertThat(Writes.copyOfQuery("copy public.dns (key, \"value\") to stdout (format csv)"))
        .isEqualTo("COPY (SELECT key, \"value\" FROM public.dns) to stdout (format csv)");
    assertThat(Writes.copyOfQuery("COPY dns TO STDOUT"))
        .isEqualTo("COPY (SELECT * FROM dns) TO STDOUT");
    assertThat(Writes.copyOfQuery("COPY (SELECT 1) TO STDOUT"))
        .isEqualTo("COPY (SELECT 1) TO STDOUT");
  }

  /** What the tree cannot carry must not be read as something else. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT key FROM other.public.dns",
        "SELECT other.public.lower(key) FROM dns",
        "SELECT key FROM dns WHERE key OPERATOR(public.=) 'a'",
        "SELECT key FROM dns WHERE key = 'a' COLLATE public.\"C\"",
        "SELECT key FROM dns FETCH FIRST 5 ROWS WITH TIES",
        "SELECT key FROM dns FETCH FIRST 5 LINES ONLY",
        "SELECT key FROM dns FETCH FIRST 2 + 3 ROWS ONLY",
        "SELECT key FROM dns LIMIT 1 LIMIT 2",
        "SELECT key FROM dns LIMIT ALL LIMIT 2",
        "SELECT key FROM dns OFFSET 1 OFFSET 2",
        "(SELECT key FROM dns LIMIT 1) LIMIT 2",
        "(SELECT key FROM dns ORDER BY key) ORDER BY key",
        "SELECT key FROM dns FOR NO UPDATE",
        "SELECT key FROM dns FOR KEY UPDATE",
        "SELECT key FROM (dns)",
        "SELECT key FROM dns AS WHERE key = 'a'",
        "SELECT key FROM dns INNER OUTER JOIN pages ON true",
        "SELECT key FROM dns, LATERAL (SELECT 1) x",
        "SELECT key FROM dns NATURAL JOIN pages",
        "SELECT key FROM ROWS FROM (f(1), g(2)) WITH ORDINALITY",
        "SELECT key FROM f(1)",
        "SELECT DISTINCT ON (key) key FROM dns",
        "SELECT key FROM dns WINDOW w AS ()",
        "SELECT count(*) OVER () FROM dns",
        "SELECT key FROM dns GROUP BY GROUPING SETS ((key), ())",
        "WITH dns AS (SELECT 1) SELECT * FROM dns",
        "SELECT * FROM (WITH dns AS (SELECT 1) SELECT * FROM dns) x",
        "VALUES (1)",
        "TABLE dns",
        "SELECT key FROM dns INTERSECT SELECT key FROM pages",
        "SELECT key FROM dns EXCEPT SELECT key FROM pages",
        "SELECT key INTO copy FROM dns",
        "SELECT key over FROM dns",
        "SELECT interval '1' year FROM dns",
        "SELECT key FROM dns analyze",
        "SELECT $1abc",
        "SELECT 'a' /* \n */ 'b'",
        "SELECT $ a$x$ a$",
        "SELECT 1.5::float(3)",
        "SELECT f(VARIADIC a, b)",
        "SELECT CASE END",
        "SELECT substring(key FOR 3) FROM dns",
        "SELECT key[1:2] FROM dns",
        "SELECT key SIMILAR TO 'a' FROM dns",
        "SELECT key FROM dns WHERE key LIKE ANY (ARRAY['a']) ESCAPE 'b'",
        "SELECT U&'a'",
        "SELECT B'1'",
        "SELECT key AS a_name_that_is_longer_than_the_sixty_three_bytes_which_postgres_keeps",
      })
  void refusesWhatItCannotCarry(String text) {
    assertThat(Parser.parse(text)).isInstanceOf(Statement.Other.class);
  }

  @Test
  void carriesEveryClause() {
    assertThat(select("SELECT key FROM dns FOR UPDATE OF dns NOWAIT FOR KEY SHARE").locking())
        .containsExactly(new Select.Locking(List.of("dns")), new Select.Locking(List.of()));
    assertThat(select("(SELECT key FROM dns ORDER BY key) LIMIT 2 OFFSET 1"))
        .hasToString(select(" SELECT key FROM dns ORDER BY key  LIMIT 2 OFFSET 1").toString());
    assertThat(select("(SELECT 1 LIMIT 1) UNION ALL (SELECT 2 LIMIT 2)"))
        .satisfies(
            union -> {
              assertThat(union.limit()).isEmpty();
              assertThat(union.from())
                  .first()
                  .isInstanceOfSatisfying(
                      Select.FromItem.Sub.class,
                      sub -> assertThat(sub.select().limit()).isPresent());
              assertThat(union.unions().getFirst().select().limit()).isPresent();
            });
    assertThat(select("SELECT key FROM dns LIMIT ALL").limit()).isPresent();
  }

  @Test
  void tellsQuotedTypesFromSpelledOnes() {
    assertThat(type("1::bigint")).isEqualTo(new TypeName("", "int8", List.of(), false));
    assertThat(type("1::\"bigint\"")).isEqualTo(new TypeName("", "bigint", List.of(), false));
    assertThat(type("1::\"char\"")).isEqualTo(new TypeName("", "char", List.of(), false));
    assertThat(type("1::pg_catalog.integer"))
        .isEqualTo(new TypeName("pg_catalog", "integer", List.of(), false));
  }

  @Test
  void foldsOnlyAscii() {
    assertThat(select("SELECT 1 AS ÄB").targets().getFirst().alias()).contains("Äb");
  }

  private static TypeName type(String expression) {
    return ((Expression.Cast) select("SELECT " + expression).targets().getFirst().expression())
        .type();
  }

  private static Select select(String text) {
    return ((Statement.Query) Parser.parse(text)).select();
  }

  @Test
  void readsNoStatementThatIsTooLong() {
    String list = "1,".repeat(Lexer.MOST / 2);
    assertThat(Script.split("SELECT " + list + "1; SELECT 1"))
        .singleElement()
        .extracting(Script.Piece::statement)
        .isInstanceOf(Statement.Other.class);
  }
}
