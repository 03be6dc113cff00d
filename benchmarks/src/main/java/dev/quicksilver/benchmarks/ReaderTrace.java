package dev.quicksilver.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The system calls of a reader and of the writers beside it, as strace saw them, between two marks
 * that the reader sets: it asks for two files that are not there.
 *
 * @param reader system calls of the reader by name, but for the two marks
 * @param atSafepoint those among them that the JVM made it do, since it stopped all threads
 * @param writers system calls of the writers by name, meanwhile
 * @param seconds between the marks
 * @param stops lengths in ms of the JVM's stops of all threads meanwhile; a call counts as made at
 *     one if it falls into it, or a millisecond before or after, since strace itself delays what a
 *     thread does
 */
record ReaderTrace(
    Map<String, Integer> reader,
    Map<String, Integer> atSafepoint,
    Map<String, Integer> writers,
    double seconds,
    List<Double> stops) {
  /**
   * {@code 1234 1700000000.123456 futex(…) = 0} or {@code 1234 1700000000.123456 --- SIGSEGV …}.
   */
  private static final Pattern LINE = Pattern.compile("^(\\d+) +(\\d+)\\.(\\d{6}) (.*)$");

  private static final Pattern SAFEPOINT =
      Pattern.compile("^\\[(\\d+)ns\\] Safepoint \"(\\w+)\".* Total: +(\\d+) ns");

  /** What a thread does that waits for a safepoint's end, and what brings it there and back. */
  private static final Set<String> WAITING = Set.of("futex", "gettid", "SIGSEGV", "rt_sigreturn");

  /**
   * What never waits: the JVM's signals for its own polls and traps, and waking another thread, as
   * when it hands a method to its compiler.
   */
  private static final Set<String> HARMLESS =
      Set.of("futex-wake", "gettid", "SIGSEGV", "rt_sigreturn", "rt_sigprocmask");

  /** A time at which the JVM stopped all threads; wall clock in ns. */
  private record Safepoint(long begin, long end) {
    private static final long MARGIN = TimeUnit.MILLISECONDS.toNanos(1);

    boolean covers(long time) {
      return time >= begin - MARGIN && time <= end + MARGIN;
    }
  }

  private record Call(int thread, long at, String name, String line) {}

  /** strace, attached to processes. */
  static final class Recording implements AutoCloseable {
    private final Process process;
    private final Thread drain;
    private final Path output;

    private Recording(Process process, Thread drain, Path output) {
      this.process = process;
      this.drain = drain;
      this.output = output;
    }

    /** Ends it and returns the file. */
    Path end() throws InterruptedException {
      process.toHandle().destroy(); // Process.destroy would close its output
      process.waitFor();
      drain.join();
      return output;
    }

    @Override
    public void close() {
      process.destroyForcibly();
    }
  }

  /** Attaches strace to all threads of processes; when this returns, it sees them. */
  static Recording record(Path output, long... processes) throws IOException, InterruptedException {
    SystemPackages.attempt(() -> SystemPackages.run(List.of("strace", "-V")), "strace");
    List<String> command =
        new ArrayList<>(List.of("strace", "-f", "-ttt", "-o", output.toString()));
    for (long process : processes) {
      command.add("-p");
      command.add(Long.toString(process));
    }
    Process strace = new ProcessBuilder(command).redirectErrorStream(true).start();
    BufferedReader says =
        new BufferedReader(
            new InputStreamReader(strace.getInputStream(), StandardCharsets.US_ASCII));
    Set<Long> left = new TreeSet<>();
    for (long process : processes) {
      left.add(process);
    }
    while (!left.isEmpty()) {
      String line = says.readLine();
      if (line == null) {
        throw new IOException("strace cannot attach to the reader; this needs CAP_SYS_PTRACE");
      }
      left.removeIf(process -> line.contains("Process " + process + " attached"));
    }
    Thread drain = Thread.startVirtualThread(() -> says.lines().forEach(line -> {}));
    return new Recording(strace, drain, output);
  }

  /**
   * Reads what was recorded.
   *
   * @param safepoints the JVM's log of the reader's process
   * @param wallMinusMonotonic what its times are to be corrected by, ns
   */
  static ReaderTrace read(
      Path recorded, Path safepoints, long wallMinusMonotonic, int reader, Set<Integer> writers)
      throws IOException {
    List<Safepoint> stops = safepoints(safepoints, wallMinusMonotonic);
    List<Call> calls;
    try (Stream<String> lines = Files.lines(recorded, StandardCharsets.ISO_8859_1)) {
      calls = lines.map(ReaderTrace::call).filter(call -> !call.name.isEmpty()).toList();
    }
    long begin = mark(calls, reader, ReadUnderWrite.BEGIN_MARK);
    long end = mark(calls, reader, ReadUnderWrite.END_MARK);
    ReaderTrace trace =
        new ReaderTrace(
            new TreeMap<>(),
            new TreeMap<>(),
            new TreeMap<>(),
            (end - begin) / 1e9,
            stops.stream()
                .filter(stop -> stop.end > begin && stop.begin < end)
                .map(stop -> (stop.end - stop.begin) / 1e6)
                .toList());
    for (Call call : calls) {
      if (call.at < begin || call.at > end) {
        continue;
      }
      if (writers.contains(call.thread)) {
        trace.writers.merge(call.name, 1, Integer::sum);
      } else if (call.thread == reader && !call.line.contains("quicksilver-mark")) {
        trace.reader.merge(call.name, 1, Integer::sum);
        if (WAITING.contains(call.name) && stops.stream().anyMatch(stop -> stop.covers(call.at))) {
          trace.atSafepoint.merge(call.name, 1, Integer::sum);
        } else if (!HARMLESS.contains(call.name)) {
          System.out.println("  the reader: " + call.line);
        }
      }
    }
    return trace;
  }

  /** Says whether the reader made no system call that can wait, not even for the JVM. */
  boolean askedForNothing() {
    return HARMLESS.containsAll(reader.keySet());
  }

  /** Says whether the reader made no system call that can wait, but for the JVM's own stops. */
  boolean waitedForNobody() {
    return reader.entrySet().stream()
        .filter(call -> !HARMLESS.contains(call.getKey()))
        .allMatch(call -> call.getValue().equals(atSafepoint.get(call.getKey())));
  }

  private static long mark(List<Call> calls, int reader, Path mark) throws IOException {
    return calls.stream()
        .filter(call -> call.thread == reader && call.line.contains(mark.toString()))
        .mapToLong(Call::at)
        .findFirst()
        .orElseThrow(() -> new IOException("the trace lacks the reader's mark " + mark));
  }

  private static Call call(String line) {
    Matcher parts = LINE.matcher(line);
    if (!parts.matches()) {
      return new Call(0, 0, "", line);
    }
    long at =
        TimeUnit.SECONDS.toNanos(Long.parseLong(parts.group(2)))
            + TimeUnit.MICROSECONDS.toNanos(Long.parseLong(parts.group(3)));
    String what = parts.group(4);
    String name = "";
    if (what.startsWith("--- ")) {
      name = what.substring(4, what.indexOf(' ', 4));
    } else if (!what.startsWith("<... ") && what.indexOf('(') > 0) {
      name = what.substring(0, what.indexOf('('));
      if (name.equals("futex") && what.contains("FUTEX_WAKE")) {
        name = "futex-wake";
      }
    }
    return new Call(Integer.parseInt(parts.group(1)), at, name, line);
  }

  /** A stop is logged when it has ended. */
  private static List<Safepoint> safepoints(Path log, long wallMinusMonotonic) throws IOException {
    try (Stream<String> lines = Files.lines(log)) {
      return lines
          .map(SAFEPOINT::matcher)
          .filter(Matcher::find)
          .map(
              found -> {
                long end = Long.parseLong(found.group(1)) + wallMinusMonotonic;
                return new Safepoint(end - Long.parseLong(found.group(3)), end);
              })
          .toList();
    }
  }
}
