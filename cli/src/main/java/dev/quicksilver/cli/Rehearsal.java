package dev.quicksilver.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.quicksilver.cli.process.ProcessFile;
import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Position;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.URLConnection;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;

/**
 * What the launcher runs after a build, so that the JVM notes which classes a start needs (its AOT
 * cache): a database is served until a client has had its answers. It is made by a process of its
 * own, since every class that is noted is loaded by every start: not those that only writers need,
 * nor those of picocli, which the cache cannot hold. Nothing leaves the machine; the ports are free
 * ones of the loopback address.
 */
public final class Rehearsal {
  private static final String DATABASE = "rehearsal";
  private static final String KEY = "key";
  private static final String VALUE = "value";
  private static final String GET = "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n";
  private static final String REPLY = "$5\r\nvalue\r\n";
  private static final int LOOK_EVERY_MS = 10;

  /** How long one of the two processes may take: others wait for the build. */
  private static final Duration LONGEST = Duration.ofSeconds(30);

  /** How long an answer may take. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private Rehearsal() {}

  /**
   * Takes a word and the data directory: {@code fill} makes it, {@code serve} serves it, and ends
   * the process with exit code 0 or, with the reason on standard error, 1; within 30 seconds at the
   * latest.
   */
  public static void main(String[] arguments) {
    endAfter(LONGEST);
    Path data = Path.of(arguments[1]);
    if (arguments[0].equals("fill")) {
      fill(data);
      return;
    }
    Thread.ofPlatform().daemon().name("client").start(() -> ask(data));
    Quicksilver.main(
        new String[] {
          "serve",
          "--data-directory=" + data,
          "--resp-listen=127.0.0.1:0",
          "--http-listen=127.0.0.1:0"
        });
  }

  /**
   * Ends the process as failed if it is still there after a time, whatever its threads wait for.
   */
  static void endAfter(Duration longest) {
    Thread.ofPlatform()
        .daemon()
        .name("end")
        .start(
            () -> {
              try {
                Thread.sleep(longest);
                fail("it has not ended within " + longest.toMillis() + " ms");
              } catch (InterruptedException e) {
                fail(e.toString());
              }
            });
  }

  private static void fail(String reason) {
    System.err.println("the rehearsal failed: " + reason);
    Runtime.getRuntime().halt(1);
  }

  private static void fill(Path data) {
    try (DatabaseSet set = DatabaseSet.open(data, StorageOptions.DEFAULT)) {
      Database database =
          set.create(new DatabaseIdentity(UUID.randomUUID(), DATABASE, "text", "text"));
      try (Appender appender = database.append()) {
        appender.begin(1, 1);
        appender.set(KEY.getBytes(UTF_8), VALUE.getBytes(UTF_8));
        appender.end(new Position(1, 1, 1));
        appender.commit();
      }
    }
  }

  /** Waits for the server, asks it, and ends the process as a signal would. */
  private static void ask(Path data) {
    try {
      ask(addresses(data), PATIENCE);
      System.exit(0);
    } catch (IOException | InterruptedException | RuntimeException e) {
      fail(e.toString());
    }
  }

  /**
   * Asks a server all that is rehearsed.
   *
   * @param patience how long nothing may come from it
   * @throws IOException if it does not answer, or something else than it should
   */
  static void ask(Map<String, String> addresses, Duration patience) throws IOException {
    int millis = Math.toIntExact(patience.toMillis());
    URI resp = URI.create("resp://" + addresses.get("resp"));
    try (Socket socket = new Socket()) {
      socket.setSoTimeout(millis);
      socket.connect(new InetSocketAddress(resp.getHost(), resp.getPort()), millis);
      OutputStream requests = socket.getOutputStream();
      requests.write(GET.getBytes(UTF_8));
      String reply = new String(socket.getInputStream().readNBytes(REPLY.length()), UTF_8);
      if (!reply.equals(REPLY)) {
        throw new IOException("the server answered: " + reply);
      }
    }
    for (String path : new String[] {"healthz", "status", "metrics"}) {
      URLConnection http =
          URI.create("http://" + addresses.get("http") + "/" + path).toURL().openConnection();
      http.setConnectTimeout(millis);
      http.setReadTimeout(millis);
      try (InputStream body = http.getInputStream()) {
        body.transferTo(OutputStream.nullOutputStream());
      }
    }
  }

  private static Map<String, String> addresses(Path data) throws InterruptedException {
    var published = ProcessFile.read(data, "serve");
    while (published.isEmpty()) {
      Thread.sleep(LOOK_EVERY_MS);
      published = ProcessFile.read(data, "serve");
    }
    return published.get().addresses();
  }
}
