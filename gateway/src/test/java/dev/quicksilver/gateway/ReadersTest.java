package dev.quicksilver.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.storage.log.LogEntry;
import java.sql.Savepoint;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who may read at the edges, as the catalog database has it. */
final class ReadersTest extends RootTest {
  private static final String CATALOG = "quicksilver";
  private static final String VERIFIER =
      "SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$" + "A".repeat(43) + "=:" + "B".repeat(43) + "=";
  private static final String OTHER = VERIFIER.replace('B', 'C');

  private String ann;
  private String bob;

  /** Roles are the whole server's, which all tests share. */
  @BeforeEach
  void makeRoles() throws Exception {
    ann = "ann_" + name;
    bob = "bob_" + name;
    root.execute("CREATE ROLE " + ann + " LOGIN PASSWORD '" + VERIFIER + "'");
    root.execute("CREATE ROLE " + bob + " LOGIN");
    for (String database : List.of("dns", "zones")) {
      root.execute("SELECT quicksilver.create_database('" + database + "')");
    }
  }

  private void call(String function, String role, String argument) throws Exception {
    root.execute("SELECT quicksilver." + function + "('" + role + "', '" + argument + "')");
  }

  /** The entries of roles since a sequence. */
  private List<String> roleEntries(long after) {
    return root.entries(CATALOG).stream()
        .filter(entry -> entry.sequence() > after)
        .map(
            entry ->
                (entry.operation()
                        + " "
                        + LogEntries.text(entry.key())
                        + " "
                        + LogEntries.text(entry.value()))
                    .strip())
        .filter(line -> line.contains("role:"))
        .toList();
  }

  private Map<String, String> rolePairs() {
    Map<String, String> pairs = new TreeMap<>(root.pairs(CATALOG));
    pairs.keySet().removeIf(key -> !key.startsWith("role:"));
    return pairs;
  }

  private long last() {
    return root.databases().get(CATALOG).orElseThrow().head().lastSequence();
  }

  @Test
  void everyChangeIsAnEntryOfTheCatalogInTheOrderOfTheWal() throws Exception {
    root.start();
    call("grant_read", ann, "zones");
    call("grant_read", ann, "dns");
    call("grant_read", bob, "dns");
    call("set_verifier", bob, OTHER);
    root.execute("ALTER ROLE " + bob + " PASSWORD '" + VERIFIER + "'");
    root.execute("SELECT quicksilver.refresh_verifiers()");
    root.execute("UPDATE quicksilver.reader SET role = 'renamed' WHERE role = '" + bob + "'");
    root.execute("SELECT quicksilver.drop_database('zones')");
    call("grant_read", ann, "*");
    call("revoke_read", ann, "*");
    root.catchUp();
    String verifier = "{\"verifier\":\"" + VERIFIER + "\",\"databases\":";
    assertThat(roleEntries(0))
        .containsExactly(
            "SET role:" + ann + " " + verifier + "[\"zones\"]}",
            "SET role:" + ann + " " + verifier + "[\"dns\",\"zones\"]}",
            "SET role:" + bob + " {\"databases\":[\"dns\"]}",
            "SET role:" + bob + " {\"verifier\":\"" + OTHER + "\",\"databases\":[\"dns\"]}",
            "SET role:" + bob + " " + verifier + "[\"dns\"]}",
            "DEL role:" + bob,
            "SET role:renamed " + verifier + "[\"dns\"]}",
            "SET role:" + ann + " " + verifier + "[\"dns\"]}",
            "SET role:" + ann + " " + verifier + "[\"*\"]}",
            "DEL role:" + ann);
    assertThat(rolePairs()).containsOnlyKeys("role:renamed");
  }

  @Test
  void whatIsRolledBackNeverHappenedAndATransactionIsOne() throws Exception {
    root.start();
    root.catchUp();
    root.connection.setAutoCommit(false);
    call("grant_read", ann, "dns");
    root.connection.rollback();
    call("grant_read", ann, "zones");
    Savepoint savepoint = root.connection.setSavepoint();
    call("grant_read", bob, "zones");
    call("revoke_read", ann, "zones");
    root.connection.rollback(savepoint);
    root.execute("SELECT quicksilver.create_database('made')");
    call("grant_read", bob, "made");
    root.execute("INSERT INTO made VALUES ('a', '1')");
    root.connection.commit();
    root.connection.setAutoCommit(true);
    root.catchUp();
    List<LogEntry> entries = root.entries(CATALOG);
    assertThat(entries.subList(entries.size() - 3, entries.size()))
        .extracting(entry -> LogEntries.text(entry.key()))
        .containsExactly("role:" + ann, "made", "role:" + bob);
    assertThat(entries.subList(entries.size() - 3, entries.size()))
        .extracting(LogEntry::commitLsn)
        .containsOnly(root.entries("made").getFirst().commitLsn());
    assertThat(entries).hasSize(5);
  }

  @Test
  void aLongListThatAnUpdateLeavesAloneIsKept() throws Exception {
    root.start();
    root.execute(
        "INSERT INTO quicksilver.reader SELECT '"
            + ann
            + "', NULL, array_agg(md5(i::text) ORDER BY md5(i::text)) FROM generate_series(1, 5000)"
            + " i");
    root.catchUp();
    String before = rolePairs().get("role:" + ann);
    assertThat(before).hasSizeGreaterThan(100_000);
    call("set_verifier", ann, VERIFIER);
    root.catchUp();
    assertThat(rolePairs().get("role:" + ann))
        .isEqualTo("{\"verifier\":\"" + VERIFIER + "\"," + before.substring(1));
  }

  @Test
  void aFirstStartCopiesThemAndARestartFindsNoDatabaseInThem() throws Exception {
    call("grant_read", ann, "zones");
    call("grant_read", ann, "dns");
    call("grant_read", bob, "*");
    root.start();
    Map<String, String> copied = rolePairs();
    assertThat(copied)
        .isEqualTo(
            Map.of(
                "role:" + ann,
                "{\"verifier\":\"" + VERIFIER + "\",\"databases\":[\"dns\",\"zones\"]}",
                "role:" + bob,
                "{\"databases\":[\"*\"]}"));
    root.stop();
    root.start();
    long before = last();
    // The same rows, as they come through the slot, have the same bytes.
    root.execute("UPDATE quicksilver.reader SET role = role");
    root.catchUp();
    assertThat(roleEntries(before)).hasSize(2);
    assertThat(rolePairs()).isEqualTo(copied);
    assertThat(root.databases().all()).hasSize(3);
  }

  @Test
  void whatARootOfAnEarlierBuildPassedOverComesWithTheNext() throws Exception {
    root.start();
    root.catchUp();
    root.stop();
    long before;
    // What such a root leaves behind: it notes its slot, and not that it knows of readers.
    root.execute("UPDATE quicksilver.root SET knows_readers = false");
    call("grant_read", ann, "dns");
    root.start();
    root.catchUp();
    assertThat(roleEntries(0)).hasSize(2);
    before = last();
    root.stop();
    root.start();
    root.catchUp();
    assertThat(roleEntries(before)).isEmpty();
  }

  @Test
  void aNewClusterBeginsWithThem() throws Exception {
    root.start();
    call("grant_read", ann, "dns");
    call("grant_read", bob, "zones");
    root.catchUp();
    Map<String, String> before = rolePairs();
    root.stop();
    // A restore that brought no rights, into a server without one of the roles.
    root.unguard();
    root.execute("DROP OWNED BY " + ann + ", " + bob);
    root.execute("DROP ROLE " + bob);
    root.execute("ALTER EVENT TRIGGER quicksilver_after_ddl ENABLE ALWAYS");
    root.execute("ALTER EVENT TRIGGER quicksilver_on_drop ENABLE ALWAYS");
    root.execute("ALTER EVENT TRIGGER quicksilver_on_rewrite ENABLE ALWAYS");
    root.execute("SELECT quicksilver.begin_anew()");
    assertThat(root.query("SELECT string_agg(problem, '; ') FROM quicksilver.problems()"))
        .contains("let role " + bob + " in")
        .doesNotContain(ann);
    root.moveTo(scratch.resolve("anew"));
    root.start();
    assertThat(rolePairs()).isEqualTo(before);
    call("revoke_read", bob, "*");
    root.catchUp();
    assertThat(rolePairs()).containsOnlyKeys("role:" + ann);
    assertThat(root.query("SELECT count(*) FROM quicksilver.problems()")).isEqualTo("0");
  }
}
