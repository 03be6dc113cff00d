package dev.quicksilver.storage;

import static dev.quicksilver.storage.TestDatabases.DNS;
import static dev.quicksilver.storage.TestDatabases.FAST;
import static dev.quicksilver.storage.TestDatabases.commit;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Position;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a node says of how complete it is, and what becomes of that. */
class CompletenessTest {
  private static final DatabaseIdentity CATALOG =
      new DatabaseIdentity(UUID.randomUUID(), DatabaseSet.CATALOG, "text", "json");
  private static final Map<UUID, DatabaseIdentity> NAMED = Map.of(DNS.id(), DNS);

  @TempDir Path data;

  @BeforeEach
  void twoDatabases() {
    try (DatabaseSet set = DatabaseSet.open(data, FAST)) {
      commit(set.create(CATALOG), 1, "dns={}");
      commit(set.create(DNS), 2, "a=1");
    }
  }

  private static Position at(long lsn) {
    return new Position(7, 1, lsn);
  }

  @Test
  void isThereAfterARestartAndNeverGoesBack() {
    Completeness first;
    try (DatabaseSet set = DatabaseSet.open(data, FAST)) {
      assertThat(set.completeness()).isEmpty();
      first = Completeness.of(at(10), set);
      set.complete(first);
      set.complete(Completeness.of(at(9), set));
      assertThat(set.completeness()).contains(first);
    }
    try (DatabaseSet set = DatabaseSet.open(data, FAST)) {
      assertThat(set.completeness()).contains(first);
      assertThat(first.databases().get(DNS.id()).sequence()).isEqualTo(1);
      assertThat(first.missing(set, NAMED)).isEmpty();
    }
  }

  @Test
  void aTornWriteLeavesTheOneBefore() throws IOException {
    try (DatabaseSet set = DatabaseSet.open(data, FAST)) {
      for (long lsn = 1; lsn <= 5; lsn++) {
        set.complete(Completeness.of(at(lsn), set));
      }
    }
    for (int cut : new int[] {0, 1, 39, 100}) {
      Path newest = data.resolve("complete.1");
      byte[] whole = Files.readAllBytes(newest);
      byte[] torn = whole.clone();
      torn[cut] ^= 1;
      Files.write(newest, torn);
      try (DatabaseSet set = DatabaseSet.open(data, FAST)) {
        assertThat(set.completeness().orElseThrow().position()).isEqualTo(at(4));
      }
      Files.write(newest, whole);
    }
    Files.write(data.resolve("complete.1"), new byte[20]);
    try (DatabaseSet set = DatabaseSet.open(data, FAST)) {
      set.complete(Completeness.of(at(6), set));
    }
    try (DatabaseSet set = DatabaseSet.open(data, FAST)) {
      assertThat(set.completeness().orElseThrow().position()).isEqualTo(at(6));
    }
  }

  @Test
  void aShorterOneOverALongerOneIsReadWithoutItsRest() {
    UUID other = UUID.randomUUID();
    try (DatabaseSet set = DatabaseSet.open(data, FAST)) {
      set.create(new DatabaseIdentity(other, "other", "text", "text"));
      set.complete(Completeness.of(at(1), set));
      set.complete(Completeness.of(at(2), set));
      set.drop("other");
      set.complete(Completeness.of(at(3), set));
    }
    try (DatabaseSet set = DatabaseSet.open(data, FAST)) {
      assertThat(set.completeness().orElseThrow().position()).isEqualTo(at(3));
      assertThat(set.completeness().orElseThrow().databases()).hasSize(2).doesNotContainKey(other);
    }
  }

  @Test
  void namesWhatIsMissing() {
    try (DatabaseSet set = DatabaseSet.open(data, FAST)) {
      Database dns = set.get(DNS.name()).orElseThrow();
      commit(dns, 3, "b=2");
      commit(dns, 4, "c=3");
      Completeness now = Completeness.of(at(10), set);
      set.replace(DNS);
      commit(set.get(DNS.name()).orElseThrow(), 2, "a=1");
      assertThat(now.missing(set, NAMED)).containsExactly("dns lacks the sequences 2 to 3");
      set.drop(DNS.name());
      assertThat(now.missing(set, NAMED)).containsExactly("dns is not here (3 entries)");
      // One that was dropped since is not missed.
      assertThat(now.missing(set, Map.of())).isEmpty();
    }
  }

  @Test
  void anotherHistoryIsNotComplete() {
    try (DatabaseSet set = DatabaseSet.open(data, FAST)) {
      Completeness now = Completeness.of(at(10), set);
      set.replace(DNS);
      commit(set.get(DNS.name()).orElseThrow(), 2, "a=2");
      assertThat(now.missing(set, NAMED)).containsExactly("dns has another history at sequence 1");
      // A longer one is no better.
      commit(set.get(DNS.name()).orElseThrow(), 3, "b=2");
      assertThat(now.missing(set, NAMED)).containsExactly("dns has another history at sequence 1");
    }
  }

  @Test
  void whatCameLaterMakesItNoLessComplete() {
    try (DatabaseSet set = DatabaseSet.open(data, FAST)) {
      Completeness now = Completeness.of(at(10), set);
      commit(set.get(DNS.name()).orElseThrow(), 3, "b=2", "c=3");
      assertThat(now.missing(set, NAMED)).isEmpty();
      Completeness inTransaction =
          new Completeness(
              at(11),
              Map.of(
                  CATALOG.id(),
                  now.databases().get(CATALOG.id()),
                  DNS.id(),
                  new Completeness.Point(2, now.databases().get(DNS.id()).chainHash())));
      assertThat(inTransaction.missing(set, NAMED))
          .containsExactly("dns has another history at sequence 2");
    }
  }

  @Test
  void anotherPostgresBeginsAnew() {
    Completeness one = new Completeness(at(10), Map.of());
    assertThat(new Completeness(new Position(8, 1, 1), Map.of()).isAfter(Optional.of(one)))
        .isTrue();
    assertThat(new Completeness(at(10), Map.of()).isAfter(Optional.of(one))).isFalse();
    assertThat(new Completeness(at(-1), Map.of()).isAfter(Optional.of(one))).isTrue(); // unsigned
    Completeness promoted = new Completeness(new Position(7, 2, 9), Map.of());
    assertThat(promoted.isAfter(Optional.of(one))).isTrue();
    assertThat(one.isAfter(Optional.of(promoted))).isFalse();
  }
}
