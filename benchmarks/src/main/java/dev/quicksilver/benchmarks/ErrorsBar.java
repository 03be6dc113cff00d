package dev.quicksilver.benchmarks;

import dev.quicksilver.benchmarks.Tree.Node;
import dev.quicksilver.cli.Quicksilver;
import dev.quicksilver.cli.cluster.ChildProcess;
import dev.quicksilver.cli.cluster.Folders;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.postgres.Ports;
import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Position;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;

/**
 * {@code main.errors}: each way to start a process wrongly is one line that names the cause and the
 * cure. What is wrong with its own files ends it with an exit code that is not 0; what an upstream
 * refuses is said by its health page and by {@code status}, and it goes on asking.
 */
final class ErrorsBar implements Bar {
  private static final String HTTP = "--http-listen=";

  private int right;
  private int tried;

  @Override
  public String name() {
    return "main.errors";
  }

  @Override
  public String description() {
    return "each wrong start is one line that names cause and cure: exit code not 0, or unhealthy";
  }

  @Override
  public Kind kind() {
    return Kind.PROOF;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    try (Tree tree = Tree.start()) {
      tree.sql("SELECT quicksilver.create_database('kv')");
      tree.sql("INSERT INTO kv VALUES ('a', '1')");
      tree.open(Node.EDGE1, "kv").close();
      configurationKey(tree);
      portInUse(tree);
      wrongDatabase(tree);
      selfConnection(tree);
      fork(tree);
      unknownVersion(tree);
      missingSlot(tree);
    }
    wrongWalLevel();
    return new Outcome(right + " of " + tried, "= all of 8", right == tried && tried == 8);
  }

  /** Runs a command that must fail, and checks how. */
  private void expect(Path folder, String what, List<String> words, List<String> arguments)
      throws Exception {
    Path output = Files.createTempFile(folder, "error", ".log");
    try (ChildProcess process = ChildProcess.start(what, output, Processes.OPTIONS, arguments)) {
      expect(what, words, process);
    }
  }

  private void expect(String what, List<String> words, ChildProcess process) throws Exception {
    tried++;
    int exit = process.awaitEnd();
    String printed = process.output();
    List<String> errors = printed.lines().filter(line -> line.startsWith("quicksilver: ")).toList();
    boolean good =
        exit != 0
            && errors.size() == 1
            && !printed.contains("\tat ")
            && words.stream().allMatch(errors.getFirst()::contains);
    if (good) {
      right++;
    }
    System.out.printf(
        "%-5s %-22s exit %d: %s%n",
        good ? "ok" : "WRONG", what, exit, good ? errors.getFirst() : printed);
  }

  /** Runs a replica that every upstream refuses, and checks what it says while it goes on. */
  private void expectRefused(Tree tree, String what, List<String> words, List<String> arguments)
      throws Exception {
    tried++;
    String http =
        arguments.stream()
            .filter(argument -> argument.startsWith(HTTP))
            .map(argument -> argument.substring(HTTP.length()))
            .findFirst()
            .orElseThrow();
    Path output = Files.createTempFile(tree.folder(), "refused", ".log");
    try (ChildProcess process = ChildProcess.start(what, output, Processes.OPTIONS, arguments)) {
      String[] said = {""};
      tree.await(
          what + " on the health page",
          () -> {
            said[0] = health(http);
            return !process.isAlive() || words.stream().allMatch(said[0]::contains);
          });
      boolean good =
          process.isAlive()
              && said[0].lines().count() == 1
              && words.stream().allMatch(said[0]::contains)
              && Quicksilver.run("status", "--node=" + http) == ExitCode.FAILURE;
      right += good ? 1 : 0;
      System.out.printf(
          "%-5s %-22s goes on: %s%n",
          good ? "ok" : "WRONG", what, good ? said[0].strip() : said[0] + process.output());
    }
  }

  /** Returns what the health page says is wrong; empty if nothing is, or while it is not there. */
  private static String health(String http) {
    try {
      HttpURLConnection connection =
          (HttpURLConnection) URI.create("http://" + http + "/healthz").toURL().openConnection();
      if (connection.getResponseCode() != 503) {
        return "";
      }
      try (InputStream body = connection.getErrorStream()) {
        return new String(body.readAllBytes(), StandardCharsets.UTF_8);
      }
    } catch (IOException e) {
      return "";
    }
  }

  private static List<String> replica(Path data, int upstream, int port) throws Exception {
    return List.of(
        "replica",
        "--data-directory=" + data,
        "--replication-listen=127.0.0.1:" + port,
        HTTP + "127.0.0.1:" + Ports.free(),
        "--replication-upstreams=127.0.0.1:" + upstream);
  }

  private void configurationKey(Tree tree) throws Exception {
    Path file = tree.folder().resolve("bad.toml");
    Files.writeString(file, "[replication]\nlisten = \"127.0.0.1:0\"\nwindo = \"1s\"\n");
    expect(
        tree.folder(),
        "bad configuration key",
        List.of("bad.toml:3", "replication.windo", "replication.window"),
        List.of("replica", "--config=" + file));
  }

  private void portInUse(Tree tree) throws Exception {
    expect(
        tree.folder(),
        "port in use",
        List.of("in use", Integer.toString(tree.replicationPort(Node.RELAY))),
        replica(
            tree.folder().resolve("port"),
            tree.replicationPort(Node.ROOT),
            tree.replicationPort(Node.RELAY)));
  }

  private void wrongDatabase(Tree tree) throws Exception {
    Path data = tree.folder().resolve("wrong");
    try (DatabaseSet set = DatabaseSet.open(data, StorageOptions.DEFAULT)) {
      set.create(new DatabaseIdentity(UUID.randomUUID(), DatabaseSet.CATALOG, "text", "json"));
    }
    expectRefused(
        tree,
        "wrong database id",
        List.of("WRONG_DATABASE", "id", "correct the upstream"),
        replica(data, tree.replicationPort(Node.ROOT), Ports.free()));
  }

  private void selfConnection(Tree tree) throws Exception {
    int port = Ports.free();
    expectRefused(
        tree,
        "connected to itself",
        List.of("SELF", "itself", "upstream"),
        replica(tree.folder().resolve("self"), port, port));
  }

  private void fork(Tree tree) throws Exception {
    Path data = tree.folder().resolve("fork");
    DatabaseIdentity identity;
    try (Database catalog = tree.open(Node.ROOT, DatabaseSet.CATALOG)) {
      identity = catalog.identity();
    }
    try (DatabaseSet set = DatabaseSet.open(data, StorageOptions.DEFAULT);
        Appender appender = set.create(identity).append()) {
      appender.begin(1, 1);
      appender.set("other".getBytes(StandardCharsets.UTF_8), new byte[0]);
      appender.end(new Position(1, 1, 2));
      appender.commit();
    }
    if (new DatabaseDirectory(data).names().isEmpty()) {
      throw new AssertionError("the forked copy was not made");
    }
    expectRefused(
        tree,
        "fork",
        List.of("FORK", "history"),
        replica(data, tree.replicationPort(Node.ROOT), Ports.free()));
  }

  /** A proxy that changes the version numbers in the follower's first frame to 9,000. */
  private void unknownVersion(Tree tree) throws Exception {
    try (ServerSocket proxy = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
      int upstream = tree.replicationPort(Node.ROOT);
      Thread.ofVirtual().start(() -> serveWithOtherVersion(proxy, upstream));
      expectRefused(
          tree,
          "unknown version",
          List.of("VERSION", "version", "9000"),
          replica(tree.folder().resolve("version"), proxy.getLocalPort(), Ports.free()));
    }
  }

  private static void serveWithOtherVersion(ServerSocket proxy, int upstream) {
    while (!proxy.isClosed()) {
      try {
        Socket client = proxy.accept();
        Socket server = new Socket(InetAddress.getLoopbackAddress(), upstream);
        DataInputStream in = new DataInputStream(client.getInputStream());
        DataOutputStream out = new DataOutputStream(server.getOutputStream());
        VersionRewriter.rewriteHello(in, out);
        out.flush();
        Thread.ofVirtual().start(() -> copy(client, server));
        Thread.ofVirtual().start(() -> copy(server, client));
      } catch (java.io.IOException e) {
        return; // the bar has closed the proxy, or the follower has gone
      }
    }
  }

  private static void copy(Socket from, Socket to) {
    try (from;
        to) {
      from.getInputStream().transferTo(to.getOutputStream());
    } catch (java.io.IOException e) {
      // One side has closed; so does the other.
    }
  }

  private void missingSlot(Tree tree) throws Exception {
    tree.process(Node.ROOT).kill();
    tree.await(
        "the slot to be free",
        () -> {
          try {
            tree.sql("SELECT pg_drop_replication_slot(quicksilver.slot_name())");
            return true;
          } catch (java.sql.SQLException busy) {
            return false;
          }
        });
    expect("missing slot", List.of("slot"), tree.launch(Node.ROOT));
  }

  private void wrongWalLevel() throws Exception {
    Path folder = Files.createTempDirectory("quicksilver-bench-");
    try (EmbeddedPostgres postgres =
        EmbeddedPostgres.builder()
            .directory(folder.resolve("postgres"))
            .setting("wal_level", "replica")
            .start()) {
      expect(
          folder,
          "wrong wal_level",
          List.of("wal_level", "logical"),
          List.of(
              "root",
              "--data-directory=" + folder.resolve("root"),
              "--postgres-url=" + postgres.jdbcUrl(),
              "--postgres-user=" + postgres.user(),
              "--postgres-password=" + postgres.password(),
              "--replication-listen=127.0.0.1:" + Ports.free(),
              "--http-listen=127.0.0.1:" + Ports.free()));
    } finally {
      Folders.remove(folder);
    }
  }
}
