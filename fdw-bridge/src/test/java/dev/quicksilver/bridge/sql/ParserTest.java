package dev.quicksilver.bridge.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class ParserTest {
  @Property
  void neverFailsButWithAnError(@ForAll String text) {
    try {
      assertThat(Parser.parse(text)).isNotEmpty();
    } catch (PgException e) {
      assertThat(e.state().code()).hasSize(5);
    }
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
    Select select = ((Statement.Query) Parser.parse(sql).getFirst()).select();
    return String.valueOf(((Expression.Literal) select.targets().getFirst().expression()).text());
  }

  @Test
  void bindsOperatorsAsPostgresDoes() {
    assertThat(expression("1 + 2 * 3 = 7 AND NOT a IS NULL OR b"))
        .hasToString(expression("((((1 + (2 * 3)) = 7) AND (NOT (a IS NULL))) OR b)").toString());
  }

  /** The tree without positions. */
  private static Object expression(String text) {
    Select select = ((Statement.Query) Parser.parse("SELECT " + text).getFirst()).select();
    return select.targets().getFirst().expression().toString().replaceAll("position=\\d+", "");
  }

  @Test
  void saysWhereItFails() {
    assertThatThrownBy(() -> Parser.parse("SELECT 1 FROM"))
        .isInstanceOfSatisfying(
            PgException.class,
            e -> {
              assertThat(e.state()).isEqualTo(SqlState.SYNTAX_ERROR);
              assertThat(e.position()).isEqualTo(13);
            });
  }

  @Test
  void splitsStatements() {
    List<Statement> statements = Parser.parse("ROLLBACK TO SAVEPOINT s2; RELEASE SAVEPOINT s2");
    assertThat(statements)
        .containsExactly(new Statement.RollbackTo("s2"), new Statement.Release("s2"));
  }

  @Test
  void refusesDeepNesting() {
    String deep = "SELECT " + "(".repeat(5000) + "1" + ")".repeat(5000);
    assertThatThrownBy(() -> Parser.parse(deep))
        .isInstanceOfSatisfying(
            PgException.class,
            e -> assertThat(e.state()).isEqualTo(SqlState.PROGRAM_LIMIT_EXCEEDED));
  }
}
