package dev.quicksilver.cli.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import com.fasterxml.jackson.databind.JsonNode;
import dev.quicksilver.cli.config.Endpoint;
import dev.quicksilver.cli.process.Healths;
import dev.quicksilver.cli.process.HttpEndpoint;
import dev.quicksilver.fixtures.browser.Chromium;
import dev.quicksilver.fixtures.browser.Contrast;
import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Position;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page in a browser; needs a Chromium on the path. */
final class StatusPageChromiumTest {
  private static final int MOST_BYTES = 100_000;
  private static final String REFUSED = "page/key?database=none&key=www";

  @TempDir private Path folder;

  private Chromium browser;
  private DatabaseSet databases;
  private HttpEndpoint http;
  private URI address;

  @BeforeEach
  void start() throws Exception {
    Optional<Path> program = Chromium.find();
    if (program.isEmpty()) {
      System.out.println("skipped: there is no chromium on the PATH (apt-get install chromium)");
      abort("there is no chromium on the PATH");
    }
    databases = DatabaseSet.open(folder.resolve("data"), StorageOptions.DEFAULT);
    databases.create(new DatabaseIdentity(new UUID(1, 1), "dns", "text", "text"));
    try (Appender appender = databases.get("dns").orElseThrow().append()) {
      appender.begin(1, 1_700_000_000_000_000L);
      appender.set("www".getBytes(StandardCharsets.UTF_8), "<b>bold</b>".getBytes());
      appender.end(new Position(1, 1, 2));
      appender.commit();
    }
    Statuses status = Statuses.twelve();
    http = HttpEndpoint.local(new Endpoint("127.0.0.1", 0), Healths.near(), status::status);
    StatusPage.of(status::status, Optional.of(databases), InstantSource.system()).serveHere(http);
    address = URI.create("http://" + http.address() + "/");
    browser = Chromium.start(program.get(), Files.createDirectory(folder.resolve("profile")));
  }

  @AfterEach
  void stop() {
    if (browser != null) {
      browser.close();
    }
    if (http != null) {
      http.close();
      databases.close();
    }
  }

  @Test
  void asksForNothingElseAndCanBeReadInLightAndDark() throws Exception {
    for (String path :
        List.of("", "page/log?database=dns", "page/key?database=dns&key=www", REFUSED)) {
      for (boolean dark : List.of(false, true)) {
        browser.show(1200, 900, dark);
        browser.open(address.resolve(path));
        Files.write(
            Path.of(
                "target",
                "page-" + path.replaceAll("[^a-z]+", "-") + (dark ? "dark.png" : "light.png")),
            browser.screenshot());
        assertThat(browser.requests())
            .contains(address.resolve(path).toString())
            .allMatch(asked -> asked.startsWith(address.toString()) || asked.startsWith("data:"));
        assertThat(browser.bytes()).isBetween(500L, (long) MOST_BYTES);
        if (!path.equals(REFUSED)) { // of which a browser says that it was
          assertThat(browser.complaints()).isEmpty();
        }
        Contrast contrast = Contrast.of(browser);
        assertThat(contrast.texts()).isGreaterThan(3);
        assertThat(contrast.lowest()).as(contrast.toString()).isGreaterThanOrEqualTo(4.5);
        if (contrast.shapes() > 0) {
          assertThat(contrast.lowestShape()).as(contrast.toString()).isGreaterThanOrEqualTo(3);
        }
        assertThat(browser.evaluate("getComputedStyle(document.body).backgroundColor").asText())
            .isEqualTo(dark ? "rgb(20, 24, 29)" : "rgb(255, 255, 255)");
      }
    }
  }

  @Test
  void fitsOnAPhone() throws Exception {
    browser.show(360, 700, false);
    for (String path : List.of("", "page/log?database=dns", "page/key?database=dns&key=www")) {
      browser.open(address.resolve(path));
      assertThat(browser.evaluate("document.documentElement.scrollWidth").asInt())
          .as(path)
          .isLessThanOrEqualTo(360);
    }
  }

  @Test
  void canBeSearchedWithTheKeyboardAlone() throws Exception {
    browser.show(1200, 900, false);
    browser.open(address);
    List<String> stops = new ArrayList<>();
    do {
      browser.press("Tab");
      JsonNode focus =
          browser.evaluate(
              """
              (() => {
                const e = document.activeElement, style = getComputedStyle(e), box = e.getBoundingClientRect();
                return {tag: e.tagName, id: e.id, style: style.outlineStyle,
                        width: parseFloat(style.outlineWidth),
                        seen: box.width > 0 && box.left >= 0 && box.top >= 0 && box.top < innerHeight};
              })()
              """);
      assertThat(focus.get("tag").asText()).isNotEqualTo("BODY");
      assertThat(focus.get("style").asText()).as(focus.toString()).isEqualTo("solid");
      assertThat(focus.get("width").asDouble()).isGreaterThanOrEqualTo(2);
      assertThat(focus.get("seen").asBoolean()).as(focus.toString()).isTrue();
      stops.add(focus.get("id").asText());
    } while (!stops.getLast().equals("key") && stops.size() < 60);
    assertThat(stops).last().isEqualTo("key");
    browser.type("www");
    browser.forget();
    browser.press("Enter");
    browser.await("location.pathname === '/page/key' && document.readyState === 'complete'");
    assertThat(browser.evaluate("document.querySelector('pre').textContent").asText())
        .isEqualTo("<b>bold</b>");
    assertThat(browser.evaluate("document.querySelector('main').innerText").asText())
        .contains("Set by entry 1", "Nodes below that have it: 12 of 12.");
    assertThat(browser.complaints()).isEmpty();
  }

  @Test
  void theSkipLinkLeadsToTheContent() throws Exception {
    browser.open(address);
    browser.press("Tab");
    browser.press("Enter");
    browser.await("document.activeElement.id === 'main'");
    browser.press("Tab");
    assertThat(browser.evaluate("document.activeElement.closest('main') !== null").asBoolean())
        .isTrue();
  }
}
