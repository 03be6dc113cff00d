package dev.quicksilver.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.cli.config.Endpoint;
import dev.quicksilver.cli.process.Health;
import dev.quicksilver.cli.process.Healths;
import dev.quicksilver.cli.process.HttpEndpoint;
import dev.quicksilver.tls.CertificateAuthority;
import dev.quicksilver.tls.ServerTls;
import dev.quicksilver.tls.TlsFiles;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Who may scrape from another machine, and what is refused before anything listens. */
final class HttpListenersTest {
  private static final String TOKEN = "0123456789abcdef0123456789abcdef";

  @TempDir private Path directory;

  private String refusal(String... more) {
    StringWriter err = new StringWriter();
    CommandLine commands = Quicksilver.commandLine();
    commands.setOut(new PrintWriter(new StringWriter()));
    commands.setErr(new PrintWriter(err));
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "replica",
                "--data-directory=" + directory.resolve("data"),
                "--replication-listen=127.0.0.1:0",
                "--replication-upstreams=root@127.0.0.1:1"));
    arguments.addAll(List.of(more));
    assertThat(commands.execute(arguments.toArray(String[]::new))).as(err.toString()).isEqualTo(2);
    return err.toString();
  }

  @Test
  void refusesWhatIsNotSafe() throws Exception {
    assertThat(refusal("--http-listen=0.0.0.0:0"))
        .contains("http.tls-certificate", "http.token-file", "http.insecure");
    Path token = Files.writeString(directory.resolve("token"), TOKEN + "\n");
    assertThat(refusal("--http-listen=0.0.0.0:0", "--http-token-file=" + token))
        .contains("http.tls-certificate");
    assertThat(refusal("--http-listen=127.0.0.1:0", "--http-token-file=" + token))
        .contains("for this machine alone");
    Path poor = Files.writeString(directory.resolve("poor"), "secret\n");
    assertThat(refusal("--http-listen=0.0.0.0:0", "--http-token-file=" + poor))
        .contains(poor.toString(), "openssl rand -hex 32");
    assertThat(refusal("--http-listen=0.0.0.0:0", "--http-token-file=" + directory.resolve("none")))
        .contains("http.token-file: there is no file " + directory.resolve("none"));
    assertThat(refusal("--http-listen=0.0.0.0:0", "--http-tls-key=" + token))
        .contains("http.tls-certificate");
  }

  @Test
  void answersThoseWhoBearTheToken() throws Exception {
    CertificateAuthority authority = CertificateAuthority.openOrCreate(directory);
    Instant now = Instant.now();
    TlsFiles files =
        authority.issue("edge-1", List.of("127.0.0.1"), now.minusSeconds(60), now.plusSeconds(900));
    TlsFiles server = new TlsFiles(files.certificate(), files.key(), List.of());
    try (ServerTls tls = ServerTls.load(server);
        Health health = Healths.near();
        HttpEndpoint http =
            HttpEndpoint.open(
                new Endpoint("127.0.0.1", 0),
                Optional.of(tls),
                Optional.of(TOKEN),
                health,
                () -> AlertRulesTest.STATUS);
        HttpClient client =
            HttpClient.newBuilder().sslContext(trusting(files.authorities().getFirst())).build()) {
      assertThat(get(client, http, "/metrics", Optional.empty()).statusCode()).isEqualTo(401);
      assertThat(get(client, http, "/status", Optional.of("Bearer wrong")).statusCode())
          .isEqualTo(401);
      HttpResponse<String> metrics = get(client, http, "/metrics", Optional.of("Bearer " + TOKEN));
      assertThat(metrics.statusCode()).isEqualTo(200);
      assertThat(metrics.body()).contains("quicksilver_");
      for (String path : List.of("/livez", "/readyz", "/freshz", "/freshz?within=3s")) {
        assertThat(get(client, http, path, Optional.empty()).statusCode()).isEqualTo(401);
        assertThat(get(client, http, path, Optional.of("Bearer " + TOKEN)).body())
            .as(path)
            .isEqualTo("ok\n");
      }
      HttpResponse<String> old =
          get(client, http, "/freshz?within=1s", Optional.of("Bearer " + TOKEN));
      assertThat(old.statusCode()).isEqualTo(503);
      assertThat(old.body()).isEqualTo("dns may be 2500 ms behind the root, more than 1000\n");
      for (String wrong : List.of("within=1", "within=", "within=-1s", "withi", "within=1s&x=1")) {
        assertThat(
                get(client, http, "/freshz?" + wrong, Optional.of("Bearer " + TOKEN)).statusCode())
            .as(wrong)
            .isEqualTo(400);
      }
      assertThat(get(client, http, "/healthz", Optional.of("Bearer " + TOKEN)).body())
          .isEqualTo("ok\n");
      assertThat(get(client, http, "/get", Optional.of("Bearer " + TOKEN)).statusCode())
          .isEqualTo(404);
    }
  }

  private static HttpResponse<String> get(
      HttpClient client, HttpEndpoint http, String path, Optional<String> token) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("https://" + http.address() + path))
            .timeout(Duration.ofSeconds(60));
    token.ifPresent(value -> request.header("Authorization", value));
    return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  private static SSLContext trusting(Path authority) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    try (InputStream pem = Files.newInputStream(authority)) {
      store.setCertificateEntry(
          "ca", CertificateFactory.getInstance("X.509").generateCertificate(pem));
    }
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }
}
