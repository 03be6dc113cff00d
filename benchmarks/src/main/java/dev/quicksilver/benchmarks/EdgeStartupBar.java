package dev.quicksilver.benchmarks;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.quicksilver.cli.cluster.Folders;
import dev.quicksilver.postgres.Ports;
import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.record.Position;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;

/**
 * {@code edge.startup}: {@code ./quicksilver serve} on a replica's directory, again and again, from
 * the start of the script to the right value of the first GET.
 */
final class EdgeStartupBar implements Bar {
  private static final int LIMIT_MS = 400;
  private static final int VALUE_BYTES = 1_000;
  private static final int BATCH = 10_000;
  private static final int LONGEST_SECONDS = 60;

  /** What one start took, in ms since its beginning. */
  private record Round(double script, double claimed, double listening, double answered) {}

  /** What is measured beside it: the least that a JVM does. */
  static final class Hello {
    private Hello() {}

    public static void main(String[] arguments) {
      System.out.println("hello");
    }
  }

  @Override
  public String name() {
    return "edge.startup";
  }

  @Override
  public String description() {
    return "./quicksilver serve from its start to the first read served, 2 GiB environment";
  }

  @Override
  public Kind kind() {
    return Kind.SPEED;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    int mib = settings.size(2_048, 256);
    int rounds = settings.size(10, 3);
    Path folder = Files.createTempDirectory("quicksilver-edge-startup-");
    try {
      Launcher.start(folder.resolve("log"), "version")
          .waitFor(); // builds, if that has not been done
      Path data = folder.resolve("data");
      int pairs = fill(data, (long) mib << 20);
      System.out.printf("%,d pairs, environment of %,d MiB%n", pairs, mib);
      Random random = new Random(settings.seed());
      List<Round> all = new ArrayList<>();
      double[] hello = new double[rounds];
      for (int i = -1; i < rounds; i++) { // the first one warms
        double floor = hello();
        Round round = start(folder, data, random.nextInt(pairs));
        if (i >= 0) {
          hello[i] = floor;
          all.add(round);
          System.out.printf(
              "round %d: %.0f ms (script %.0f, directory claimed %.0f, listening %.0f); a JVM that"
                  + " says hello %.0f ms%n",
              i + 1, round.answered, round.script, round.claimed, round.listening, floor);
        }
      }
      Arrays.sort(hello);
      double answered = median(all, Round::answered);
      System.out.printf(
          "medians: script until %.0f ms, JVM and configuration until %.0f ms, listening at %.0f"
              + " ms, first value at %.0f ms; a JVM that says hello takes %.0f ms%n",
          median(all, Round::script),
          median(all, Round::claimed),
          median(all, Round::listening),
          answered,
          hello[rounds / 2]);
      return new Outcome(
          String.format(Locale.ROOT, "%.0f ms, median of %d starts, %d MiB", answered, rounds, mib),
          "< " + LIMIT_MS + " ms",
          answered < LIMIT_MS);
    } finally {
      Folders.remove(folder);
    }
  }

  private static double median(List<Round> rounds, ToDoubleFunction<Round> part) {
    return rounds.stream().mapToDouble(part).sorted().toArray()[rounds.size() / 2];
  }

  // ---- the environment

  private static int fill(Path data, long bytes) throws IOException {
    int pairs = 0;
    try (DatabaseSet set = DatabaseSet.open(data, StorageSample.SMALL_LOG.withoutDurability())) {
      Database database = SourceNode.create(set);
      while (size(data) < bytes) {
        try (Appender appender = database.append()) {
          long lsn = appender.head().position().lsn() + 8;
          appender.begin(lsn, System.currentTimeMillis() * 1_000);
          for (int end = pairs + BATCH; pairs < end; pairs++) {
            appender.set(EdgeSource.key(pairs), value(pairs));
          }
          appender.end(new Position(1, 1, lsn));
          appender.commit();
        }
      }
    }
    return pairs;
  }

  private static long size(Path data) throws IOException {
    try (var files = Files.walk(data)) {
      return files
          .filter(file -> file.endsWith("data.mdb"))
          .mapToLong(file -> file.toFile().length())
          .max()
          .orElse(0);
    }
  }

  private static byte[] value(int number) {
    byte[] value = new byte[VALUE_BYTES];
    new Random(number).nextBytes(value);
    return value;
  }

  // ---- one start

  private Round start(Path folder, Path data, int number) throws Exception {
    int port = Ports.free();
    byte[] expected = reply(value(number));
    Path claim = data.resolve("run/serve.native");
    long began = System.nanoTime();
    Process process =
        Launcher.start(
            folder.resolve("log"),
            "serve",
            "--data-directory=" + data,
            "--data-map-size=8192",
            "--resp-listen=127.0.0.1:" + port,
            "--http-listen=127.0.0.1:0");
    try {
      Path comm = Path.of("/proc", Long.toString(process.pid()), "comm");
      double script = 0;
      double claimed = 0;
      while (true) {
        if (script == 0 && isJava(comm)) {
          script = since(began);
        }
        if (script != 0 && claimed == 0 && Files.exists(claim)) {
          claimed = since(began);
        }
        try (Socket socket = new Socket()) {
          socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
          socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(LONGEST_SECONDS));
          double listening = since(began);
          socket.getOutputStream().write(request(number));
          byte[] got = socket.getInputStream().readNBytes(expected.length);
          double answered = since(began);
          if (!Arrays.equals(got, expected)) {
            throw new IOException("the first reply is wrong: " + new String(got, US_ASCII));
          }
          return new Round(script, claimed, listening, answered);
        } catch (ConnectException e) {
          if (!process.isAlive() || since(began) > TimeUnit.SECONDS.toMillis(LONGEST_SECONDS)) {
            throw new IOException(
                "the server did not start: " + Files.readString(folder.resolve("log")), e);
          }
          Thread.sleep(1);
        }
      }
    } finally {
      process.destroy();
      process.waitFor();
    }
  }

  /** The script becomes the JVM; where that cannot be seen, 0 is shown. */
  private static boolean isJava(Path comm) {
    try {
      return Files.readString(comm).strip().equals("java");
    } catch (IOException e) {
      return false;
    }
  }

  private static double since(long began) {
    return (System.nanoTime() - began) / 1e6;
  }

  private static byte[] request(int number) {
    String key = new String(EdgeSource.key(number), US_ASCII);
    return ("*2\r\n$3\r\nGET\r\n$" + key.length() + "\r\n" + key + "\r\n").getBytes(US_ASCII);
  }

  private static byte[] reply(byte[] value) {
    byte[] head = ("$" + value.length + "\r\n").getBytes(US_ASCII);
    byte[] all = Arrays.copyOf(head, head.length + value.length + 2);
    System.arraycopy(value, 0, all, head.length, value.length);
    all[all.length - 2] = '\r';
    all[all.length - 1] = '\n';
    return all;
  }

  private static double hello() throws Exception {
    Path jar = Path.of(Hello.class.getProtectionDomain().getCodeSource().getLocation().toURI());
    long began = System.nanoTime();
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-cp",
                jar.toString(),
                Hello.class.getName())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    process.getInputStream().readNBytes("hello".length());
    double took = since(began);
    process.waitFor();
    return took;
  }
}
