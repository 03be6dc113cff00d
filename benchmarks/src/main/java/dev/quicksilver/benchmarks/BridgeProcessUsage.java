package dev.quicksilver.benchmarks;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What a bridge's process holds, asked from outside.
 *
 * @param connections open ones, of clients
 * @param slots of readers in the lock files of its databases; some are kept for the next reader
 * @param snapshots how many of these read just now
 * @param sessions processes of the evaluator that serve one
 * @param heap in use after a collection, bytes
 * @param memory of its own, bytes
 */
record BridgeProcessUsage(
    int connections,
    int slots,
    int snapshots,
    int sessions,
    int threads,
    int files,
    long heap,
    long memory) {
  /** LMDB's lock file: two cache lines, then one for each reader: transaction, process, thread. */
  private static final int LINE = 64;

  /** So many slots of a database are kept for the next readers. */
  private static final int KEPT_SLOTS = 64;

  private static final Pattern USED =
      Pattern.compile(
          "(?m)^\\s*(?:DefNew|Tenured|def new generation|tenured generation).*used (\\d+)K");

  static BridgeProcessUsage of(TeamEdge edge) throws IOException, InterruptedException {
    long pid = edge.bridge().pid();
    command(pid, "GC.run");
    int slots = 0;
    int snapshots = 0;
    List<Path> locks = lockFiles(edge.data());
    for (Path lock : locks) {
      ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(lock)).order(ByteOrder.nativeOrder());
      for (int at = 2 * LINE; at + LINE <= bytes.capacity(); at += LINE) {
        if (bytes.getInt(at + 8) == pid) {
          slots++;
          snapshots += bytes.getLong(at) == -1 ? 0 : 1;
        }
      }
    }
    if (slots > KEPT_SLOTS * locks.size()) {
      throw new AssertionError(slots + " reader slots in " + locks);
    }
    return new BridgeProcessUsage(
        (int) edge.metric("quicksilver_bridge_open_connections"),
        slots,
        snapshots,
        (int) sessions(pid).count(),
        (int) status(pid, "Threads"),
        count(Path.of("/proc/" + pid + "/fd")),
        heap(pid),
        status(pid, "RssAnon") * 1024);
  }

  private static List<Path> lockFiles(Path data) throws IOException {
    try (Stream<Path> all = Files.walk(data)) {
      return all.filter(file -> file.endsWith("lock.mdb")).toList();
    }
  }

  private static Stream<ProcessHandle> sessions(long pid) {
    return ProcessHandle.of(pid).stream()
        .flatMap(ProcessHandle::descendants)
        .filter(child -> title(child.pid()).contains("[local]"));
  }

  /** PostgreSQL says there what a process does. */
  private static String title(long pid) {
    try {
      return Files.readString(Path.of("/proc/" + pid + "/cmdline"), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return ""; // it has ended
    }
  }

  /** Memory of a process that is its own, in bytes; 0 once it is gone. */
  static long memory(long pid) {
    try {
      return status(pid, "RssAnon") * 1024;
    } catch (IOException e) {
      return 0;
    }
  }

  private static long status(long pid, String name) throws IOException {
    return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
        .filter(line -> line.startsWith(name + ":"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }

  private static int count(Path folder) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return (int) all.count();
    }
  }

  private static long heap(long pid) throws IOException, InterruptedException {
    Matcher used = USED.matcher(command(pid, "GC.heap_info"));
    long kib = 0;
    while (used.find()) {
      kib += Long.parseLong(used.group(1));
    }
    return kib * 1024;
  }

  private static String command(long pid, String what) throws IOException, InterruptedException {
    Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
    return SystemPackages.run(List.of(jcmd.toString(), Long.toString(pid), what));
  }

  /** Whether nothing has stayed; some slack for what the JVM itself opens and keeps. */
  boolean within(BridgeProcessUsage before) {
    return connections <= before.connections
        && snapshots <= before.snapshots
        && sessions <= before.sessions
        && threads <= before.threads + 2
        && files <= before.files + 4
        && heap <= before.heap + (16 << 20);
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%d connections, %d reader slots (%d reading), %d evaluator sessions, %d threads, %d files,"
            + " %.1f MB heap, %.0f MB of its own",
        connections,
        slots,
        snapshots,
        sessions,
        threads,
        files,
        heap / 1e6,
        memory / 1e6);
  }
}
