package dev.quicksilver.cli;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.cli.config.Endpoint;
import dev.quicksilver.cli.page.StatusPage;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.Health;
import dev.quicksilver.cli.process.Healths;
import dev.quicksilver.cli.process.HttpEndpoint;
import dev.quicksilver.fixtures.JavaCommand;
import dev.quicksilver.tls.CertificateAuthority;
import dev.quicksilver.tls.ServerTls;
import dev.quicksilver.tls.TlsFiles;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Commands ask a node of another machine by TLS and with a token, and say what stands between. */
final class AskOverTlsTest {
  private static final String TOKEN = "0123456789abcdef0123456789abcdef";

  @TempDir private Path directory;
  private Path authority;
  private Path token;
  private ServerTls tls;
  private Health health;
  private HttpEndpoint node;
  private int port;

  @BeforeEach
  void startANode() throws IOException {
    CertificateAuthority own = CertificateAuthority.openOrCreate(directory);
    Instant now = Instant.now();
    TlsFiles files =
        own.issue("edge-1", List.of("127.0.0.1"), now.minusSeconds(60), now.plusSeconds(3600));
    authority = files.authorities().getFirst();
    token = secret("token", TOKEN);
    tls = ServerTls.load(new TlsFiles(files.certificate(), files.key(), List.of()));
    health = Healths.near();
    node = open(tls);
    port = port(node);
  }

  @AfterEach
  void stop() {
    node.close();
    health.close();
    tls.close();
  }

  private HttpEndpoint open(ServerTls with) {
    HttpEndpoint http =
        HttpEndpoint.open(
            new Endpoint("127.0.0.1", 0),
            Optional.of(with),
            Optional.of(TOKEN),
            health,
            () -> AlertRulesTest.STATUS);
    StatusPage.of(() -> AlertRulesTest.STATUS, Optional.empty(), InstantSource.system())
        .serveOthers(http);
    return http;
  }

  private static int port(HttpEndpoint http) {
    String address = http.address();
    return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
  }

  private Path secret(String name, String text) throws IOException {
    Path file = Files.writeString(directory.resolve(name), text + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
    return file;
  }

  private record Run(int exitCode, String out, String err) {}

  private static Run run(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine commands = Quicksilver.commandLine();
    commands.setOut(new PrintWriter(out));
    commands.setErr(new PrintWriter(err));
    return new Run(commands.execute(arguments), out.toString(), err.toString());
  }

  /** Runs a command with the token and the authority. */
  private Run ask(String... command) {
    List<String> arguments = new ArrayList<>(List.of(command));
    arguments.addAll(
        List.of(
            "--node=https://127.0.0.1:" + port, "--token-file=" + token, "--ca-file=" + authority));
    return run(arguments.toArray(String[]::new));
  }

  private static void assertRefused(Run run, int exitCode, String... words) {
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).contains(words).hasLineCount(1).doesNotContain(TOKEN);
    assertThat(run.exitCode()).isEqualTo(exitCode);
  }

  @Test
  void statusAndTopShowANodeOfAnotherMachine() {
    Run status = ask("status");
    assertThat(status.err()).isEmpty();
    assertThat(status.out()).startsWith("replica edge-1 in lhr").contains("dns");
    assertThat(status.exitCode()).isEqualTo(ExitCode.OK);
    Run top = ask("top", "--once");
    assertThat(top.err()).isEmpty();
    assertThat(top.out()).startsWith("replica edge-1 in lhr at https://127.0.0.1:" + port);
  }

  @Test
  void theConfigurationSaysTheTokenAndWhomToTrust() throws IOException {
    Path file =
        Files.writeString(
            directory.resolve("replica.toml"),
            """
            http.token-file = "%s"
            replication.tls-authorities = ["%s"]
            """
                .formatted(token, authority));
    Run status = run("status", "--config=" + file, "--node=https://127.0.0.1:" + port + "/");
    assertThat(status.err()).isEmpty();
    assertThat(status.out()).startsWith("replica edge-1");

    Path other = secret("other", "ffffffffffffffffffffffffffffffff");
    assertRefused(
        run(
            "status",
            "--config=" + file,
            "--node=https://127.0.0.1:" + port,
            "--token-file=" + other),
        ExitCode.FAILURE,
        "does not take the token of --token-file " + other);
  }

  @Test
  void whatIsForTheNodesOwnMachineIsSaidToBe() {
    for (String[] command :
        new String[][] {
          {"log", "dns"}, {"get", "dns", "key"}, {"reload"}, {"switch-over"}, {"copy-anew", "dns"}
        }) {
      Run run = ask(command);
      assertThat(run.exitCode()).as(command[0]).isEqualTo(ExitCode.FAILURE);
      assertThat(run.out() + run.err())
          .as(command[0])
          .contains("has no /" + command[0] + " for other machines", "--data-directory");
    }
  }

  @Test
  void aTokenIsAskedFor() throws IOException {
    String https = "--node=https://127.0.0.1:" + port;
    assertRefused(
        run("status", https, "--ca-file=" + authority),
        ExitCode.FAILURE,
        "wants a token",
        "--token-file");
    for (String command : List.of("reload", "switch-over")) {
      Run run = run(command, https, "--ca-file=" + authority);
      assertThat(run.out() + run.err()).as(command).contains("wants a token");
    }
    assertRefused(
        run("status", https, "--ca-file=" + authority, "--token-file=" + directory.resolve("none")),
        ExitCode.USAGE,
        "--token-file: there is no file ");
    Path open = secret("open", TOKEN);
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rw-r--r--"));
    Run run = run("status", https, "--ca-file=" + authority, "--token-file=" + open);
    assertThat(run.err())
        .isEqualToNormalizingNewlines(
            "quicksilver: every user of this machine can read the token in %s: chmod o-rwx %s\n"
                .formatted(open, open));
    assertThat(run.exitCode()).isEqualTo(ExitCode.OK);
  }

  @Test
  void aNodeThatIsNotProvenGetsNoToken() throws IOException {
    String flag = "--token-file=" + token;
    assertRefused(
        run("status", "--node=https://127.0.0.1:" + port, flag),
        ExitCode.FAILURE,
        "not signed by an authority that Java knows",
        "--ca-file");
    Path stranger =
        CertificateAuthority.openOrCreate(directory.resolve("stranger"))
            .issue("edge-1", List.of(), Instant.now(), Instant.now().plusSeconds(3600))
            .authorities()
            .getFirst();
    assertRefused(
        run("status", "--node=https://127.0.0.1:" + port, flag, "--ca-file=" + stranger),
        ExitCode.FAILURE,
        "not signed by an authority in [" + stranger + "]",
        "--ca-file");
    assertRefused(
        run("status", "--node=https://localhost:" + port, flag, "--ca-file=" + authority),
        ExitCode.FAILURE,
        "certificate is not for localhost",
        "certificates … --host localhost");
    assertRefused(
        run("status", "--node=https://127.0.0.1:" + port, flag, "--ca-file=" + token),
        ExitCode.USAGE,
        token + " (authorities) has no certificate");
  }

  @Test
  void anExpiredCertificateIsCalledThat() throws IOException {
    Instant now = Instant.now();
    TlsFiles files =
        CertificateAuthority.openOrCreate(directory)
            .issue("old", List.of("127.0.0.1"), now.minusSeconds(900), now.minusSeconds(60));
    try (ServerTls old = ServerTls.load(new TlsFiles(files.certificate(), files.key(), List.of()));
        HttpEndpoint http = open(old)) {
      assertRefused(
          run(
              "status",
              "--node=https://127.0.0.1:" + port(http),
              "--token-file=" + token,
              "--ca-file=" + authority),
          ExitCode.FAILURE,
          "its certificate has expired",
          "renew it");
    }
  }

  @Test
  void tlsAndPlainTextAreToldApart() {
    assertRefused(
        run("status", "--node=127.0.0.1:" + port),
        ExitCode.FAILURE,
        "does not answer in HTTP",
        "--node https://127.0.0.1:" + port);
    try (HttpEndpoint plain =
        HttpEndpoint.local(new Endpoint("127.0.0.1", 0), health, () -> AlertRulesTest.STATUS)) {
      assertRefused(
          run(
              "status",
              "--node=https://127.0.0.1:" + port(plain),
              "--token-file=" + token,
              "--ca-file=" + authority),
          ExitCode.FAILURE,
          "If it has no TLS: leave https:// away");
      assertThat(run("status", "--node=http://127.0.0.1:" + port(plain)).out())
          .startsWith("replica edge-1");
    }
  }

  @Test
  void whoeverAnswersSomethingElseThanTlsIsToldApart() throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      Thread.ofVirtual().start(() -> greet(server));
      assertRefused(
          run(
              "status",
              "--node=https://127.0.0.1:" + server.getLocalPort(),
              "--token-file=" + token,
              "--ca-file=" + authority),
          ExitCode.FAILURE,
          "it speaks no TLS: leave https:// away");
    }
  }

  private static void greet(ServerSocket server) {
    try (Socket client = server.accept()) {
      client.getOutputStream().write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(US_ASCII));
      client.getInputStream().transferTo(OutputStream.nullOutputStream());
    } catch (IOException e) {
      // The command has gone.
    }
  }

  @Test
  void flagsThatDoNotGoTogetherAreRefusedBeforeAnythingIsSent() {
    assertRefused(
        run("status", "--node=192.0.2.1:7490", "--token-file=" + token),
        ExitCode.USAGE,
        "could read the token in plain text",
        "--node https://192.0.2.1:7490");
    assertRefused(
        run("status", "--node=127.0.0.1:7490", "--ca-file=" + authority),
        ExitCode.USAGE,
        "--ca-file checks nothing in plain text");
    assertRefused(
        run("get", "dns", "key", "--token-file=" + token),
        ExitCode.USAGE,
        "--token-file goes with --node https://HOST:PORT");
    assertRefused(
        run("status", "--node=https://edge-1"),
        ExitCode.USAGE,
        "\"https://edge-1\" is no address of a process");
  }

  /** TLS takes a tenth of a second to load. */
  @Test
  void aCommandThatAsksThisMachineLoadsNothingOfTls() throws Exception {
    try (HttpEndpoint plain =
        HttpEndpoint.local(new Endpoint("127.0.0.1", 0), health, () -> AlertRulesTest.STATUS)) {
      Process status =
          JavaCommand.process(
                  Quicksilver.class,
                  List.of("-Xlog:class+load:stdout"),
                  List.of("status", "--node=" + plain.address()))
              .redirectErrorStream(true)
              .start();
      String printed = new String(status.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(status.waitFor()).as(printed).isZero();
      assertThat(printed)
          .contains("replica edge-1 in lhr", "dev.quicksilver.cli.command.NodeClient");
      assertThat(
              printed
                  .lines()
                  .filter(
                      line ->
                          line.contains("javax.net.ssl.")
                              || line.contains("sun.security.ssl.")
                              || line.contains("dev.quicksilver.tls.")
                              || line.contains("NodeTls")))
          .isEmpty();
    }
  }
}
