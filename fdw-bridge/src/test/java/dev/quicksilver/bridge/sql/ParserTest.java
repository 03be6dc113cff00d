package dev.quicksilver.bridge.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

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
}
