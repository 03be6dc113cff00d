package dev.quicksilver.cli.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.quicksilver.cli.config.Endpoint;
import dev.quicksilver.cli.page.Pages.Page;
import dev.quicksilver.cli.process.Health;
import dev.quicksilver.cli.process.Healths;
import dev.quicksilver.cli.process.HttpEndpoint;
import dev.quicksilver.cli.process.Json;
import dev.quicksilver.cli.process.NodeStatus;
import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Position;
import gg.jte.TemplateEngine;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Element;

/** The page over HTTP, of databases that are there. */
final class StatusPageTest {
  private static final String SCRIPT = "<script>\"'&</script>";

  @TempDir private Path data;

  private DatabaseSet databases;
  private long lsn;
  private HttpEndpoint here;
  private HttpEndpoint others;
  private final HttpClient client = HttpClient.newHttpClient();
  private volatile Statuses status = Statuses.root();

  @BeforeEach
  void start() {
    databases = DatabaseSet.open(data, StorageOptions.DEFAULT);
    databases.create(new DatabaseIdentity(new UUID(1, 1), "dns", "text", "text"));
    StatusPage page =
        StatusPage.of(
            () -> status.status(), Optional.of(databases), InstantSource.fixed(Pages.NOW));
    here = HttpEndpoint.local(new Endpoint("127.0.0.1", 0), Healths.near(), () -> status.status());
    page.serveHere(here);
    others =
        HttpEndpoint.open(
            new Endpoint("127.0.0.1", 0),
            Optional.empty(),
            Optional.empty(),
            Healths.near(),
            () -> status.status());
    page.serveOthers(others);
  }

  @AfterEach
  void stop() {
    client.close();
    here.close();
    others.close();
    databases.close();
  }

  private void write(Consumer<Appender> entries) {
    Database dns = databases.get("dns").orElseThrow();
    try (Appender appender = dns.append()) {
      appender.begin(++lsn, 1_700_000_000_000_000L);
      entries.accept(appender);
      appender.end(new Position(1, 1, ++lsn));
      appender.commit();
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private HttpResponse<byte[]> ask(HttpEndpoint http, String path) throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create("http://" + http.address() + path))
            .timeout(Duration.ofSeconds(60))
            .build(),
        BodyHandlers.ofByteArray());
  }

  private Page page(String path, int status) throws Exception {
    HttpResponse<byte[]> answer = ask(here, path);
    assertThat(answer.statusCode()).as(path).isEqualTo(status);
    assertThat(answer.headers().firstValue("Content-Type")).hasValue("text/html; charset=utf-8");
    assertThat(answer.headers().firstValue("Content-Security-Policy"))
        .hasValueSatisfying(
            policy ->
                assertThat(policy)
                    .startsWith("default-src 'none'; style-src 'sha256-")
                    .contains("form-action 'self'", "frame-ancestors 'none'"));
    assertThat(answer.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
    assertThat(answer.headers().firstValue("Cache-Control")).hasValue("no-store");
    return Pages.read(answer.body());
  }

  private static String main(Page page) {
    return page.all("main").getFirst().getTextContent().replaceAll("\\s+", " ").strip();
  }

  @Test
  void isAtTheRootAndNowhereElse() throws Exception {
    assertThat(page("/", 200).text()).contains("No node below root is known.");
    for (String path : List.of("/nothing", "/page", "/page/", "/index.html")) {
      HttpResponse<byte[]> answer = ask(here, path);
      assertThat(answer.statusCode()).as(path).isEqualTo(404);
      assertThat(answer.headers().firstValue("Content-Type")).hasValue("text/plain; charset=utf-8");
      assertThat(answer.body()).asString().isEqualTo("there is nothing at this address\n");
    }
    assertThat(raw(here, "POST /nothing HTTP/1.1\r\nContent-Length: 0", "localhost"))
        .startsWith("HTTP/1.1 404 ");
    assertThat(main(page("/page/keys?key=a", 404))).isNotEmpty();
    assertThat(page("/?refresh=5", 200).html()).contains("content=\"5\"");
  }

  @Test
  void showsTheNewestEntriesFirst() throws Exception {
    write(
        entries -> {
          for (int i = 1; i <= 70; i++) {
            entries.set(bytes("key-" + i), bytes("value-" + i));
          }
          entries.delete(bytes("key-3"));
          entries.set(bytes(SCRIPT), new byte[] {1, (byte) 0xff});
          entries.clear();
        });
    Page page = page("/page/log?database=dns", 200);
    List<List<String>> rows =
        page.all("tr").stream()
            .skip(1)
            .map(row -> Page.children(row).stream().map(Element::getTextContent).toList())
            .toList();
    assertThat(rows).hasSize(50);
    assertThat(rows.get(0)).containsExactly("73", "2023-11-14 22:13:20 UTC", "CLEAR", "", "");
    assertThat(rows.get(1))
        .containsExactly("72", "2023-11-14 22:13:20 UTC", "SET", SCRIPT, "\\x01ff");
    assertThat(rows.get(2)).contains("71", "DEL", "key-3");
    assertThat(rows.get(49)).contains("24", "SET", "key-24", "value-24");
    assertThat(page.text()).contains("the last 50 entries of the log");
    String link =
        page.all("a").stream()
            .map(a -> a.getAttribute("href"))
            .filter(href -> href.contains("script"))
            .findFirst()
            .orElseThrow();
    assertThat(page(link, 200).all("h1").getFirst().getTextContent())
        .isEqualTo("Key " + SCRIPT + " of dns");
  }

  @Test
  void saysWhereAKeyStands() throws Exception {
    write(
        entries -> {
          entries.set(bytes("a"), bytes("one"));
          entries.set(bytes("b"), bytes("two\n<b>lines</b>"));
        });
    status =
        Statuses.root()
            .below("dns", "ahead", "fra", "root", "STREAMING", 7, 0, 0)
            .below("dns", "just", "lis", "root", "STREAMING", 2, 0, 0)
            .below("dns", "late", "sin", "root", "COPYING", 1, 1, 20)
            .below("other", "late", "sin", "root", "STREAMING", 9, 0, 0);
    Page page = page("/page/key?database=dns&as=text&key=b", 200);
    assertThat(main(page))
        .contains("Set by entry 2, committed at 2023-11-14 22:13:20 UTC.")
        .contains("16 bytes", "Nodes below that have it: 2 of 3.");
    page("/", 200); // which has seen them
    status = Statuses.root().below("dns", "just", "lis", "root", "STREAMING", 2, 0, 0);
    Page fewer = page("/page/key?database=dns&as=text&key=b", 200);
    assertThat(main(fewer)).contains("Nodes below that have it: 1 of 3.");
    assertThat(fewer.rows("places"))
        .contains(List.of("late", "sin", "not known", "", "not heard of"));
    assertThat(page.all("pre").getFirst().getTextContent()).isEqualTo("two\n<b>lines</b>");
    assertThat(page.rows("places"))
        .containsExactly(
            List.of("late", "sin", "not yet", "1", "COPYING"),
            List.of("just", "lis", "yes", "2", "STREAMING"),
            List.of("ahead", "fra", "yes", "7", "STREAMING"));
  }

  @Test
  void saysWhenAKeyWasRemoved() throws Exception {
    write(
        entries -> {
          entries.set(bytes("a"), bytes("one"));
          entries.delete(bytes("a"));
          entries.set(bytes("b"), bytes("two"));
        });
    status = Statuses.root().below("dns", "late", "sin", "root", "STREAMING", 1, 2, 20);
    assertThat(main(page("/page/key?database=dns&key=a", 200)))
        .contains("entry 2 (DEL) removed it", "Nodes below that have it: 0 of 1.");
    assertThat(main(page("/page/key?database=dns&key=never", 200)))
        .contains(
            "It is not there, and all 3 entries of the log, from number 1 on, do not" + " say");
    write(Appender::clear);
    assertThat(main(page("/page/key?database=dns&key=never", 200)))
        .contains("entry 4 (CLEAR) removed it");
  }

  @Test
  void looksAtTheEndOfALongLogAlone() throws Exception {
    write(
        entries -> {
          entries.set(bytes("gone"), bytes("x"));
          entries.delete(bytes("gone"));
          for (int i = 0; i < NewestEntries.MOST; i++) {
            entries.set(bytes("k" + i % 10), bytes("v" + i));
          }
        });
    assertThat(main(page("/page/key?database=dns&key=gone", 200)))
        .contains("the last 10,000 entries of the log do not say");
    assertThat(main(page("/page/key?database=dns&key=k1", 200))).contains("Set by entry 9,994");
    write(entries -> entries.delete(bytes("k1")));
    assertThat(main(page("/page/key?database=dns&key=k1", 200))).contains("entry 10,003 (DEL)");
  }

  @Test
  void showsBinaryKeysAndLargeValuesInPart() throws Exception {
    byte[] key = {0, 0, 0, 7};
    write(
        entries -> {
          entries.set(key, bytes("ä".repeat(100_000)));
          entries.set(bytes("\u0001<é>"), new byte[300_000]);
          entries.set(bytes("bin"), new byte[] {(byte) 0x80, 1});
        });
    Page large = page("/page/key?database=dns&as=hex&key=00000007", 200);
    assertThat(large.all("pre").getFirst().getTextContent()).isEqualTo("ä".repeat(4096) + "…");
    assertThat(main(large)).contains("200,000 bytes; the first 4,096 characters are shown");
    Page escaped = page("/page/key?database=dns&key=" + encoded("\u0001<é>"), 200);
    assertThat(escaped.all("h1").getFirst().getTextContent()).contains("\\u0001<é>");
    assertThat(escaped.all("pre").getFirst().getTextContent()).startsWith("\\u0000\\u0000");
    assertThat(page("/page/key?database=dns&as=hex&key=" + encoded("\\x62696e"), 200).all("pre"))
        .extracting(Element::getTextContent)
        .containsExactly("\\x8001");
  }

  @Test
  void keepsVerifiersOfPasswordsOffTheScreen() throws Exception {
    databases.create(new DatabaseIdentity(new UUID(2, 2), "quicksilver", "text", "text"));
    try (Appender appender = databases.get("quicksilver").orElseThrow().append()) {
      appender.begin(1, 1);
      appender.set(bytes("role:bob"), bytes("SCRAM-SHA-256$4096:c2FsdA==$a:b"));
      appender.end(new Position(1, 1, 2));
      appender.commit();
    }
    for (String path :
        List.of("/page/log?database=quicksilver", "/page/key?database=quicksilver&key=role:bob")) {
      Page page = page(path, 200);
      assertThat(page.text()).contains("31 bytes, not shown here").doesNotContain("SCRAM");
    }
  }

  @Test
  void refusesWhatCannotBeAnswered() throws Exception {
    assertThat(main(page("/page/log?database=" + encoded(SCRIPT), 404)))
        .contains("There is no database \"" + SCRIPT + "\" on this node.");
    assertThat(main(page("/page/log", 404))).contains("no database");
    assertThat(main(page("/page/key?database=dns&key=%ff", 400))).contains("no UTF-8");
    assertThat(main(page("/page/key?database=dns&key=", 400))).contains("1 to 511 bytes");
    assertThat(main(page("/page/key?database=dns&key=" + "k".repeat(512), 400)))
        .contains("this one has 512");
    assertThat(main(page("/page/key?database=dns&as=hex&key=abc", 400))).contains("even number");
    assertThat(main(page("/page/key?database=dns&as=octal&key=abc", 400))).contains("text or hex");
    assertThat(main(page("/page/key?database=dns&key=" + "k".repeat(9000), 414)))
        .contains("more than 8192 characters");
    assertThat(main(page("/?refresh=0", 400))).contains("from 2 to 3600");
    assertThat(main(page("/?refresh=x", 400))).contains("from 2 to 3600");
    assertThat(main(page("/?a=b", 400))).contains("no parameter \"a\"");
    assertThat(main(page("/page/key?key=a&key=b&database=dns", 400))).contains("twice");
    assertThat(raw(here, "GET /page/key?database=dns&key=%zz HTTP/1.1", "localhost"))
        .startsWith("HTTP/1.1 400 ");
    HttpResponse<byte[]> post =
        client.send(
            HttpRequest.newBuilder(URI.create("http://" + here.address() + "/"))
                .POST(HttpRequest.BodyPublishers.noBody())
                .build(),
            BodyHandlers.ofByteArray());
    assertThat(post.statusCode()).isEqualTo(405);
  }

  @Test
  void refusesADatabaseThatIsWithheld() throws Exception {
    write(entries -> entries.set(bytes("a"), bytes("secret")));
    databases.withhold("dns", "it was contradicted");
    for (String path : List.of("/page/log?database=dns", "/page/key?database=dns&key=a")) {
      assertThat(main(page(path, 409))).contains("it was contradicted").doesNotContain("secret");
    }
  }

  @Test
  void showsOthersNoValues() throws Exception {
    write(entries -> entries.set(bytes("a"), bytes("secret")));
    HttpResponse<byte[]> answer = ask(others, "/");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(Pages.read(answer.body()).text()).contains("through an SSH tunnel");
    assertThat(ask(others, "/page/log?database=dns").statusCode()).isEqualTo(404);
    assertThat(ask(others, "/page/key?database=dns&key=a").statusCode()).isEqualTo(404);
  }

  @Test
  void answersNoPageOfAnotherName() throws Exception {
    here.serve("/get", _ -> HttpEndpoint.Answer.text(200, "secret"));
    here.serveAction("/do", _ -> HttpEndpoint.Answer.text(200, "secret"));
    String port = here.address().substring(here.address().indexOf(':'));
    for (String host :
        List.of(
            "localhost",
            "LOCALHOST:80",
            "127.0.0.1" + port,
            "127.9.9.9:1",
            "[::1]" + port,
            "[::1]")) {
      assertThat(raw(here, "GET /get HTTP/1.1", host)).as(host).startsWith("HTTP/1.1 200 ");
    }
    for (String host :
        List.of(
            "evil.example",
            "evil.example" + port,
            "127.0.0.1.evil.example" + port,
            "localhost.evil.example",
            "0.0.0.0" + port,
            "10.0.0.1",
            "[2001:db8::1]:80",
            "[::1].evil.example",
            "")) {
      for (String request :
          List.of(
              "GET / HTTP/1.1",
              "GET /status HTTP/1.1",
              "GET /get HTTP/1.1",
              "GET /page/log?database=dns HTTP/1.1",
              "GET http://localhost/get HTTP/1.1",
              "POST /do HTTP/1.1\r\nQuicksilver-Action: yes\r\nContent-Length: 0")) {
        assertThat(raw(here, request, host))
            .as(request + " of " + host)
            .startsWith("HTTP/1.1 421 ")
            .contains("this machine alone")
            .doesNotContain("secret");
      }
    }
    assertThat(raw(here, "GET /get HTTP/1.1\r\nHost: localhost", "evil.example"))
        .startsWith("HTTP/1.1 421 ");
    assertThat(raw(here, "GET /healthz HTTP/1.1", "evil.example")).startsWith("HTTP/1.1 200 ");
    assertThat(raw(here, "GET /metrics HTTP/1.1", "evil.example")).startsWith("HTTP/1.1 200 ");
    assertThat(raw(others, "GET / HTTP/1.1", "node-7.example")).startsWith("HTTP/1.1 200 ");
  }

  @Test
  void answersAtTheNameThatIsListenedAt() throws Exception {
    try (ServerSocket any = new ServerSocket(0, 1, InetAddress.ofLiteral("::1"))) {
      assertThat(any.isBound()).isTrue();
    } catch (IOException e) {
      System.out.println("skipped: this machine has no address ::1 (" + e.getMessage() + ")");
      abort("this machine has no address ::1");
    }
    try (HttpEndpoint six =
        HttpEndpoint.local(new Endpoint("::1", 0), Healths.near(), () -> status.status())) {
      assertThat(raw(six, "GET /status HTTP/1.1", "[0:0:0:0:0:0:0:1]:9"))
          .startsWith("HTTP/1.1 200");
    }
  }

  /** What comes back for a request that no client would send. */
  private static String raw(HttpEndpoint http, String request, String host) throws IOException {
    URI address = URI.create("http://" + http.address());
    try (Socket socket =
        new Socket(address.getHost().replaceAll("[\\[\\]]", ""), address.getPort())) {
      socket.setSoTimeout(60_000);
      OutputStream out = socket.getOutputStream();
      out.write(bytes(request + "\r\nHost: " + host + "\r\nConnection: close\r\n\r\n"));
      out.flush();
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** Says which classes it has loaded. */
  private static final class Watched extends URLClassLoader {
    Watched() {
      super(
          Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
              .map(
                  entry -> {
                    try {
                      return Path.of(entry).toUri().toURL();
                    } catch (IOException e) {
                      throw new UncheckedIOException(e);
                    }
                  })
              .toArray(URL[]::new),
          ClassLoader.getPlatformClassLoader());
    }

    boolean has(Class<?> type) {
      return findLoadedClass(type.getName()) != null;
    }

    Class<?> load(Class<?> type) throws ClassNotFoundException {
      return Class.forName(type.getName(), true, this);
    }
  }

  @Test
  void loadsTheTemplatesWithTheFirstPage() throws Exception {
    try (Watched loader = new Watched()) {
      Object mapper = loader.load(Json.class).getField("MAPPER").get(null);
      Object said =
          mapper
              .getClass()
              .getMethod("readValue", String.class, Class.class)
              .invoke(mapper, Statuses.root().toString(), loader.load(NodeStatus.class));
      Supplier<Object> reporter = () -> said;
      Class<?> endpoint = loader.load(Endpoint.class);
      Class<?> http = loader.load(HttpEndpoint.class);
      Class<?> page = loader.load(StatusPage.class);
      try (AutoCloseable server =
          (AutoCloseable)
              http.getMethod("local", endpoint, loader.load(Health.class), Supplier.class)
                  .invoke(
                      null,
                      endpoint.getConstructor(String.class, int.class).newInstance("127.0.0.1", 0),
                      null, // it is not asked for
                      reporter)) {
        page.getMethod("serveHere", http)
            .invoke(
                page.getMethod("of", Supplier.class, Optional.class, InstantSource.class)
                    .invoke(null, reporter, Optional.empty(), InstantSource.system()),
                server);
        assertThat(loader.has(Html.class)).isFalse();
        assertThat(loader.has(TemplateEngine.class)).isFalse();
        URI address = URI.create("http://" + http.getMethod("address").invoke(server) + "/");
        assertThat(
                client
                    .send(HttpRequest.newBuilder(address).build(), BodyHandlers.discarding())
                    .statusCode())
            .isEqualTo(200);
        assertThat(loader.has(TemplateEngine.class)).isTrue();
      }
    }
  }
}
