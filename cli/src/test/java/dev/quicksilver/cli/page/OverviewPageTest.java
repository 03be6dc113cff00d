package dev.quicksilver.cli.page;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.cli.page.Pages.Page;
import dev.quicksilver.cli.page.Picture.Box;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;

/** What the page shows of a status. */
final class OverviewPageTest {
  private static final int KB = 1000;

  @Test
  void showsEachNodeInThePictureAndInTheTable() {
    Page page = Pages.of(Statuses.twelve());
    List<List<String>> rows = page.rows("nodes");
    assertThat(rows).hasSize(12);
    assertThat(rows.get(0))
        .containsExactly(
            "edge-31",
            "sin",
            "relay-3",
            "dns",
            "not following",
            "BACKING_OFF",
            "88",
            "2",
            "4.0 s",
            "");
    assertThat(rows.get(1))
        .containsExactly(
            "edge-22", "sin", "relay-2", "dns", "behind", "STREAMING", "40", "50", "75 s", "");
    assertThat(page.text())
        .contains("12 nodes below root: 1 not following, 1 behind, 10 up to date.");
    List<String> titles =
        page.all("svg").stream()
            .filter(svg -> svg.getAttribute("class").startsWith("box"))
            .map(svg -> Page.children(svg).getFirst().getTextContent())
            .toList();
    assertThat(titles)
        .hasSize(13)
        .contains(
            "edge-22: behind, 75 s; sin · #40", "edge-31: not following: BACKING_OFF; sin · #88");
    assertThat(page.html().getBytes(StandardCharsets.UTF_8).length).isLessThan(100 * KB);
  }

  @Test
  void putsANodeToTheRightOfItsUpstream() {
    Picture picture = Pages.overview(Statuses.twelve()).picture().orElseThrow();
    Box root = box(picture, "root");
    Box relay = box(picture, "relay-2");
    Box edge = box(picture, "edge-22");
    assertThat(root.self()).isTrue();
    assertThat(root.x()).isLessThan(relay.x());
    assertThat(relay.x()).isLessThan(edge.x());
    assertThat(relay.y()).isEqualTo(edge.y()); // the middle one of three
    assertThat(picture.links()).hasSize(12);
    assertThat(picture.boxes())
        .allSatisfy(
            box -> {
              assertThat(box.x()).isBetween(0, picture.width() - Picture.BOX_WIDTH);
              assertThat(box.y()).isBetween(0, picture.height() - Picture.BOX_HEIGHT);
            });
    Set<String> places = new HashSet<>();
    picture.boxes().forEach(box -> places.add(box.x() + " " + box.y()));
    assertThat(places).hasSize(13);
  }

  private static Box box(Picture picture, String name) {
    return picture.boxes().stream()
        .filter(box -> box.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void showsWhetherTheRootSequences() {
    String slot =
        """
        {"name": "quicksilver_app", "retained_bytes": 5000000, "synchronous": false, "standbys": []}
        """;
    Picture active = Pages.overview(Statuses.root().add("slots", slot)).picture().orElseThrow();
    assertThat(box(active, "PostgreSQL").standing()).isEqualTo(Standing.GOOD);
    assertThat(box(active, "root").detail()).isEqualTo("this root, up to date");
    assertThat(active.links()).hasSize(1);
    Overview alone =
        Pages.overview(
            Statuses.root("CONNECTING")
                .with("healthy", false)
                .with("problem", "the gateway is CONNECTING")
                .add("slots", slot));
    Picture waiting = alone.picture().orElseThrow();
    assertThat(box(waiting, "PostgreSQL").standing()).isEqualTo(Standing.UNKNOWN);
    assertThat(box(waiting, "root").standing()).isEqualTo(Standing.FAULT);
    assertThat(box(waiting, "root").detail()).isEqualTo("this root, CONNECTING");
    assertThat(Pages.of(alone, Reach.READS, 0).text())
        .contains("Not healthy: the gateway is CONNECTING", "No node below root is known.");
  }

  @Test
  void showsWhatItFollows() {
    Overview relay =
        Pages.overview(
            Statuses.root("STREAMING")
                .with("role", "replica")
                .with("node", "relay-1")
                .add("upstreams", upstream("10.0.0.1:7400", "root-a", "FOLLOWED", ""))
                .add("upstreams", upstream("10.0.0.2:7400", "", "REFUSED", "NOT_ACTIVE"))
                .add("upstreams", upstream("10.0.0.3:7400", "", "NOT_ASKED", "")));
    Picture picture = relay.picture().orElseThrow();
    assertThat(box(picture, "root-a").standing()).isEqualTo(Standing.GOOD);
    assertThat(box(picture, "10.0.0.2:7400").standing()).isEqualTo(Standing.FAULT);
    assertThat(box(picture, "10.0.0.3:7400").standing()).isEqualTo(Standing.UNKNOWN);
    assertThat(box(picture, "root-a").x()).isLessThan(box(picture, "relay-1").x());
    assertThat(picture.height()).isGreaterThan(3 * Picture.BOX_HEIGHT);
    assertThat(Pages.of(relay, Reach.READS, 0).rows("upstreams").get(1))
        .containsExactly("10.0.0.2:7400", "dns", "primary", "", "refused", "7", "NOT_ACTIVE");
  }

  private static String upstream(String address, String node, String result, String detail) {
    return """
    {"database": "dns", "address": "%s", "role": "primary", "result": "%s", "node": "%s",
     "sequence": 7, "detail": "%s"}
    """
        .formatted(address, result, node, detail);
  }

  @Test
  void drawsWhatFollowsItselfInACircleOnce() {
    Picture picture =
        Pages.overview(
                Statuses.root()
                    .below("a", "fra", "b")
                    .below("b", "fra", "a")
                    .below("self", "fra", "self")
                    .below("orphan", "fra", "never heard of"))
            .picture()
            .orElseThrow();
    assertThat(picture.boxes()).extracting(Box::name).containsOnlyOnce("a", "b", "self", "orphan");
    assertThat(picture.links()).hasSize(4);
  }

  @Test
  void writesWhatOthersSayAsText() {
    String script = "<script>alert('x')</script>\"&<!--]]>";
    String turned = "\u202egnp.exe \u05d0\u05d1";
    String huge = "n".repeat(1024);
    String broken = "a\u0000b\ud800\uffff";
    Statuses status =
        Statuses.root()
            .with("node", script)
            .with("problem", script)
            .with("healthy", false)
            .database(script, script, 3)
            .below(script, turned, "root")
            .below(huge, broken, script)
            .below(turned, script, huge)
            .add(
                "upstreams",
                """
                {"database": "dns", "address": "<b>", "role": "primary", "result": "FAILED",
                 "node": "", "sequence": 1, "detail": "javascript:alert(1)"}
                """);
    Page page = Pages.of(status);
    assertThat(page.all("script")).isEmpty();
    assertThat(page.all("b")).isEmpty();
    assertThat(page.html()).doesNotContain("\u202e", "\u0000");
    assertThat(page.rows("nodes"))
        .extracting(List::getFirst)
        .contains(script, "\\u202egnp.exe \u05d0\u05d1", "n".repeat(200) + "…");
    assertThat(page.text()).contains("a\\u0000b\\ud800\\uffff", "Not healthy: " + script);
  }

  @Test
  void drawsLocationsWhenThereAreTooManyNodes() {
    Statuses status = Statuses.root();
    for (int i = 0; i < 1000; i++) {
      status.below("edge-" + i, "location-" + i % 5, "root");
    }
    status.below("dns", "edge-late", "location-3", "root", "STREAMING", 1, 89, 99);
    Page page = Pages.of(status);
    Picture picture = Pages.overview(status).picture().orElseThrow();
    assertThat(picture.boxes()).hasSize(6);
    assertThat(box(picture, "location-3").standing()).isEqualTo(Standing.BEHIND);
    assertThat(box(picture, "location-3").detail()).isEqualTo("1 behind, 200 up to date");
    assertThat(page.text())
        .contains("1,001 nodes below root: 1 behind, 1,000 up to date.", "too many to draw each")
        .contains("801 more rows are not shown");
    assertThat(page.rows("nodes")).hasSize(200);
    assertThat(page.rows("nodes").getFirst()).contains("edge-late");
  }

  @Test
  void isBoundedWhateverTheReports() {
    Statuses status = Statuses.root();
    for (int i = 0; i < 100_000; i++) {
      status.below("edge-" + i + "n".repeat(300), "l".repeat(300) + i % 3000, "root");
    }
    for (int i = 0; i < 3000; i++) {
      status.add(
          "locations",
          """
          {"database": "dns", "location": "l%d", "nodes": 33, "lowest_sequence": 1,
           "median_sequence": 2, "worst_lag": 3, "worst_lag_seconds": 0.5, "states": {"STREAMING": 33}}
          """
              .formatted(i));
    }
    Page page = Pages.of(status);
    assertThat(page.html().length()).isLessThan(800 * KB);
    assertThat(page.rows("locations")).hasSize(200);
    assertThat(page.text()).contains("99,800 more rows", "2,800 more rows", "2,800 more locations");
  }

  @Test
  void remembersWhoWasThere() {
    Remembered remembered = new Remembered();
    Overview.of(Statuses.twelve().status(), Pages.NOW, remembered);
    Statuses fewer =
        Statuses.root().below("relay-1", "fra", "root").below("edge-11", "lis", "relay-1");
    Overview after = Overview.of(fewer.status(), Pages.NOW.plusSeconds(60), remembered);
    assertThat(after.summary()).isEqualTo("12 nodes below root: 10 not heard of, 2 up to date.");
    Page page = Pages.of(after, Reach.READS, 0);
    assertThat(page.rows("nodes").getFirst())
        .contains("edge-12", "not heard of", "this page had it last at 2027-01-31 12:00:00 UTC");
    assertThat(box(after.picture().orElseThrow(), "edge-12").x())
        .isGreaterThan(box(after.picture().orElseThrow(), "relay-1").x());
    Overview much = Overview.of(fewer.status(), Pages.NOW.plusSeconds(3700), remembered);
    assertThat(much.summary()).isEqualTo("2 nodes below root: 2 up to date.");
  }

  @Test
  void canBeUsedWithAKeyboardAndAScreenReader() {
    Page page = Pages.of(Statuses.twelve());
    assertThat(page.document().getDocumentElement().getAttribute("lang")).isEqualTo("en");
    assertThat(page.all("title").getFirst().getTextContent()).isNotBlank();
    assertThat(page.all("a").getFirst().getAttribute("href")).isEqualTo("#main");
    Set<String> ids = new HashSet<>();
    for (Element element : page.all("*")) {
      String id = element.getAttribute("id");
      assertThat(id.isEmpty() || ids.add(id)).as("the id %s is there once", id).isTrue();
      assertThat(element.getAttribute("tabindex")).isIn("", "0", "-1");
      for (String forbidden : List.of("style", "onclick", "onload")) {
        assertThat(element.hasAttribute(forbidden)).isFalse();
      }
    }
    for (Element link : page.all("a")) {
      String href = link.getAttribute("href");
      assertThat(href.startsWith("/") || ids.contains(href.substring(1))).as(href).isTrue();
    }
    for (String tag : List.of("input", "select")) {
      for (Element field : page.all(tag)) {
        assertThat(page.all("label"))
            .extracting(label -> label.getAttribute("for"))
            .contains(field.getAttribute("id"));
      }
    }
    for (Element element : page.all("*")) {
      String by = element.getAttribute("aria-labelledby");
      if (!by.isEmpty()) {
        assertThat(ids).contains(by.split(" "));
      }
    }
    int level = 0;
    for (Element element : page.all("*")) {
      if (element.getTagName().matches("h[1-6]")) {
        int next = element.getTagName().charAt(1) - '0';
        assertThat(next).isBetween(1, level + 1);
        level = next;
      }
    }
    Element picture =
        page.all("svg").stream()
            .filter(svg -> svg.getAttribute("class").equals("tree"))
            .findFirst()
            .orElseThrow();
    assertThat(picture.getAttribute("role")).isEqualTo("img");
    assertThat(picture.getElementsByTagName("desc").item(0).getTextContent())
        .contains("1 not following, 1 behind");
  }

  @Test
  void showsNeitherFormNorValuesToOthers() {
    Page page = Pages.of(Pages.overview(Statuses.twelve()), Reach.OTHERS, 0);
    assertThat(page.all("form")).isEmpty();
    assertThat(page.html()).doesNotContain("/page/");
    assertThat(page.text()).contains("through an SSH tunnel");
  }

  @Test
  void doesNotTakeWhatIsTypedAwayByRefreshing() {
    Page page = Pages.of(Pages.overview(Statuses.twelve()), Reach.READS, 5);
    assertThat(page.all("form")).isEmpty();
    assertThat(page.html()).contains("<meta http-equiv=\"refresh\" content=\"5\"/>");
    assertThat(page.text()).contains("Stop refreshing");
    assertThat(Pages.of(Statuses.twelve()).html()).doesNotContain("http-equiv");
  }

  @Test
  void showsWhatABridgeHas() {
    Page page =
        Pages.of(
            Overview.of(
                Statuses.root()
                    .with("role", "bridge")
                    .add(
                        "bridges",
                        """
                        {"connections": 3, "connections_total": 8, "queries": 12345, "evaluated": 4,
                         "rows": 9, "errors": {"42P01": 2}, "oldest_snapshot_seconds": 0.5,
                         "evaluator_runs": true}
                        """)
                    .status(),
                Pages.NOW,
                new Remembered()),
            Reach.NO_READS,
            0);
    assertThat(page.rows("bridge")).contains(List.of("statements", "12,345"));
    assertThat(page.rows("bridge")).contains(List.of("errors by SQLSTATE", "2 42P01"));
    assertThat(page.html()).doesNotContain("id=\"tree\"");
    assertThat(page.text()).contains("This process shows no log");
  }

  @Test
  void isTheSameInEachLanguageOfTheMachine() {
    assertThat(Pages.of(Statuses.root()).rows("storage").getFirst())
        .containsExactly("dns", "12.3 MB", "4.1 kB", "1", "none", "1", "0", "3 NO_SPACE");
  }
}
