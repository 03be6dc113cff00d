package dev.quicksilver.cli.doctor;

import dev.quicksilver.cli.command.ConfigurationFlags;
import dev.quicksilver.cli.command.VersionCommand;
import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.Role;
import dev.quicksilver.cli.config.Settings;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Looks for what is wrong with an installation, before and after. */
@Command(
    name = "doctor",
    description = {
      "Looks for what would keep a node from starting or from its work, and says the cure of each:"
          + " before the installation and after it. Changes nothing.",
      "Ends with 0 if there is no error (there may be warnings), with 1 if there is one, and with 2"
          + " if the configuration itself cannot be read."
    })
public final class DoctorCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(
      arity = "0..1",
      paramLabel = "ROLE",
      description =
          "What runs with this configuration: root, replica, serve or bridge. Without it: a root if"
              + " a PostgreSQL is configured, else a replica if upstreams are.")
  private @Nullable String role;

  @Option(names = "--json", description = "Print the findings as one JSON document.")
  private boolean json;

  @SuppressWarnings("NullAway.Init") // picocli fills the fields before it calls
  public DoctorCommand() {}

  @Override
  public Integer call() throws Exception {
    Configuration configuration = ConfigurationFlags.load(spec, System.getenv());
    var context = new Context(role(configuration), configuration, Path.of("/"));
    List<Finding> findings =
        Examination.run(Checks.of(context.role()), context, Examination.LONGEST);
    Report report = Report.of(VersionCommand.version(), context, findings);
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(report.json());
    } else {
      report.print(out);
    }
    out.flush();
    return report.exitCode();
  }

  private Role role(Configuration configuration) {
    String known =
        Arrays.stream(Role.values()).map(Role::command).collect(Collectors.joining(", "));
    if (role != null) {
      return Arrays.stream(Role.values())
          .filter(each -> each.command().equals(role))
          .findFirst()
          .orElseThrow(
              () ->
                  new ParameterException(
                      spec.commandLine(),
                      "there is no role \"" + role + "\": give one of " + known));
    }
    if (configuration.find(Settings.POSTGRES_URL).isPresent()
        || configuration.get(Settings.POSTGRES_EMBEDDED)) {
      return Role.ROOT;
    }
    if (!configuration.get(Settings.REPLICATION_UPSTREAMS).isEmpty()) {
      return Role.REPLICA;
    }
    throw new ParameterException(
        spec.commandLine(),
        "the configuration names neither a PostgreSQL nor upstreams: say what runs with it, one of "
            + known);
  }
}
