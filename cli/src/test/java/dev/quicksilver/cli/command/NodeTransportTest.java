package dev.quicksilver.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.cli.Quicksilver;
import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.Setting;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.Lifecycle;
import dev.quicksilver.cli.process.NodeStatus.CertificateReport;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** From the settings to TLS, and what is said when they are not right. */
final class NodeTransportTest {
  private static final String UPSTREAM = "--replication-upstreams=root@127.0.0.1:1";

  @TempDir private Path directory;

  private record Outcome(int code, String out, String err) {}

  private static Outcome run(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine commands = Quicksilver.commandLine();
    commands.setOut(new PrintWriter(out));
    commands.setErr(new PrintWriter(err));
    int code = commands.execute(arguments);
    return new Outcome(code, out.toString(), err.toString());
  }

  private Outcome replica(String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "replica",
                "--node-name=edge-1",
                "--data-directory=" + directory.resolve("data"),
                "--http-listen=127.0.0.1:0"));
    arguments.addAll(List.of(more));
    return run(arguments.toArray(String[]::new));
  }

  private Path file(String name) {
    return directory.resolve("tls").resolve(name);
  }

  private void makeCertificates() {
    assertThat(run("certificates", file("").toString(), "edge-1", "root").code())
        .isEqualTo(ExitCode.OK);
  }

  @Test
  void makesCertificatesThatANodeCanUseAndPrintsItsSettings() throws Exception {
    Outcome made = run("certificates", file("").toString(), "edge-1", "--days", "90");
    assertThat(made.code()).isEqualTo(ExitCode.OK);
    assertThat(made.out())
        .contains("tls-certificate = \"" + file("edge-1.pem") + "\"")
        .contains("tls-authorities = [\"" + file("ca.pem") + "\"]");
    for (String key : List.of("ca-key.pem", "edge-1-key.pem")) {
      assertThat(Files.getPosixFilePermissions(file(key)))
          .isEqualTo(PosixFilePermissions.fromString("rw-------"));
    }
    Map<Setting<?>, String> flags =
        Map.of(
            Settings.NODE_NAME, "edge-1",
            Settings.REPLICATION_TLS_CERTIFICATE, file("edge-1.pem").toString(),
            Settings.REPLICATION_TLS_KEY, file("edge-1-key.pem").toString(),
            Settings.REPLICATION_TLS_AUTHORITIES, file("ca.pem").toString());
    try (Lifecycle lifecycle = new Lifecycle()) {
      NodeTransport transport =
          NodeTransport.open(lifecycle, Configuration.load(Optional.empty(), Map.of(), flags));
      assertThat(transport.transport.isSecure()).isTrue();
      CertificateReport report = transport.certificates().getFirst();
      assertThat(report.secondsLeft()).isBetween(89L * 86_400, 90L * 86_400);
      assertThat(report.problem()).isEmpty();
    }
  }

  @Test
  void halfOfTlsIsRefusedByTheNameOfWhatIsMissing() {
    Outcome outcome = replica(UPSTREAM, "--replication-tls-certificate=" + file("edge-1.pem"));
    assertThat(outcome.code()).isEqualTo(ExitCode.USAGE);
    assertThat(outcome.err())
        .contains("replication.tls-certificate is set and replication.tls-authorities is not");
    assertThat(replica(UPSTREAM, "--replication-followers=edge-*").err())
        .contains("replication.followers is set and replication.tls-certificate is not");
    assertThat(directory.resolve("data")).doesNotExist();
  }

  @Test
  void aFileThatCannotBeUsedIsAMistakeInTheConfiguration() {
    makeCertificates();
    Outcome outcome =
        replica(
            UPSTREAM,
            "--replication-tls-certificate=" + file("root.pem"),
            "--replication-tls-key=" + file("root-key.pem"),
            "--replication-tls-authorities=" + file("ca.pem"));
    assertThat(outcome.code()).isEqualTo(ExitCode.USAGE);
    assertThat(outcome.err())
        .contains(file("root.pem").toString(), "\"root\"", "\"edge-1\"")
        .hasLineCount(1);
  }

  @Test
  void leavingTheMachineWithoutTlsIsRefusedWithTheSettingsToMake() {
    Outcome listening = replica("--replication-listen=0.0.0.0:0", UPSTREAM);
    assertThat(listening.code()).isNotEqualTo(ExitCode.OK);
    assertThat(listening.err()).contains("0.0.0.0:0", "replication.tls-certificate");
    Outcome pulling =
        replica("--replication-listen=127.0.0.1:0", "--replication-upstreams=192.0.2.1:7400");
    assertThat(pulling.err()).contains("192.0.2.1:7400", "replication.tls-certificate");
  }
}
