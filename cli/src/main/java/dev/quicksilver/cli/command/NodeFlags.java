package dev.quicksilver.cli.command;

import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.Endpoint;
import dev.quicksilver.cli.config.SecretFile;
import dev.quicksilver.cli.config.SettingType;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.process.CommandException;
import dev.quicksilver.cli.process.DirectoryAccess;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.ProcessFile;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Which running process a command asks, and how the two prove who they are. */
public final class NodeFlags {
  static final String NODE = "--node";
  static final String TOKEN_FILE = "--token-file";
  static final String CA_FILE = "--ca-file";

  private static final String PLAIN = "http://";
  private static final String SECURE = "https://";

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = NODE,
      paramLabel = "[https://]HOST:PORT",
      description =
          "Ask the process with this http.listen address: by TLS with https://, in plain text"
              + " without. Default: the data directory, or the process that has it.")
  private @Nullable String node;

  @Option(
      names = TOKEN_FILE,
      paramLabel = "FILE",
      description =
          "A file whose first line is the token of an https:// node. Default: http.token-file of"
              + " the configuration.")
  private @Nullable Path tokenFile;

  @Option(
      names = CA_FILE,
      paramLabel = "FILE",
      description =
          "A PEM file with the authorities that may have signed the certificate of an https://"
              + " node. Default: replication.tls-authorities of the configuration, or else the"
              + " authorities that Java knows.")
  private @Nullable Path caFile;

  @SuppressWarnings("NullAway.Init") // picocli fills the fields
  public NodeFlags() {}

  /** Returns the configuration that the command line, the environment and the file make. */
  public Configuration configuration() {
    return ConfigurationFlags.load(spec, System.getenv());
  }

  /**
   * Returns who asks the process that was named, or else the one of the data directory.
   *
   * @throws CommandException if none runs there, or the flags do not go together
   */
  public NodeClient client() {
    return named().orElseGet(() -> ofDirectory(configuration()));
  }

  /**
   * Returns who asks the process that was named; empty if none was.
   *
   * @throws CommandException if the flags do not go together
   * @throws dev.quicksilver.cli.config.ConfigurationException if a token cannot be read
   * @throws dev.quicksilver.tls.TlsException if a file of authorities cannot be used
   */
  public Optional<NodeClient> named() {
    if (node == null) {
      if (tokenFile != null || caFile != null) {
        throw usage(
            (tokenFile != null ? TOKEN_FILE : CA_FILE)
                + " goes with "
                + NODE
                + " https://HOST:PORT: a process of this machine needs none");
      }
      return Optional.empty();
    }
    if (node.startsWith(SECURE)) {
      return Optional.of(secure(address(node, node.substring(SECURE.length()))));
    }
    Endpoint address =
        address(node, node.startsWith(PLAIN) ? node.substring(PLAIN.length()) : node);
    if (caFile != null) {
      throw usage(
          CA_FILE
              + " checks nothing in plain text: give "
              + NODE
              + " https://"
              + address
              + ", or leave "
              + CA_FILE
              + " away");
    }
    if (tokenFile == null) {
      return Optional.of(new NodeClient(address.toString()));
    }
    if (!NodeClient.isLoopback(address.host())) {
      throw usage(
          TOKEN_FILE
              + ": everybody between here and "
              + address.host()
              + " could read the token in plain text: give "
              + NODE
              + " https://"
              + address);
    }
    return Optional.of(new NodeClient(address, Optional.of(token(tokenFile, TOKEN_FILE)), null));
  }

  private NodeClient secure(Endpoint address) {
    Optional<NodeClient.Token> token =
        Optional.ofNullable(tokenFile).map(file -> token(file, TOKEN_FILE));
    List<Path> authorities = caFile == null ? List.of() : List.of(caFile);
    if (token.isEmpty() || caFile == null) {
      Configuration configuration = configuration();
      if (caFile == null) {
        authorities = configuration.get(Settings.REPLICATION_TLS_AUTHORITIES);
      }
      // It is for nodes of ours, and not for whomever any authority of the world has signed.
      if (token.isEmpty() && !authorities.isEmpty()) {
        token =
            configuration
                .find(Settings.HTTP_TOKEN_FILE)
                .map(file -> token(file, configuration.place(Settings.HTTP_TOKEN_FILE)));
      }
    }
    return new NodeClient(address, token, new NodeTls(authorities));
  }

  private NodeClient.Token token(Path file, String place) {
    String token = SecretFile.token(file, place);
    try {
      if (SecretFile.isOpen(file)) {
        PrintWriter err = spec.commandLine().getErr();
        err.println(
            "quicksilver: every user of this machine can read the token in "
                + file
                + ": chmod o-rwx "
                + file);
        err.flush();
      }
    } catch (IOException e) {
      // It could be read; who else can is not known.
    }
    return new NodeClient.Token(token, place + " " + file);
  }

  private static Endpoint address(String given, String text) {
    String plain = text.endsWith("/") ? text.substring(0, text.length() - 1) : text;
    try {
      return new SettingType.Address(1).parse(plain);
    } catch (IllegalArgumentException e) {
      throw usage(
          NODE
              + ": \""
              + given
              + "\" is no address of a process: give HOST:PORT or https://HOST:PORT, its"
              + " http.listen");
    }
  }

  private static CommandException usage(String what) {
    return new CommandException(ExitCode.USAGE, what);
  }

  /**
   * Returns who asks the node that has the data directory, or a process beside it.
   *
   * @throws CommandException if none runs, or this user may not look into the directory
   */
  public static NodeClient ofDirectory(Configuration configuration) {
    Path data = dataDirectory(configuration);
    return running(data)
        .findFirst()
        .flatMap(NodeClient::of)
        .orElseThrow(() -> noneRuns("node", data));
  }

  /** Returns the processes that have a data directory, the node first; looked for one by one. */
  static Stream<ProcessFile.Content> running(Path data) {
    return Stream.of(NodeParts.PROCESS_NAME, BridgeCommand.PROCESS_NAME, ServeCommand.PROCESS_NAME)
        .flatMap(name -> ProcessFile.read(data, name).stream());
  }

  /**
   * Returns the data directory, which need not be there.
   *
   * @throws CommandException if this user may not look into it
   */
  static Path dataDirectory(Configuration configuration) {
    Path data = configuration.get(Settings.DATA_DIRECTORY);
    DirectoryAccess.require(data);
    return data;
  }

  /** Says that no process has a data directory, and how to name one. */
  static CommandException noneRuns(String what, Path data) {
    return new CommandException(
        ExitCode.NOT_FOUND,
        "no running "
            + what
            + " has the data directory "
            + data
            + ": give "
            + Settings.DATA_DIRECTORY.flag()
            + " or "
            + NODE
            + " HOST:PORT (its http.listen address)");
  }
}
