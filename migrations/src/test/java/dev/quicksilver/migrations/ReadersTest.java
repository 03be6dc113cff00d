package dev.quicksilver.migrations;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.util.ServerErrorMessage;

/** Who may read at the edges, as grants and PostgreSQL's own statements about roles say. */
final class ReadersTest extends ReaderRules {
  @Test
  void keepsASortedListOfEachOnce() throws SQLException {
    for (String database : List.of("zones", "dns", "page_rules", "dns")) {
      session.execute("SELECT quicksilver.grant_read('ann', '" + database + "')");
    }
    assertThat(rows()).isEqualTo("ann {dns,page_rules,zones} v");
    assertThat(session.query("SELECT verifier FROM quicksilver.reader")).isEqualTo(VERIFIER);
    session.execute("SELECT quicksilver.revoke_read('ann', 'page_rules')");
    session.execute("SELECT quicksilver.revoke_read('ann', 'page_rules')");
    assertThat(rows()).isEqualTo("ann {dns,zones} v");
    session.execute("SELECT quicksilver.revoke_read('ann', 'dns')");
    session.execute("SELECT quicksilver.revoke_read('ann', 'zones')");
    assertThat(rows()).isEmpty();
    session.execute("SELECT quicksilver.revoke_read('ann', 'zones')");
    session.execute("SELECT quicksilver.revoke_read('ann', '*')");
    assertThat(problems()).isEmpty();
  }

  @Test
  void aStarStandsForAllAndIsTakenBackAsAWhole() throws SQLException {
    session.execute("SELECT quicksilver.grant_read('ann', 'dns')");
    session.execute("SELECT quicksilver.grant_read('ann', '*')");
    session.execute("SELECT quicksilver.grant_read('ann', 'zones')");
    assertThat(rows()).isEqualTo("ann {*} v");
    refused("SELECT quicksilver.revoke_read('ann', 'dns')", "55000", "may read all", "grant_read");
    session.execute("SELECT quicksilver.drop_database('dns')");
    assertThat(rows()).isEqualTo("ann {*} v");
    session.execute("SELECT quicksilver.revoke_read('ann', '*')");
    assertThat(rows()).isEmpty();
    session.execute("SELECT quicksilver.grant_read('ann', 'zones')");
    session.execute("SELECT quicksilver.revoke_read('ann', '*')");
    assertThat(rows()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "grant_read('none', 'dns') | 42704 | role 'none' does not exist | CREATE ROLE",
        "grant_read(NULL, 'dns') | 42704 | role NULL does not exist | CREATE ROLE",
        "grant_read('crew', 'dns') | 0LP01 | crew cannot log in | ALTER ROLE crew LOGIN",
        "grant_read('ann', 'none') | 3D000 | database 'none' does not exist |"
            + " quicksilver.databases",
        "grant_read('ann', 'quicksilver') | 3D000 | does not exist | quicksilver.databases",
        "grant_read('ann', NULL) | 3D000 | database NULL does not exist | quicksilver.databases",
        "revoke_read('none', 'dns') | 42704 | role 'none' does not exist | quicksilver.readers",
        "revoke_read('ann', 'none') | 3D000 | database 'none' does not exist |"
            + " quicksilver.databases",
        "revoke_read('ann', NULL) | 3D000 | database NULL does not exist | quicksilver.databases",
        "set_verifier('ann', NULL) | 55000 | may read nothing | grant_read('ann', database) first",
        "set_verifier('none', NULL) | 55000 | may read nothing | grant_read",
      })
  void refusesWhatIsNotThereWithAHint(String call, String state, String message, String hint)
      throws SQLException {
    refused("SELECT quicksilver." + call, state, message, hint);
  }

  @Test
  void aDroppedDatabaseIsForgottenAndNotInheritedByTheNext() throws SQLException {
    session.execute("SELECT quicksilver.grant_read('ann', 'dns')");
    session.execute("SELECT quicksilver.grant_read('ann', 'zones')");
    session.execute("SELECT quicksilver.grant_read('bob', 'dns')");
    assertThat(warnings("SELECT quicksilver.drop_database('dns')"))
        .anySatisfy(said -> assertThat(said).contains("ann, bob"));
    session.execute("SELECT quicksilver.create_database('dns')");
    assertThat(rows()).isEqualTo("ann {zones} v");
    session.execute("DROP ROLE bob");
    session.execute("CREATE TABLE t (k text PRIMARY KEY, v text NOT NULL)");
    session.execute("SELECT quicksilver.publish('t', 't')");
    session.execute("SELECT quicksilver.grant_read('ann', 't')");
    session.execute("SELECT quicksilver.unpublish('t')");
    assertThat(rows()).isEqualTo("ann {zones} v");
    assertThat(problems()).isEmpty();
  }

  @Test
  void aRoleThatReadsIsNotDropped() throws SQLException {
    session.execute("SELECT quicksilver.grant_read('bob', 'dns')");
    ServerErrorMessage error = session.refusal("DROP ROLE bob");
    assertThat(error.getSQLState()).isEqualTo("2BP01");
    assertThat(error.getDetail()).contains("quicksilver.reads_at_the_edges()");
    session.execute("SELECT quicksilver.revoke_read('bob', 'dns')");
    session.execute("DROP ROLE bob");
    session.execute("SELECT quicksilver.grant_read('ann', 'dns')");
    session.execute("DROP OWNED BY ann");
    assertThat(rows()).as("what PostgreSQL's own idiom leaves").isEmpty();
    session.execute("DROP ROLE ann");
  }

  @Test
  void aRevokeOfThePrivilegeTakesTheRightAndNoOther() throws SQLException {
    session.execute("SELECT quicksilver.grant_read('ann', 'dns')");
    session.execute("SELECT quicksilver.grant_read('bob', 'dns')");
    session.execute("REVOKE ALL ON FUNCTION quicksilver.reads_at_the_edges() FROM ann");
    assertThat(rows()).isEqualTo("bob {dns} -");
    session.execute("GRANT ann TO bob");
    session.execute("REVOKE ann FROM bob");
    assertThat(rows()).isEqualTo("bob {dns} -");
    assertThat(problems()).isEmpty();
  }

  @Test
  void namesRolesThatAreGoneRenamedMadeAnewOrLockedOut() throws SQLException {
    session.execute("SELECT quicksilver.grant_read('ann', 'dns')");
    session.execute("SELECT quicksilver.grant_read('bob', 'dns')");
    session.execute("ALTER ROLE bob NOLOGIN");
    assertThat(problems())
        .isEqualTo("the edges let role bob in, which cannot log in to PostgreSQL");
    assertThat(cures()).contains("ALTER ROLE bob LOGIN").contains("revoke_read('bob', '*')");
    session.execute("ALTER ROLE bob LOGIN");
    session.execute("ALTER ROLE ann RENAME TO eve");
    assertThat(problems()).contains("let role ann in").contains("was it renamed? eve was granted");
    session.execute("CREATE ROLE ann LOGIN");
    assertThat(problems()).contains("role ann is another one than was granted");
    assertThat(cures()).contains("grant_read('ann', 'dns')").contains("revoke_read('ann', '*')");
    session.execute("SELECT quicksilver.revoke_read('ann', '*')");
    assertThat(problems()).isEmpty();
    assertThat(rows()).isEqualTo("bob {dns} -");
    session.execute("DROP ROLE eve");
    // As after a restore by which its rights were lost, too.
    session.execute("ALTER EVENT TRIGGER quicksilver_after_ddl DISABLE");
    session.execute("DROP OWNED BY bob");
    session.execute("DROP ROLE bob");
    session.execute("ALTER EVENT TRIGGER quicksilver_after_ddl ENABLE ALWAYS");
    assertThat(problems()).isEqualTo("the edges let role bob in, and there is none of this name");
    session.execute("CREATE ROLE bob LOGIN");
    session.execute("SELECT quicksilver.grant_read('bob', 'dns')");
    assertThat(problems()).isEmpty();
  }

  @Test
  void theOwnerOfTheFunctionsMayReadAsAnyOther() throws SQLException {
    String owner = session.query("SELECT current_user");
    for (int i = 0; i < 2; i++) {
      session.execute("SELECT quicksilver.grant_read('" + owner + "', 'dns')");
      assertThat(rows()).startsWith(owner + " {dns}");
      assertThat(problems()).isEmpty();
      session.execute("SELECT quicksilver.revoke_read('" + owner + "', '*')");
      assertThat(rows()).isEmpty();
    }
    session.execute("SELECT quicksilver.reads_at_the_edges()");
  }

  @Test
  void namesDatabasesThatAreNotThere() throws SQLException {
    session.execute("SELECT quicksilver.grant_read('bob', 'dns')");
    session.execute("SELECT quicksilver.grant_read('bob', 'zones')");
    session.execute("DELETE FROM quicksilver.catalog WHERE name = 'dns'");
    assertThat(problems()).contains("role bob may read databases that are not there: dns");
    session.execute("SELECT quicksilver.revoke_read('bob', 'dns')");
    assertThat(rows()).isEqualTo("bob {zones} -");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "TRUNCATE quicksilver.reader",
        "SET LOCAL session_replication_role = replica; TRUNCATE quicksilver.reader",
        "ALTER PUBLICATION quicksilver DROP TABLE quicksilver.reader",
        "ALTER TABLE quicksilver.reader REPLICA IDENTITY DEFAULT",
        "ALTER TABLE quicksilver.reader DISABLE TRIGGER ALL",
        "ALTER TABLE quicksilver.reader ENABLE TRIGGER reader_is_not_emptied",
        "DROP TRIGGER reader_rows_are_not_changed ON quicksilver.reader",
      })
  void refusesWhatEdgesWouldNotFollow(String sql) throws SQLException {
    assertThat(session.refusal(sql).getSQLState()).isEqualTo("55000");
    assertThat(problems()).isEmpty();
  }

  @Test
  void rightsThatWereGivenByMistakeChangeNothing() throws SQLException {
    session.execute("SELECT quicksilver.grant_read('ann', 'dns')");
    session.execute("GRANT USAGE ON SCHEMA quicksilver TO bob");
    session.execute("GRANT ALL ON ALL TABLES IN SCHEMA quicksilver TO bob");
    session.execute("SET LOCAL ROLE bob");
    for (String change :
        List.of(
            "INSERT INTO quicksilver.reader VALUES ('bob', NULL, '{*}')",
            "UPDATE quicksilver.reader SET databases = '{*}'",
            "DELETE FROM quicksilver.reader")) {
      refused(change, "42501", "by functions only", "grant_read");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "('x', NULL, '{}')",
        "('x', NULL, '{NULL}')",
        "('x', NULL, '{{a},{b}}')",
        "('x', NULL, '{*,dns}')",
        "('x', 'secret', '{dns}')"
      })
  void aRowIsWhatTheEdgesUnderstand(String row) throws SQLException {
    assertThat(session.refusal("INSERT INTO quicksilver.reader VALUES " + row).getSQLState())
        .isEqualTo("23514");
  }
}
