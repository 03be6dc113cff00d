package dev.quicksilver.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quicksilver.fixtures.Await;
import dev.quicksilver.fixtures.JavaCommand;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Opens sockets and starts nodes with them, as systemd does: Java can give a process none. Its
 * nodes end with it.
 */
final class SocketHolder implements AutoCloseable {
  private static final Path PYTHON = Path.of("/usr/bin/python3");

  /** Arguments: the nodes' log, and what is to be opened. Each line of standard input is a node. */
  private static final String PROGRAM =
      """
      import fcntl, os, signal, socket, sys
      signal.signal(signal.SIGCHLD, signal.SIG_IGN)
      log = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY | os.O_APPEND)
      held = []
      for place in sys.argv[2:]:
          kind, _, where = place.partition('=')
          if kind == 'file':
              held.append(open('/dev/null'))
          elif kind == 'unix':
              held.append(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
              held[-1].bind(where)
          else:
              held.append(socket.socket(socket.AF_INET6 if ':' in where else socket.AF_INET,
                                        socket.SOCK_DGRAM if kind == 'udp' else socket.SOCK_STREAM))
              held[-1].bind((where, 0))
          if kind in ('tcp', 'unix'):
              held[-1].listen(1024)
          port = held[-1].getsockname()[1] if kind in ('tcp', 'udp', 'idle') else 0
          print(port, os.fstat(held[-1].fileno()).st_ino, flush=True)
      ends, _ = os.pipe()
      descriptors = [fcntl.fcntl(one.fileno(), fcntl.F_DUPFD, 100) for one in held]
      ends = fcntl.fcntl(ends, fcntl.F_DUPFD, 100)
      log = fcntl.fcntl(log, fcntl.F_DUPFD, 100)
      for line in sys.stdin:
          names, *command = line.rstrip('\\n').split('\\t')
          child = os.fork()
          if child == 0:
              os.dup2(ends, 0)
              os.dup2(log, 1)
              os.dup2(log, 2)
              for i, one in enumerate(descriptors):
                  os.dup2(one, 3 + i)
                  os.set_blocking(3 + i, False)
              os.closerange(3 + len(descriptors), 200)
              os.environ['LISTEN_PID'] = str(os.getpid())
              os.environ['LISTEN_FDS'] = str(len(descriptors))
              if names:
                  os.environ['LISTEN_FDNAMES'] = names
              os.execv(command[0], command)
          print(child, flush=True)
      """;

  private final Process process;
  private final BufferedReader says;
  private final Path log;
  private final List<Integer> ports = new ArrayList<>();
  private final List<String> inodes = new ArrayList<>();
  private final List<ProcessHandle> nodes = new ArrayList<>();

  private SocketHolder(Process process, Path log, int sockets) throws IOException {
    this.process = process;
    this.log = log;
    says = process.inputReader(UTF_8);
    for (int i = 0; i < sockets; i++) {
      String line = says.readLine();
      assertThat(line).as("what it has opened").matches("\\d+ \\d+");
      ports.add(Integer.valueOf(line.substring(0, line.indexOf(' '))));
      inodes.add(line.substring(line.indexOf(' ') + 1));
    }
  }

  /**
   * Opens sockets; skips the test where there is no Python.
   *
   * @param places {@code tcp=ADDRESS} at any port, {@code unix=PATH}, and what is wrong: {@code
   *     udp=ADDRESS}, {@code idle=ADDRESS}, which does not listen, {@code file}
   */
  static SocketHolder open(Path folder, String... places) throws IOException {
    assumeTrue(Files.isExecutable(PYTHON), "skipped: this machine has no python3");
    Path log = folder.resolve("nodes.log");
    List<String> command =
        new ArrayList<>(List.of(PYTHON.toString(), "-c", PROGRAM, log.toString()));
    command.addAll(List.of(places));
    return new SocketHolder(
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start(),
        log,
        places.length);
  }

  /** The port of a socket, by its place in the list. */
  int port(int socket) {
    return ports.get(socket);
  }

  /** How Linux calls a socket in /proc. */
  String inProc(int socket) {
    return "socket:[" + inodes.get(socket) + "]";
  }

  /** What its nodes have logged. */
  String log() throws IOException {
    return Files.readString(log);
  }

  /**
   * Starts a node with all sockets.
   *
   * @param names as in LISTEN_FDNAMES; empty for none
   */
  ProcessHandle start(String names, String... arguments) throws IOException {
    return start(List.of(names), arguments);
  }

  /** Starts a node that does not know of the sockets. */
  ProcessHandle startWithout(String... arguments) throws IOException {
    return start(List.of("", "/usr/bin/env", "-u", "LISTEN_PID"), arguments);
  }

  private ProcessHandle start(List<String> first, String... arguments) throws IOException {
    List<String> words = new ArrayList<>(first);
    words.addAll(JavaCommand.of(Quicksilver.class, List.of("-Xmx128m"), List.of(arguments)));
    words.addAll(List.of("--http-listen=127.0.0.1:0", "--data-map-size=1024"));
    words.add("--stop-with-stdin");
    process.getOutputStream().write((String.join("\t", words) + "\n").getBytes(UTF_8));
    process.getOutputStream().flush();
    Optional<ProcessHandle> started = ProcessHandle.of(Long.parseLong(says.readLine()));
    assertThat(started).as("the node, which logs: " + log()).isPresent();
    nodes.add(started.orElseThrow());
    return started.orElseThrow();
  }

  /** Starts a node that ends by itself; returns what it has logged. */
  String refuse(String names, String... arguments) throws Exception {
    awaitEnd(start(names, arguments));
    return log();
  }

  /** Ends a node with SIGKILL. */
  static void kill(ProcessHandle node) throws Exception {
    assertThat(node.destroyForcibly()).isTrue();
    awaitEnd(node);
  }

  /** Ends a node as its user does. */
  static void stop(ProcessHandle node) throws Exception {
    assertThat(node.destroy()).isTrue();
    awaitEnd(node);
  }

  static void awaitEnd(ProcessHandle node) throws Exception {
    boolean _ = Await.until("the node has ended", node::isAlive, alive -> !alive);
  }

  @Override
  public void close() {
    process.destroyForcibly();
    for (ProcessHandle node : nodes) {
      boolean _ = node.destroyForcibly(); // or it has ended
      ProcessHandle _ = node.onExit().orTimeout(1, TimeUnit.MINUTES).join();
    }
  }
}
