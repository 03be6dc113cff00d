package dev.quicksilver.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.quicksilver.cli.cluster.Folders;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.postgres.Ports;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * {@code ops.package}: the Debian package in a Debian that has nothing else, no Java above all. It
 * is installed; root, relay, edge, server and bridge are started by the lines of their units; rows
 * written with SQL are read at the edge in three ways, before and after an upgrade during which the
 * nodes run; in the end it is purged.
 */
final class OpsPackageBar implements Bar {
  private static final int LONGEST_SECONDS = 60;

  /** How a process ends whose replica has made no databases yet: systemd starts it again. */
  private static final int NOT_YET = 4;

  private static final String DATA = "var/lib/quicksilver";

  private final Path home = Launcher.home();
  private final Node root = new Node("quicksilver-root.service", "root.toml");
  private final Node relay = new Node("quicksilver-replica.service", "relay.toml");
  private final Node edge = new Node("quicksilver-replica.service", "replica.toml");
  private final Node serve = new Node("quicksilver-serve.service", "serve.toml");
  private final Node bridge = new Node("quicksilver-bridge.service", "bridge.toml");
  private final List<Node> nodes = List.of(root, relay, edge, serve, bridge);

  /** A process of the tree. */
  private static final class Node {
    final String unit;
    final String configuration;
    final int port = Ports.free();
    final int http = Ports.free();
    @Nullable Process process;

    Node(String unit, String configuration) {
      this.unit = unit;
      this.configuration = configuration;
    }

    String role() {
      return unit.replaceFirst("quicksilver-(.*)\\.service", "$1");
    }

    /** The file that the unit names. */
    String sample() {
      return "/etc/quicksilver/" + role() + ".toml";
    }

    Path log(Path folder) {
      return folder.resolve(configuration + ".log");
    }

    boolean answers() {
      try {
        var request =
            (HttpURLConnection)
                URI.create("http://127.0.0.1:" + http + "/healthz").toURL().openConnection();
        return request.getResponseCode() > 0;
      } catch (IOException e) {
        return false;
      }
    }
  }

  @Override
  public String name() {
    return "ops.package";
  }

  @Override
  public String description() {
    return "the Debian package in an empty Debian: install, run a tree, upgrade, purge";
  }

  @Override
  public Kind kind() {
    return Kind.PROOF;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    Path folder = Files.createTempDirectory("quicksilver-ops-package-");
    // The user of the package goes through it.
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    try (EmbeddedPostgres postgres =
            EmbeddedPostgres.builder().directory(folder.resolve("postgres")).start();
        DebianRoot debian = DebianRoot.make(folder.resolve("debian"))) {
      Path deb = DebianPackage.make(home);
      Set<String> before = debian.files();
      requireNoJava(debian);
      Files.copy(deb, debian.at("tmp/quicksilver.deb"));
      debian.run("dpkg --install /tmp/quicksilver.deb");
      long installed =
          Long.parseLong(
              debian.run("dpkg-query --show --showformat '${Installed-Size}' quicksilver").strip());
      System.out.printf(
          Locale.ROOT,
          "package %.1f MB, installed %.1f MB; %s",
          Files.size(deb) / 1e6,
          installed / 1e3,
          debian.run("quicksilver version"));

      configure(debian, postgres);
      try {
        for (Node node : nodes) {
          start(debian, folder, node);
        }
        execute(postgres, "SELECT quicksilver.create_database('dns')");
        check(debian, postgres, "before");
        for (Node node : nodes) {
          debian.run(
              "su quicksilver -s /bin/sh -c 'quicksilver doctor %s --config /etc/quicksilver/%s'"
                  .formatted(node.role(), node.configuration));
        }
        System.out.println("doctor finds no error with any of the nodes");

        Path newer = folder.resolve("newer.deb");
        String version = DebianPackage.newer(deb, folder.resolve("unpacked"), newer);
        Files.copy(newer, debian.at("tmp/newer.deb"));
        String configuration = digests(debian);
        debian.run("dpkg --install /tmp/newer.deb");
        require(
            debian.run("dpkg-query --show --showformat '${Version}' quicksilver").equals(version),
            "the newer version is installed");
        require(configuration.equals(digests(debian)), "an upgrade keeps the configuration");
        check(debian, postgres, "while the files were replaced");
        for (Node node : nodes) {
          stop(node);
          start(debian, folder, node);
        }
        check(debian, postgres, "after");
        for (Node node : nodes.reversed()) {
          stop(node);
        }
      } catch (IOException | SQLException | InterruptedException e) {
        logs(folder);
        throw e;
      }

      debian.run("dpkg --purge quicksilver");
      Set<String> left = new TreeSet<>(debian.files());
      left.removeAll(before);
      left.removeIf(
          path -> path.startsWith(DATA) || path.matches("tmp(/(quicksilver|newer).deb)?"));
      require(Files.isDirectory(debian.at(DATA + "/replica")), "a purge leaves the data");
      left.removeIf(path -> path.equals("run/quicksilver") || path.startsWith("run/quicksilver/"));
      System.out.println("left after the purge, besides data: " + left);
      return new Outcome(
          String.format(
              Locale.ROOT,
              "installed, run, upgraded, purged; package %.0f MB, installed %.0f MB, %d files left",
              Files.size(deb) / 1e6,
              installed / 1e3,
              left.size()),
          "all right, nothing left but data",
          left.isEmpty());
    } finally {
      Folders.remove(folder);
    }
  }

  private static void requireNoJava(DebianRoot debian) throws IOException, InterruptedException {
    require(debian.run("command -v java || true").isBlank(), "the Debian has no Java");
  }

  // ---- the tree

  /** What an operator edits: who follows whom, and here all ports. */
  private void configure(DebianRoot debian, EmbeddedPostgres postgres)
      throws IOException, InterruptedException {
    write(
        debian,
        "root.toml",
        """
        [data]
        directory = "/var/lib/quicksilver/root"
        [postgres]
        url = "%s"
        user = "%s"
        password-file = "/etc/quicksilver/postgres.password"
        [replication]
        listen = "127.0.0.1:%d"
        """
            .formatted(postgres.jdbcUrl(), postgres.user(), root.port),
        root);
    write(debian, "postgres.password", postgres.password() + "\n", null);
    write(debian, "relay.toml", replica("relay", relay, root), relay);
    write(debian, "replica.toml", replica("replica", edge, relay), edge);
    write(
        debian,
        "serve.toml",
        """
        [data]
        directory = "/var/lib/quicksilver/replica"
        [resp]
        listen = "127.0.0.1:%d"
        unix-socket = "/run/quicksilver/resp.sock"
        """
            .formatted(serve.port),
        serve);
    write(
        debian,
        "bridge.toml",
        """
        [data]
        directory = "/var/lib/quicksilver/replica"
        [bridge]
        listen = "127.0.0.1:%d"
        """
            .formatted(bridge.port),
        bridge);
    debian.run("chgrp quicksilver /etc/quicksilver/* && chmod 0640 /etc/quicksilver/*");
  }

  private static String replica(String folder, Node node, Node upstream) {
    return """
    [data]
    directory = "/var/lib/quicksilver/%s"
    [replication]
    listen = "127.0.0.1:%d"
    upstreams = ["127.0.0.1:%d"]
    """
        .formatted(folder, node.port, upstream.port);
  }

  private static void write(DebianRoot debian, String file, String text, @Nullable Node node)
      throws IOException {
    String http = node == null ? "" : "[http]\nlisten = \"127.0.0.1:" + node.http + "\"\n";
    Files.writeString(debian.at("etc/quicksilver/" + file), text + http, UTF_8);
  }

  private static void start(DebianRoot debian, Path folder, Node node)
      throws IOException, InterruptedException {
    Map<String, String> words = Map.of(node.sample(), "/etc/quicksilver/" + node.configuration);
    Process process = debian.startUnit(node.unit, words, node.log(folder));
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LONGEST_SECONDS);
    while (!node.answers()) {
      require(System.nanoTime() - end < 0, node.configuration + " is ready");
      if (!process.isAlive()) {
        require(process.exitValue() == NOT_YET, node.configuration + " starts, or waits");
        TimeUnit.SECONDS.sleep(1); // RestartSec
        process = debian.startUnit(node.unit, words, node.log(folder));
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
    node.process = process;
  }

  private static void stop(Node node) throws IOException, InterruptedException {
    Process process = Objects.requireNonNull(node.process);
    process.destroy();
    require(
        process.waitFor(LONGEST_SECONDS, TimeUnit.SECONDS) && process.exitValue() == 0,
        node.configuration + " stops");
  }

  /** Writes a row with SQL and reads it at the edge: by the command, over RESP, over the bridge. */
  private void check(DebianRoot debian, EmbeddedPostgres postgres, String when)
      throws IOException, SQLException, InterruptedException {
    String key = when.replace(' ', '-');
    execute(postgres, "INSERT INTO dns VALUES ('" + key + "', 'at the edge')");
    String command =
        "su quicksilver -s /bin/sh -c 'quicksilver get dns "
            + key
            + " --data-directory /var/lib/quicksilver/replica' 2>&1 || true";
    await(when + ", by the command", () -> debian.run(command).contains("at the edge"));
    await(
        when + ", over RESP",
        () -> {
          try (RespSocket socket = new RespSocket(serve.port)) {
            socket.call("SELECT", "dns");
            return String.valueOf(socket.call("GET", key)).contains("at the edge");
          }
        });
    await(
        when + ", over the bridge",
        () -> {
          String url = "jdbc:postgresql://127.0.0.1:" + bridge.port + "/quicksilver";
          try (Connection connection = DriverManager.getConnection(url, "analyst", "");
              Statement statement = connection.createStatement();
              ResultSet row =
                  statement.executeQuery("SELECT value FROM dns WHERE key = '" + key + "'")) {
            return row.next() && new String(row.getBytes(1), UTF_8).equals("at the edge");
          }
        });
  }

  /** Something that is so after a while. */
  @FunctionalInterface
  private interface Condition {
    boolean holds() throws IOException, SQLException, InterruptedException;
  }

  private static void await(String what, Condition condition)
      throws IOException, SQLException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LONGEST_SECONDS);
    while (!condition.holds()) {
      if (System.nanoTime() - end > 0) {
        throw new IOException("a row did not come: " + what);
      }
      TimeUnit.MILLISECONDS.sleep(100);
    }
    System.out.println("a row is at the edge: " + what);
  }

  private static void execute(EmbeddedPostgres postgres, String sql) throws SQLException {
    try (Connection connection = postgres.connect();
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static String digests(DebianRoot debian) throws IOException, InterruptedException {
    return debian.run("cd /etc/quicksilver && sha256sum * && stat -c '%a %U %G %n' . *");
  }

  private static void require(boolean holds, String what) throws IOException {
    if (!holds) {
      throw new IOException("not so: " + what);
    }
  }

  private void logs(Path folder) throws IOException {
    for (Node node : nodes) {
      Path log = node.log(folder);
      if (Files.exists(log)) {
        List<String> lines = Files.readAllLines(log);
        System.out.println("-- " + node.configuration);
        lines.subList(Math.max(0, lines.size() - 15), lines.size()).forEach(System.out::println);
      }
    }
  }
}
