package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.cluster.Folders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * {@code ops.systemd}: the Debian package under a systemd that really runs, set up as
 * docs/operations.md says ("A first tree"), with PostgreSQL from Debian: start, use, reload, kill,
 * hang, sockets, upgrade, purge.
 */
final class OpsSystemdBar implements Bar {
  private static final int LONGEST_SECONDS = 60;
  private static final List<String> NODES =
      List.of("root", "replica-relay", "replica", "serve", "bridge");
  private static final String UNITS =
      String.join(" ", NODES.stream().map(node -> "quicksilver-" + node).toList());
  private static final String REDIS =
      "redis-cli -p 7379 --no-auth-warning --user web --pass web-secret GET ";
  private static final String PSQL =
      "psql 'host=127.0.0.1 port=7432 dbname=quicksilver user=web password=web-secret' -At -c ";

  private int held;

  @Override
  public String name() {
    return "ops.systemd";
  }

  @Override
  public String description() {
    return "the package's units under a real systemd: start, kill, hang, sockets, upgrade, purge";
  }

  @Override
  public Kind kind() {
    return Kind.BUILD;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    Path folder = Files.createTempDirectory("quicksilver-ops-systemd-");
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    try (DebianRoot root =
        DebianRoot.make(
            folder.resolve("debian"),
            "systemd",
            "systemd-sysv",
            "dbus",
            "postgresql",
            "redis-tools",
            "openssl")) {
      Path deb = DebianPackage.make(Launcher.home());
      Path newer = folder.resolve("newer.deb");
      String version = DebianPackage.newer(deb, folder.resolve("unpacked"), newer);
      Files.copy(deb, root.at("root/quicksilver.deb"));
      Files.copy(newer, root.at("root/newer.deb"));
      try (BootedDebian debian = BootedDebian.boot(root, folder.resolve("boot.log"))) {
        System.out.println(debian.run("systemctl --version | head -1").strip() + " runs");
        try {
          setUp(debian);
          use(debian);
          survive(debian);
          sockets(debian);
          upgrade(debian, version);
          purge(debian);
        } catch (IOException e) {
          System.out.println(debian.ask("journalctl -u 'quicksilver*' -o cat --no-pager -n 40"));
          throw e;
        }
      }
      return new Outcome(held + " of " + held + " are so", "all", true);
    } finally {
      Folders.remove(folder);
    }
  }

  private void setUp(BootedDebian debian) throws IOException, InterruptedException {
    debian.run("dpkg --install /root/quicksilver.deb");
    holds(
        "installed, nothing is started or enabled",
        debian
            .ask(
                "systemctl list-unit-files --no-legend 'quicksilver*'; systemctl list-units"
                    + " --no-legend 'quicksilver*'")
            .lines()
            .allMatch(line -> line.contains(" disabled ")));
    // debootstrap has no locale, and so PostgreSQL's cluster is SQL_ASCII
    debian.run(
        "v=$(ls /usr/lib/postgresql) && pg_dropcluster --stop $v main"
            + " && pg_createcluster --locale C.UTF-8 $v main");
    debian.run("systemctl daemon-reload && systemctl restart postgresql");
    debian.run(
        "openssl rand -hex 16 | install -m 640 -g quicksilver /dev/stdin"
            + " /etc/quicksilver/postgres.password");
    sql(
        debian,
        "CREATE ROLE quicksilver_root LOGIN SUPERUSER PASSWORD '$(cat"
            + " /etc/quicksilver/postgres.password)'; ALTER SYSTEM SET wal_level = logical");
    debian.run(
        "systemctl restart postgresql"
            + " && sed 's,quicksilver/replica,quicksilver/relay,'"
            + " /usr/lib/systemd/system/quicksilver-replica.service"
            + " > /etc/systemd/system/quicksilver-replica-relay.service"
            + " && systemctl enable --now "
            + UNITS);
    awaitActive(debian, "five units start and say that they are ready");
  }

  private void use(BootedDebian debian) throws IOException, InterruptedException {
    sql(debian, "SELECT quicksilver.create_database('dns')");
    sql(debian, "CREATE ROLE web LOGIN PASSWORD 'web-secret'");
    sql(debian, "SELECT quicksilver.grant_read('web', 'dns')");
    read(debian, "first");
    holds(
        "the bridge's evaluator runs in its unit",
        debian.run(PSQL + "'SELECT upper(key), count(*) OVER () FROM dns'").contains("FIRST|1"));
    debian.run(
        "systemctl reload quicksilver-root quicksilver-replica quicksilver-serve"
            + " quicksilver-bridge");
    holds("four units reload", true);
    holds(
        "nothing has warned",
        debian
            .run("journalctl -u 'quicksilver*' -o cat --no-pager")
            .lines()
            .noneMatch(line -> line.contains("\"level\":\"WARN") || line.contains("\"ERROR\"")));
  }

  private void survive(BootedDebian debian) throws IOException, InterruptedException {
    debian.run("systemctl kill --signal=KILL " + UNITS);
    awaitSame(debian, "five units that were killed are started again", "1 1 1 1 1");
    read(debian, "after-kill");
    String drop = "/run/systemd/system/quicksilver-replica.service.d";
    debian.run(
        "mkdir -p "
            + drop
            + " && printf '[Service]\\nWatchdogSec=5s\\n' > "
            + drop
            + "/watchdog.conf && systemctl daemon-reload && systemctl restart quicksilver-replica");
    TimeUnit.SECONDS.sleep(8);
    holds(
        "the watchdog leaves a replica alone that goes on",
        debian.run("systemctl show -p NRestarts --value quicksilver-replica").strip().equals("0"));
    debian.run("kill -STOP $(systemctl show -p MainPID --value quicksilver-replica)");
    await(
        "the watchdog ends one that hangs, and it is started again",
        () ->
            debian
                .ask("systemctl show -p NRestarts -p ActiveState --value quicksilver-replica")
                .equals("1\nactive\n"));
    debian.run(
        "rm -r " + drop + " && systemctl daemon-reload && systemctl restart quicksilver-replica");
    read(debian, "after-hang");
  }

  private void sockets(BootedDebian debian) throws IOException, InterruptedException {
    String pair = "quicksilver-serve quicksilver-bridge";
    System.out.printf(
        "without socket units %d clients were refused%n", refusedDuringRestart(debian));
    debian.run("systemctl stop " + pair);
    debian.run("systemctl enable --now quicksilver-serve.socket quicksilver-bridge.socket");
    read(debian, "by-socket"); // which starts them
    awaitActive(debian, "a client starts a server and a bridge by their sockets");
    holds("no client is refused while they are restarted", refusedDuringRestart(debian) == 0);
    debian.run("systemctl disable --now quicksilver-serve.socket quicksilver-bridge.socket");
    debian.run("systemctl restart " + pair);
    read(debian, "without-sockets");
  }

  /** How many clients of 60 found nobody. */
  private static long refusedDuringRestart(BootedDebian debian)
      throws IOException, InterruptedException {
    return debian
        .run(
            "(for i in $(seq 30); do "
                + REDIS
                + "first; "
                + PSQL
                + "'SELECT value FROM dns LIMIT 1'; done) 2>&1 & systemctl restart"
                + " quicksilver-serve quicksilver-bridge; wait")
        .lines()
        .filter(line -> line.contains("refused"))
        .count();
  }

  private void upgrade(BootedDebian debian, String version)
      throws IOException, InterruptedException {
    String before = processes(debian);
    debian.run("dpkg --install /root/newer.deb");
    holds(
        "an upgrade is one to " + version,
        debian.run("dpkg-query --show --showformat '${Version}' quicksilver").equals(version));
    awaitActive(debian, "five units run after an upgrade");
    List<String> after = List.of(processes(debian).split(" ", -1));
    holds(
        "each of them is a process anew",
        Arrays.stream(before.split(" ", -1)).noneMatch(after::contains));
    read(debian, "after-upgrade");
  }

  private void purge(BootedDebian debian) throws IOException, InterruptedException {
    debian.run("dpkg --remove quicksilver");
    holds(
        "a removal stops all",
        debian.ask("systemctl list-units --no-legend --state=active 'quicksilver*'").isBlank()
            && debian.ask("find /proc -maxdepth 1 -user quicksilver 2>/dev/null").isBlank());
    debian.run("dpkg --purge quicksilver");
    holds(
        "a purge leaves the data, and no unit of the package",
        debian.ask("test -f /var/lib/quicksilver/replica/instance && echo there").contains("there")
            && debian
                .ask(
                    "find /etc/systemd /usr/lib/systemd -name 'quicksilver*' ! -name"
                        + " '*-relay.service'")
                .isBlank());
  }

  // ---- what it does again and again

  /** Writes a row with SQL and reads it at the edge: by the command, over RESP, over the bridge. */
  private void read(BootedDebian debian, String key) throws IOException, InterruptedException {
    sql(debian, "INSERT INTO dns VALUES ('" + key + "', 'at the edge')");
    String get = "quicksilver get dns " + key + " --data-directory /var/lib/quicksilver/replica";
    String select = PSQL + "\"SELECT value FROM dns WHERE key = '" + key + "'\"";
    for (String command : List.of(get, REDIS + key, select)) {
      await(
          "row " + key + " is read with " + command.substring(0, command.indexOf(' ')),
          () -> debian.ask(command).strip().equals("at the edge"));
    }
  }

  private static void sql(BootedDebian debian, String statement)
      throws IOException, InterruptedException {
    debian.run(
        "su postgres -c 'psql -v ON_ERROR_STOP=1' <<END\n"
            + statement.replace("; ", ";\n")
            + ";\nEND");
  }

  private static String processes(BootedDebian debian) throws IOException, InterruptedException {
    return debian.run("systemctl show -p MainPID --value " + UNITS).strip().replaceAll("\\s+", " ");
  }

  private void awaitActive(BootedDebian debian, String what)
      throws IOException, InterruptedException {
    await(
        what,
        () -> debian.ask("systemctl is-active " + UNITS).equals("active\n".repeat(NODES.size())));
  }

  private void awaitSame(BootedDebian debian, String what, String restarts)
      throws IOException, InterruptedException {
    await(
        what,
        () ->
            debian
                .ask("systemctl show -p NRestarts --value " + UNITS)
                .strip()
                .replaceAll("\\s+", " ")
                .equals(restarts));
    awaitActive(debian, what + ", and run");
  }

  /** Something that is so after a while. */
  @FunctionalInterface
  private interface Condition {
    boolean holds() throws IOException;
  }

  private void await(String what, Condition condition) throws IOException, InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LONGEST_SECONDS);
    while (!condition.holds()) {
      if (System.nanoTime() - end > 0) {
        throw new IOException("not so: " + what);
      }
      TimeUnit.MILLISECONDS.sleep(200);
    }
    holds(what, true);
  }

  private void holds(String what, boolean so) throws IOException {
    if (!so) {
      throw new IOException("not so: " + what);
    }
    held++;
    System.out.println("it is so: " + what);
  }
}
