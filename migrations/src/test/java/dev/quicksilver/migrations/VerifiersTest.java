package dev.quicksilver.migrations;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.util.ServerErrorMessage;

/** Which password lets a role in at the edges. */
final class VerifiersTest extends ReaderRules {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "secret",
        "",
        "md5d41d8cd98f00b204e9800998ecf8427e",
        "SCRAM-SHA-256$0:c2FsdA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "SCRAM-SHA-256$4096:c2FsdA=$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "SCRAM-SHA-256$4096:c2FsdA==$AAAA:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "SCRAM-SHA-256$4096:c2FsdA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
            + " ",
        "scram-sha-256$4096:c2FsdA==$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
      })
  void takesNoPasswordAndDoesNotRepeatIt(String password) throws SQLException {
    session.execute("SELECT quicksilver.grant_read('bob', 'dns')");
    ServerErrorMessage error =
        session.refusal("SELECT quicksilver.set_verifier('bob', '" + password + "')");
    assertThat(error.getSQLState()).isEqualTo("28P01");
    assertThat(error.getHint()).contains("\\password");
    if (!password.isEmpty()) {
      assertThat(error.toString()).doesNotContain(password);
    }
  }

  @Test
  void takesWhateverPostgresqlMakes() throws SQLException {
    session.execute("SELECT quicksilver.grant_read('bob', 'dns')");
    for (int iterations : new int[] {1, 4096, 100_000}) {
      session.execute("SET LOCAL scram_iterations = " + iterations);
      session.execute("ALTER ROLE ann PASSWORD 'p" + iterations + "'");
      session.execute(
          "SELECT quicksilver.set_verifier('bob', rolpassword) FROM pg_authid WHERE rolname ="
              + " 'ann'");
      assertThat(
              session.query(
                  "SELECT verifier = rolpassword FROM quicksilver.reader, pg_authid WHERE rolname ="
                      + " 'ann'"))
          .isEqualTo("t");
    }
    session.execute("SELECT quicksilver.set_verifier('bob', NULL)");
    assertThat(rows()).isEqualTo("bob {dns} -");
  }

  @Test
  void followsThePasswordsThatPostgresqlHas() throws SQLException {
    session.execute("SELECT quicksilver.grant_read('ann', 'dns')");
    assertThat(warnings("SELECT quicksilver.grant_read('bob', 'dns')"))
        .singleElement()
        .asString()
        .contains("only a client certificate lets it in");
    assertThat(session.query("SELECT quicksilver.refresh_verifiers()")).isEqualTo("0");
    session.execute("ALTER ROLE ann PASSWORD 'another'");
    session.execute("ALTER ROLE bob PASSWORD 'one'");
    assertThat(
            session.query(
                "SELECT string_agg(format('%s %s %s', role, has_verifier, stale), ' ' ORDER BY"
                    + " role) FROM quicksilver.readers"))
        .isEqualTo("ann t t bob f t");
    assertThat(problems()).contains("another password of role ann").contains("of role bob");
    assertThat(cures()).contains("quicksilver.refresh_verifiers()");
    assertThat(session.query("SELECT quicksilver.refresh_verifiers()")).isEqualTo("2");
    assertThat(problems()).isEmpty();
    session.execute("ALTER ROLE ann PASSWORD 'a third'");
    session.execute("SELECT quicksilver.grant_read('ann', 'zones')");
    assertThat(problems()).isEmpty();
    session.execute("ALTER ROLE ann PASSWORD NULL");
    assertThat(session.query("SELECT quicksilver.refresh_verifiers()")).isEqualTo("1");
    assertThat(rows()).isEqualTo("ann {dns,zones} -; bob {dns} v");
    assertThat(warnings("SELECT quicksilver.set_verifier('ann', '" + VERIFIER + "')"))
        .singleElement()
        .asString()
        .contains("refresh_verifiers");
  }

  @Test
  void saysThatAnMd5PasswordIsNoVerifier() throws SQLException {
    session.execute("SET LOCAL password_encryption = 'md5'");
    session.execute("ALTER ROLE bob PASSWORD 'p'");
    assertThat(warnings("SELECT quicksilver.grant_read('bob', 'dns')"))
        .singleElement()
        .asString()
        .contains("no SCRAM verifier")
        .contains("password_encryption = 'scram-sha-256'");
    assertThat(problems()).contains("the edges know no password of role bob");
    assertThat(cures()).contains("password_encryption");
    assertThat(warnings("SELECT quicksilver.refresh_verifiers()")).hasSize(1);
    session.execute("SELECT quicksilver.set_verifier('bob', '" + VERIFIER + "')");
    assertThat(problems()).isEmpty();
    assertThat(session.query("SELECT quicksilver.refresh_verifiers()")).isEqualTo("0");
    assertThat(rows()).isEqualTo("bob {dns} v");
  }
}
