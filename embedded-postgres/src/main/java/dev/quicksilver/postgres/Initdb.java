package dev.quicksilver.postgres;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How a data directory is made: UTF8, and the collation that sorts by bytes as the edge does.
 *
 * @param superuser the name of the first role
 * @param password the file with its password for TCP; without one TCP is refused to everybody
 * @param durable false to leave what is written to the operating system
 */
record Initdb(
    PostgresPrograms programs, String superuser, Optional<Path> password, boolean durable) {

  /** What data directories that are made in the same way have in common. */
  String fingerprint() {
    return programs.identity() + " " + String.join(" ", options());
  }

  /**
   * Makes {@code data}, which must not exist.
   *
   * @throws EmbeddedPostgresException with initdb's own words if it fails
   */
  void run(Path data, Privileges privileges) throws IOException, InterruptedException {
    Files.createDirectory(data, FileTrees.ownerOnlyDirectory());
    privileges.hand(data);
    if (password.isPresent()) {
      privileges.hand(password.get());
    }
    List<String> command = new ArrayList<>(privileges.prefix());
    command.add(programs.program("initdb"));
    command.addAll(List.of("-D", data.toString()));
    command.addAll(options());
    Path output = data.resolveSibling("initdb.log");
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().keySet().removeIf(Environment::isNotHandedOn);
    builder.environment().put("LC_ALL", "C");
    builder.redirectErrorStream(true).redirectOutput(output.toFile());
    if (builder.directory(data.toFile()).start().waitFor() != 0) {
      throw new EmbeddedPostgresException(
          "initdb failed in " + data + "; its output ends with:\n" + LogFiles.tail(output));
    }
    Files.delete(output);
  }

  private List<String> options() {
    List<String> options = new ArrayList<>();
    options.addAll(List.of("-U", superuser, "--encoding=UTF8", "--locale=C"));
    if (programs.hasBuiltinLocale()) {
      options.addAll(List.of("--locale-provider=builtin", "--builtin-locale=C.UTF-8"));
    }
    options.add("--auth-local=trust");
    options.add("--auth-host=" + (password.isPresent() ? "scram-sha-256" : "reject"));
    password.ifPresent(file -> options.add("--pwfile=" + file));
    if (!durable) {
      options.add("--no-sync");
    }
    return options;
  }
}
