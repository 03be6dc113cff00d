package dev.quicksilver.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.bridge.catalog.Replica;
import dev.quicksilver.bridge.catalog.ReplicaView;
import dev.quicksilver.bridge.seek.Interruption;
import dev.quicksilver.bridge.seek.Scope;
import dev.quicksilver.bridge.seek.Seek;
import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.Script;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.bridge.wire.MessageWriter;
import dev.quicksilver.edge.access.Rights;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** A cursor that makes rows ahead gives what one gives that does not. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PortalTest {
  private static final int PAIRS = 3000;
  private static final int LARGE = 100_000;

  private final AheadBudget budget = AheadBudget.ofSession(AheadBudget.ofAll());
  private final ByteArrayOutputStream sent = new ByteArrayOutputStream();
  private Replica replica;
  private ReplicaView view;
  private MessageWriter out;

  @BeforeAll
  void open(@TempDir Path data) throws Exception {
    List<Map.Entry<String, byte[]>> pairs = new ArrayList<>();
    for (int i = 0; i < PAIRS; i++) {
      String value = i % 70 == 3 ? "v".repeat(LARGE) : "v" + i;
      pairs.add(Map.entry("key" + (10_000 + i), value.getBytes(StandardCharsets.UTF_8)));
    }
    TestReplica.write(data, "dns", "text", pairs);
    replica = new Replica(data, TestReplica.OPTIONS);
    view = replica.view(Rights.ALL, ReplicaView.Judge.NONE);
    out = new MessageWriter(sent);
  }

  @AfterAll
  void close() {
    view.close();
    replica.close();
  }

  private Portal portal(String query, Interruption interruption) {
    var select = Objects.requireNonNull(Script.select(Script.split(query).getFirst().statement()));
    Seek seek = Seek.plan(select, view, List.of(), new Scope(ZoneOffset.UTC, true)).orElseThrow();
    return new Portal(seek, interruption, new boolean[seek.types().size()], true, 0);
  }

  private String send(Portal portal, long count, boolean discard) throws IOException {
    sent.reset();
    long rows = portal.send(count, discard, out, this::flush);
    out.flush();
    return rows + " " + sent.toString(StandardCharsets.ISO_8859_1);
  }

  private String sendBack(Portal portal, long count) throws IOException {
    sent.reset();
    long rows = portal.sendBack(count, false, out, this::flush);
    out.flush();
    return rows + " " + sent.toString(StandardCharsets.ISO_8859_1);
  }

  private void flush() {
    try {
      out.flush();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @RepeatedTest(40)
  void rowsMadeAheadAreTheSameRows(RepetitionInfo repetition) throws IOException {
    var random = new Random(repetition.getCurrentRepetition());
    try (Portal plain = portal("SELECT key, value FROM dns", () -> {});
        Portal ahead = portal("SELECT key, value FROM dns", () -> {})) {
      for (int step = 0; step < 30; step++) {
        if (random.nextInt(3) > 0) {
          int rest = random.nextInt(400);
          ahead.readAhead(random.nextInt(250), budget, () -> random.nextInt(400) < rest);
        }
        if (random.nextInt(12) == 0) {
          plain.rewind();
          ahead.rewind();
        }
        int count = random.nextInt(200);
        if (random.nextInt(10) == 0) {
          assertThat(sendBack(ahead, count)).isEqualTo(sendBack(plain, count));
        }
        boolean discard = random.nextInt(4) == 0;
        assertThat(send(ahead, count, discard)).isEqualTo(send(plain, count, discard));
        assertThat(ahead.position()).isEqualTo(plain.position());
        if (ahead.exhausted()) {
          assertThat(send(plain, 1, false)).isEqualTo("0 ");
        }
      }
    }
  }

  @Test
  void anErrorIsThatOfTheRowThatWasAskedFor() throws IOException {
    try (Portal portal = portal("SELECT key FROM dns", () -> {})) {
      assertThat(send(portal, 1, true)).isEqualTo("1 ");
      portal.readAhead(2, budget, () -> false);
      assertThat(send(portal, 1, true)).isEqualTo("1 ");
      assertThat(send(portal, 1, true)).isEqualTo("1 ");
      portal.readAhead(
          PAIRS,
          budget,
          () -> {
            throw PgException.of(SqlState.SNAPSHOT_TOO_OLD, "too old");
          }); // says nothing
      assertThatThrownBy(() -> send(portal, PAIRS, true)).hasMessage("too old");
      assertThatThrownBy(() -> send(portal, 1, true)).hasMessage("too old");
    }
  }

  @Test
  void whatEndsAStatementDoesNotEndOneThatHasNotBegun() throws IOException {
    var cancelled = new AtomicBoolean();
    Interruption interruption =
        () -> {
          if (cancelled.get()) {
            throw PgException.of(SqlState.QUERY_CANCELED, "cancelled");
          }
        };
    try (Portal portal = portal("SELECT key FROM dns", interruption)) {
      assertThat(send(portal, 1, true)).isEqualTo("1 ");
      cancelled.set(true);
      portal.readAhead(PAIRS, budget, () -> false);
      cancelled.set(false);
      assertThat(send(portal, PAIRS, true)).isEqualTo(PAIRS - 1 + " ");
    }
  }

  @Test
  void rowsAreMadeAheadOnlyWhereThereIsMemory() throws IOException {
    AheadBudget all = AheadBudget.ofAll();
    List<Portal> portals = new ArrayList<>();
    int taken = 0;
    AheadBudget session = AheadBudget.ofSession(all);
    for (int i = 0; i < 10; i++) {
      Portal portal = portal("SELECT key FROM dns", () -> {});
      portals.add(portal);
      send(portal, 1, true);
      portal.readAhead(1, session, () -> false);
    }
    while (session.take()) {
      taken++;
    }
    assertThat(taken).isZero();
    portals.forEach(Portal::close);
    while (session.take()) {
      taken++;
    }
    assertThat(taken).isBetween(1, 10);
  }
}
