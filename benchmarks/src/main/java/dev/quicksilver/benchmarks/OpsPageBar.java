package dev.quicksilver.benchmarks;

import static dev.quicksilver.cli.config.Settings.NODE_LOCATION;
import static dev.quicksilver.cli.config.Settings.REPLICATION_UPSTREAMS;

import com.fasterxml.jackson.databind.JsonNode;
import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.cli.process.NodeStatus;
import dev.quicksilver.cli.process.NodeStatus.DatabaseState;
import dev.quicksilver.fixtures.FaultProxy;
import dev.quicksilver.fixtures.browser.Chromium;
import dev.quicksilver.fixtures.browser.Contrast;
import dev.quicksilver.postgres.EmbeddedPostgres;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * {@code ops.page}: a root, three relays and eight edges, each a process; one edge is stopped
 * (SIGSTOP), one is behind a slow network. Chromium opens the root's status page and looks: who is
 * there, how they are marked, what was asked for and how large it was, what it complains of,
 * whether a key can be searched with the keyboard, and the contrast in light and dark. It leaves
 * two pictures of the page behind.
 */
final class OpsPageBar implements Bar {
  private static final String ROOT = "root";
  private static final String STOPPED = "edge-lis-2";
  private static final String LATE = "edge-sin-2";
  private static final List<String> LOCATIONS = List.of("fra", "lis", "sin");
  private static final int LARGEST = 100_000;
  private static final int NODES = 12;
  private static final double LATE_SECONDS = 10;
  private static final int WIDTH = 1200;
  private static final int HEIGHT = 900;
  private static final int MAX_TABS = 60;

  /** AA of WCAG 2, for texts and for shapes. */
  private static final double LEAST_TEXT_CONTRAST = 4.5;

  private static final double LEAST_SHAPE_CONTRAST = 3;

  private final List<String> wrong = new ArrayList<>();
  private long largest;

  @Override
  public String name() {
    return "ops.page";
  }

  @Override
  public String description() {
    return "the status page of a tree of 12 nodes in Chromium: complete, small, nothing from"
        + " elsewhere";
  }

  @Override
  public Kind kind() {
    return Kind.BUILD;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    SystemPackages.attempt(
        () -> Chromium.find().orElseThrow(() -> new IOException("no chromium on the PATH")),
        "chromium");
    Path pictures = Files.createTempDirectory("quicksilver-ops-page-");
    try (Cluster cluster = Processes.cluster()) {
      EmbeddedPostgres postgres = cluster.embedPostgres();
      start(cluster, postgres);
      try (FaultProxy proxy = new FaultProxy(cluster.port("relay-sin", "replication"), 1);
          ExecutorService threads = Executors.newCachedThreadPool()) {
        cluster.start(edge(LATE, "sin").with(REPLICATION_UPSTREAMS, "127.0.0.1:" + proxy.port()));
        awaitNodes(cluster);
        Future<?> writes = threads.submit(() -> write(postgres));
        try (Chromium browser =
            Chromium.start(
                Chromium.find().orElseThrow(),
                Files.createDirectory(cluster.folder().resolve("chromium")))) {
          look(cluster, proxy, browser, pictures);
        } finally {
          writes.cancel(true);
        }
      }
    }
    wrong.forEach(what -> System.out.println("wrong: " + what));
    return new Outcome(
        String.format(
            Locale.ROOT,
            "%.1f kB%s",
            largest / 1e3,
            wrong.isEmpty() ? "" : ", " + wrong.size() + " things are wrong"),
        "< 100 kB",
        wrong.isEmpty() && largest < LARGEST);
  }

  private static NodeSpec edge(String name, String location) {
    return NodeSpec.replica(name, "relay-" + location).with(NODE_LOCATION, location);
  }

  private static void start(Cluster cluster, EmbeddedPostgres postgres) throws Exception {
    cluster.start(NodeSpec.root(ROOT).with(NODE_LOCATION, "fra"));
    cluster.awaitHealthy(ROOT);
    try (Connection connection = postgres.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("SELECT quicksilver.create_database('dns')");
      statement.execute("INSERT INTO dns VALUES ('www.example.org', '192.0.2.7')");
    }
    for (String location : LOCATIONS) {
      cluster.start(NodeSpec.replica("relay-" + location, ROOT).with(NODE_LOCATION, location));
    }
    for (String location : LOCATIONS) {
      for (int i = 1; i <= 3; i++) {
        String name = "edge-" + location + "-" + i;
        if (!name.equals(LATE) && !name.equals("edge-fra-3")) {
          cluster.start(edge(name, location));
        }
      }
    }
  }

  /** Rows that a slow network has no room for, in small commits. */
  private static Object write(EmbeddedPostgres postgres) throws SQLException {
    try (Connection connection = postgres.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("SET synchronous_commit = local");
      while (true) {
        statement.execute(
            "INSERT INTO dns SELECT 'host-' || i, md5(random()::text)"
                + " FROM generate_series(1, 300) AS s (i)"
                + " ON CONFLICT (key) DO UPDATE SET value = excluded.value");
        TimeUnit.MILLISECONDS.sleep(200);
      }
    } catch (InterruptedException e) {
      return "over";
    }
  }

  private static long count(NodeStatus status) {
    return status.subtree().stream().map(NodeStatus.SubtreeReport::node).distinct().count();
  }

  private static void awaitNodes(Cluster cluster) throws InterruptedException {
    cluster.awaitStatus(
        ROOT,
        "to have all nodes below it, and up to date",
        status ->
            count(status) == NODES - 1
                && status.subtree().stream()
                    .allMatch(
                        node ->
                            node.state() == DatabaseState.STREAMING
                                && node.lagSeconds() != null
                                && node.lagSeconds() < LATE_SECONDS / 2));
  }

  private void look(Cluster cluster, FaultProxy proxy, Chromium browser, Path pictures)
      throws Exception {
    URI page = URI.create("http://" + cluster.address(ROOT, "http") + "/");
    browser.show(WIDTH, HEIGHT, false);
    open(browser, page);
    check(marks(browser).size() == NODES, "while all is well, there are " + marks(browser));
    check(
        marks(browser).stream()
            .allMatch(mark -> mark.contains(": up to date") || mark.contains(", up to date")),
        "while all is well, there are " + marks(browser));

    cluster.process(STOPPED).hang();
    proxy.slow(true);
    awaitLate(cluster, STOPPED);
    open(browser, page);
    checkMark(browser, STOPPED, "behind");

    cluster.awaitStatus(
        ROOT,
        "not to hear of " + STOPPED,
        status -> status.subtree().stream().noneMatch(node -> node.node().equals(STOPPED)));
    awaitLate(cluster, LATE);
    for (boolean dark : List.of(false, true)) {
      browser.show(WIDTH, HEIGHT, dark);
      open(browser, page);
      String theme = dark ? "dark" : "light";
      check(
          marks(browser).size() == NODES,
          theme + ": " + marks(browser).size() + " nodes are shown, not " + NODES);
      checkMark(browser, STOPPED, "not heard of");
      checkMark(browser, LATE, "behind");
      checkContrast(browser, theme);
      Path picture = pictures.resolve("status-page-" + theme + ".png");
      Files.write(picture, browser.screenshot());
      System.out.println("a picture of it: " + picture);
    }
    search(browser, page);
  }

  private static void awaitLate(Cluster cluster, String node) throws InterruptedException {
    cluster.awaitStatus(
        ROOT,
        "to have " + node + " behind",
        status ->
            status.subtree().stream()
                .anyMatch(
                    each ->
                        each.node().equals(node)
                            && each.database().equals("dns")
                            && each.lagSeconds() != null
                            && each.lagSeconds() > LATE_SECONDS + 1));
  }

  /** Opens it, and judges what was asked for. */
  private void open(Chromium browser, URI page) throws IOException, InterruptedException {
    browser.open(page);
    judge(browser, page);
  }

  private void judge(Chromium browser, URI page) {
    long elsewhere =
        browser.requests().stream()
            .filter(asked -> !asked.startsWith(page.toString()) && !asked.startsWith("data:"))
            .count();
    check(elsewhere == 0, elsewhere + " requests to others: " + browser.requests());
    check(browser.complaints().isEmpty(), "the browser complains: " + browser.complaints());
    largest = Math.max(largest, browser.bytes());
    check(browser.bytes() > 0, "no byte was counted");
    System.out.printf(
        Locale.ROOT,
        "%d requests, %d of them to others than the node, %,d bytes, %d complaints%n",
        browser.requests().size(),
        elsewhere,
        browser.bytes(),
        browser.complaints().size());
  }

  /** Returns what the boxes of the picture say, this node and all below it. */
  private static TreeSet<String> marks(Chromium browser) throws IOException, InterruptedException {
    TreeSet<String> marks = new TreeSet<>();
    for (JsonNode title :
        browser.evaluate(
            "[...document.querySelectorAll('svg.box > title')].map(t => t.textContent)")) {
      if (!title.asText().startsWith("PostgreSQL: ")) {
        marks.add(title.asText());
      }
    }
    return marks;
  }

  /** Both in the picture and in the table. */
  private void checkMark(Chromium browser, String node, String mark)
      throws IOException, InterruptedException {
    check(
        marks(browser).stream().anyMatch(each -> each.startsWith(node + ": " + mark)),
        node + " is not marked \"" + mark + "\" in the picture: " + marks(browser));
    String row =
        browser
            .evaluate(
                "[...document.querySelectorAll('#nodes tbody tr')].map(r => r.innerText)"
                    + ".filter(r => r.startsWith('"
                    + node
                    + "')).join('\\n')")
            .asText();
    check(row.contains(mark), node + " is not marked \"" + mark + "\" in the table: " + row);
    System.out.println(node + " is marked \"" + mark + "\"");
  }

  private void checkContrast(Chromium browser, String theme)
      throws IOException, InterruptedException {
    Contrast contrast = Contrast.of(browser);
    System.out.printf(
        Locale.ROOT,
        "%s: contrast of %d texts at least %.1f, of %d shapes at least %.1f%n",
        theme,
        contrast.texts(),
        contrast.lowest(),
        contrast.shapes(),
        contrast.lowestShape());
    check(
        contrast.texts() > NODES
            && contrast.shapes() > NODES
            && contrast.lowest() >= LEAST_TEXT_CONTRAST
            && contrast.lowestShape() >= LEAST_SHAPE_CONTRAST,
        theme + ": " + contrast);
  }

  /** Tab until the field has the focus, the key, Enter. */
  private void search(Chromium browser, URI page) throws IOException, InterruptedException {
    browser.open(page);
    int tabs = 0;
    do {
      browser.press("Tab");
      tabs++;
    } while (tabs < MAX_TABS
        && !browser.evaluate("document.activeElement.id").asText().equals("key"));
    browser.type("www.example.org");
    browser.forget();
    browser.press("Enter");
    browser.await("location.pathname === '/page/key' && document.readyState === 'complete'");
    String said = browser.evaluate("document.querySelector('main').innerText").asText();
    System.out.println(
        "search with " + tabs + " times Tab, the key and Enter: " + said.lines().toList());
    check(
        said.contains("192.0.2.7") && said.matches("(?s).*Nodes below that have it: 10 of 11\\..*"),
        "the search says " + said);
    judge(browser, page);
  }

  private void check(boolean holds, String otherwise) {
    if (!holds) {
      wrong.add(otherwise);
    }
  }
}
