package dev.quicksilver.cli.command;

import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.tls.CertificateAuthority;
import dev.quicksilver.tls.TlsFiles;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Makes certificates for trying TLS, and for installations without an authority of their own. */
@Command(
    name = "certificates",
    description = {
      "Makes a certificate for each node, and the authority that signs them if it is not there.",
      "Running it again renews them: nodes take the new files without a restart."
    })
public final class CertificatesCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(index = "0", paramLabel = "DIRECTORY", description = "Where the files are put.")
  private Path directory;

  @Parameters(
      index = "1..*",
      arity = "1..*",
      paramLabel = "NAME",
      description = "Names of nodes, or of users of a bridge.")
  private List<String> nodes;

  @Option(
      names = "--host",
      paramLabel = "HOST",
      description =
          "A host name or address under which the node is reached, for clients that check it"
              + " (sslmode=verify-full). May be given several times.")
  private List<String> hosts = List.of();

  @Option(
      names = "--days",
      paramLabel = "DAYS",
      defaultValue = "365",
      description = "How long they are valid. Default: ${DEFAULT-VALUE}.")
  private int days;

  @SuppressWarnings("NullAway.Init") // picocli fills the fields before it calls
  CertificatesCommand() {}

  @Override
  public Integer call() throws Exception {
    CertificateAuthority authority = CertificateAuthority.openOrCreate(directory);
    PrintWriter out = spec.commandLine().getOut();
    Instant now = Instant.now();
    for (String node : nodes) {
      // A minute in the past, for machines whose clocks are a little behind.
      TlsFiles files =
          authority.issue(node, hosts, now.minusSeconds(60), now.plus(Duration.ofDays(days)));
      out.println("# " + node);
      out.println("tls-certificate = \"" + files.certificate() + "\"");
      out.println("tls-key = \"" + files.key() + "\"");
      out.println("tls-authorities = [\"" + files.authorities().getFirst() + "\"]");
    }
    out.flush();
    return ExitCode.OK;
  }
}
