package dev.quicksilver.cli.top;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.cli.process.Json;
import dev.quicksilver.cli.process.NodeStatus;
import dev.quicksilver.cli.top.TopView.Line;
import dev.quicksilver.cli.top.TopView.Style;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What is drawn of what a node says. */
final class TopViewTest {
  private static final Instant NOON = Instant.parse("2026-11-30T12:00:00.5Z");

  private final List<String> below = new ArrayList<>();

  /** One that is well, unless it lags. */
  private void report(String node, String upstream, String state, long lag, double seconds) {
    report(node, upstream, "dns", state, lag, seconds, "");
  }

  private void report(
      String node,
      String upstream,
      String database,
      String state,
      long lag,
      double seconds,
      String problem) {
    try {
      below.add(
          Json.MAPPER.writeValueAsString(
              new NodeStatus.SubtreeReport(
                  database,
                  node,
                  "fra",
                  upstream,
                  100 - lag,
                  lag,
                  1,
                  seconds,
                  NodeStatus.DatabaseState.valueOf(state),
                  UUID.nameUUIDFromBytes(node.getBytes(UTF_8)).toString(),
                  problem)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String database(String name, long sequence, String state, double behind) {
    return """
    {"name": "%s", "id": "1", "sequence": %d, "pairs": 7, "state": "%s", "upstream": "",
     "upstream_sequence": %d, "root_sequence": %d%s}
    """
        .formatted(
            name,
            sequence,
            state,
            sequence,
            sequence,
            behind == 0 ? "" : ", \"lag_seconds\": " + behind);
  }

  private Look look(long sequence, long seconds) {
    return look(seconds, database("dns", sequence, "SEQUENCING", 0));
  }

  private Look look(long seconds, String databases) {
    String json =
        """
        {"role": "root", "node": "root", "location": "lhr", "healthy": true, "problem": "",
         "databases": [%s],
         "subtree": [%s]}
        """
            .formatted(databases, String.join(",", below));
    try {
      return new Look(
          Json.MAPPER.readValue(json, NodeStatus.class),
          NOON.plusSeconds(seconds),
          seconds * 1_000_000_000);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Seen seen() {
    return new Seen(
        "127.0.0.1:7480", Optional.of(look(100, 0)), Optional.empty(), Optional.empty());
  }

  private static Controls by(Order order) {
    return new Controls(order, false, 0);
  }

  /** The names in the tree, with what is before them. */
  private List<String> names(Controls controls) {
    return TopView.of(seen(), controls).tree().stream()
        .map(line -> line.text().replaceAll("(\\S) .*", "$1"))
        .toList();
  }

  @Test
  void nodesStandBelowWhatTheyFollowTheWorstFirst() {
    report("relay-a", "root", "STREAMING", 0, 0.5);
    report("relay-b", "root", "STREAMING", 0, 0.2);
    report("edge-1", "relay-a", "STREAMING", 0, 0.1);
    report("edge-2", "relay-a", "DIVERGED", 5, 3);
    report("edge-3", "relay-a", "STREAMING", 9, 1);
    report("edge-4", "relay-b", "COPYING", 50, 9);
    report("lost", "nobody", "STREAMING", 0, 0);
    assertThat(names(by(Order.WORST)))
        .containsExactly(
            "relay-a", "  edge-2", "  edge-3", "  edge-1", "relay-b", "  edge-4", "lost");
    assertThat(names(by(Order.NAME)))
        .containsExactly(
            "lost", "relay-a", "  edge-1", "  edge-2", "  edge-3", "relay-b", "  edge-4");
    assertThat(names(by(Order.ENTRIES)))
        .containsExactly(
            "lost", "relay-a", "  edge-3", "  edge-2", "  edge-1", "relay-b", "  edge-4");
    assertThat(names(by(Order.SECONDS)))
        .containsExactly(
            "relay-a", "  edge-2", "  edge-3", "  edge-1", "relay-b", "  edge-4", "lost");
    List<Line> tree = TopView.of(seen(), by(Order.WORST)).tree();
    assertThat(tree).filteredOn(line -> line.style() == Style.BAD).hasSize(2);
    assertThat(tree.get(1).text()).matches(" {2}edge-2 +fra +dns +DIVERGED +95 +5 +3\\.0 s");
  }

  @Test
  void nodesThatFollowEachOtherInACircleAreThereOnce() {
    report("a", "b", "STREAMING", 0, 0);
    report("b", "a", "STREAMING", 0, 0);
    report("c", "c", "STREAMING", 0, 0);
    report("root", "d", "STREAMING", 0, 0);
    report("d", "root", "STREAMING", 0, 0);
    assertThat(names(by(Order.NAME)).stream().map(String::strip))
        .containsExactlyInAnyOrder("a", "b", "c", "d", "root");
  }

  @Test
  void aNodeIsShownByItsWorstDatabaseOrByAll() {
    report("edge", "root", "quicksilver", "STREAMING", 0, 0, "");
    report("edge", "root", "dns", "BACKING_OFF", 3, 0, "NAME_IN_USE");
    assertThat(TopView.of(seen(), Controls.FIRST).tree())
        .singleElement()
        .extracting(Line::text)
        .asString()
        .matches("edge +fra +dns +BACKING_OFF +97 +3 +0\\.0 s +NAME_IN_USE");
    Controls all = Controls.FIRST.after(Key.ALL_DATABASES, 1, 10);
    assertThat(TopView.of(seen(), all).tree()).hasSize(2);
    assertThat(text(TopView.of(seen(), all).above())).contains("1 nodes below, 1 of them not");
  }

  private static String text(List<Line> lines) {
    return lines.stream().map(Line::text).collect(Collectors.joining("\n"));
  }

  @Test
  void ratesAreCountedBetweenTwoLooks() {
    Seen seen =
        new Seen(
            "127.0.0.1:7480",
            Optional.of(look(100, 10)),
            Optional.of(Seen.Databases.of(look(40, 6))),
            Optional.empty());
    String above = text(TopView.of(seen, Controls.FIRST).above());
    assertThat(above)
        .startsWith("root root in lhr at 127.0.0.1:7480, 2026-11-30 12:00:10 UTC\nhealthy\n")
        .containsPattern("dns +SEQUENCING +- +100 +15 +0 +- +7");
    Seen first = new Seen("x", Optional.of(look(100, 10)), Optional.empty(), Optional.empty());
    assertThat(text(TopView.of(first, Controls.FIRST).above()))
        .containsPattern("dns +SEQUENCING +- +100 +- +0 +- +7");
  }

  @Test
  void aNodeThatDoesNotAnswerIsSaidToAndWhatItSaidLastStays() {
    Seen seen =
        new Seen("x", Optional.of(look(100, 10)), Optional.empty(), Optional.of("since noon"));
    assertThat(TopView.of(seen, Controls.FIRST).above())
        .contains(new Line("NO ANSWER: since noon", Style.BAD));
    assertThat(text(TopView.of(seen, Controls.FIRST).above())).contains("SEQUENCING");
    Seen never = new Seen("x", Optional.empty(), Optional.empty(), Optional.of("since noon"));
    assertThat(TopView.of(never, Controls.FIRST).above()).hasSize(1);
  }

  @Test
  void aScreenIsAsLargeAsTheTerminalAndKeysMoveIt() {
    for (int i = 0; i < 1000; i++) {
      report("edge-" + (1000 + i), "root", "STREAMING", 0, 0);
    }
    Controls controls = by(Order.NAME);
    TopView view = TopView.of(seen(), controls);
    int page = view.page(24);
    assertThat(view.screen(controls, 80, 24)).hasSize(24);
    assertThat(text(view.screen(controls, 80, 24))).contains("edge-1000", TopView.KEYS);
    assertThat(view.screen(controls, 20, 5))
        .hasSize(5)
        .allMatch(line -> line.text().length() <= 20);
    controls = controls.after(Key.PAGE_DOWN, 1000, page).after(Key.DOWN, 1000, page);
    assertThat(view.screen(controls, 80, 24).get(view.above().size()).text())
        .startsWith("edge-" + (1000 + page + 1));
    controls = controls.after(Key.LAST, 1000, page).after(Key.DOWN, 1000, page);
    assertThat(text(view.screen(controls, 80, 24))).contains("edge-1999");
    assertThat(controls.after(Key.FIRST, 1000, page).after(Key.UP, 1000, page).top()).isZero();
    assertThat(controls.after(Key.NONE, 3, page).top()).isZero();
  }

  /** 40 databases; of the last three one is refused, one lags, one lags more. */
  private TopView viewOfManyDatabases() {
    List<String> databases = new ArrayList<>();
    for (int i = 0; i < 37; i++) {
      databases.add(database("many-" + (10 + i), 100, "STREAMING", 0.1));
    }
    databases.add(database("refused", 100, "REFUSED", 0));
    databases.add(database("late", 100, "STREAMING", 60));
    databases.add(database("later", 100, "STREAMING", 600));
    Look look = look(0, String.join(",", databases));
    return TopView.of(
        new Seen("x", Optional.of(look), Optional.empty(), Optional.empty()), by(Order.NAME));
  }

  @Test
  void theTreeIsSeenBelowManyDatabasesOfWhichTheWorstAreShown() {
    for (int i = 0; i < 100; i++) {
      report("edge-" + (1000 + i), "root", "STREAMING", 0, 0);
    }
    TopView view = viewOfManyDatabases();
    List<String> shown =
        view.screen(by(Order.NAME), 80, 24).stream()
            .map(line -> line.text().split(" ")[0])
            .toList();
    assertThat(shown)
        .hasSize(24)
        .containsSubsequence("refused", "later", "late", "many-10", "and", "node", "edge-1000");
    assertThat(text(view.screen(by(Order.NAME), 80, 24)))
        .contains("and 33 more databases, 0 of them not as they should be; --once prints all");
    assertThat(view.page(24)).isEqualTo(8);
    assertThat(text(view.screen(new Controls(Order.NAME, false, 92), 80, 24)))
        .contains("edge-1092", "edge-1099");
    assertThat(view.screen(by(Order.NAME), 80, 9)).hasSize(9);
    assertThat(text(view.screen(by(Order.NAME), 80, 10))).contains("edge-1000");
    assertThat(view.above()).hasSize(view.head().size() + 40 + view.middle().size());
    assertThat(text(view.screen(by(Order.NAME), 80, 200))).contains("many-46", "edge-1099");
  }

  @Test
  void databasesHaveTheRoomThatTheTreeLeaves() {
    report("edge", "root", "STREAMING", 0, 0);
    String screen = text(viewOfManyDatabases().screen(by(Order.NAME), 80, 24));
    assertThat(screen).contains("and 26 more databases", "edge ", "many-19");
  }

  @Test
  void whatANameHoldsDoesNotReachTheTerminal() {
    report("\u001b[2Jbad\u202e\u0007\n", "root", "STREAMING", 0, 0);
    report("京都", "root", "STREAMING", 0, 0);
    TopView view = TopView.of(seen(), by(Order.NAME));
    assertThat(view.tree().getFirst().text()).startsWith("?[2Jbad???");
    int column = view.above().getLast().text().indexOf("location");
    assertThat(view.tree().getLast().text().indexOf("fra")).isEqualTo(column - 2);
    assertThat(TopView.cut("京都", 3)).isEqualTo("京");
  }

  @Test
  void keysAreUnderstood() throws IOException {
    assertThat(keys("q")).containsExactly(Key.QUIT);
    assertThat(keys("\u001b[A\u001bOB\u001b[5~\u001b[6~\u001b[H\u001b[4~"))
        .containsExactly(Key.UP, Key.DOWN, Key.PAGE_UP, Key.PAGE_DOWN, Key.FIRST, Key.LAST);
    assertThat(keys("wslnd"))
        .containsExactly(
            Key.BY_WORST, Key.BY_SECONDS, Key.BY_ENTRIES, Key.BY_NAME, Key.ALL_DATABASES);
    assertThat(keys("\u001b[99999999999~x\u0003")).contains(Key.NONE, Key.QUIT);
    assertThat(Key.read(_ -> -2, 1)).isEqualTo(Key.NONE);
    assertThat(Key.read(_ -> -1, 1)).isEqualTo(Key.QUIT);
  }

  private static List<Key> keys(String typed) throws IOException {
    int[] at = {0};
    List<Key> keys = new ArrayList<>();
    while (at[0] < typed.length()) {
      keys.add(Key.read(_ -> at[0] < typed.length() ? typed.charAt(at[0]++) : -2, 1));
    }
    return keys;
  }
}
