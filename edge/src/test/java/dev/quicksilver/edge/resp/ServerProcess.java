package dev.quicksilver.edge.resp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.edge.Writer;
import dev.quicksilver.edge.access.Credentials;
import dev.quicksilver.fixtures.Await;
import dev.quicksilver.storage.lmdb.StorageOptions;
import dev.quicksilver.tls.TlsFiles;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** A RESP server in a process of its own, which can take the place of another one. */
final class ServerProcess implements AutoCloseable {
  private final Process process;
  private final BufferedReader says;
  private final int port;

  private ServerProcess(Process process) throws IOException {
    this.process = process;
    says = process.inputReader();
    port = Integer.parseInt(answer("port "));
  }

  /** Returns what follows in the first line that begins so; others are of its log. */
  private String answer(String begin) throws IOException {
    String line = says.readLine();
    while (line != null && !line.startsWith(begin)) {
      line = says.readLine();
    }
    assertThat(line).as("the line " + begin).isNotNull();
    return line.substring(begin.length());
  }

  /**
   * Starts one.
   *
   * @param how "start" or "take"
   * @param threads loops
   * @param password of user "default", and with it TLS by files in data/tls; "-" for neither
   */
  static ServerProcess run(String how, Path data, int threads, String password) throws IOException {
    return new ServerProcess(begin(how, data, threads, password));
  }

  /** Starts a process that may fail. */
  static Process begin(String how, Path data, int threads, String password) throws IOException {
    return new ProcessBuilder(
            Writer.java(
                ServerProcess.class, how, data.toString(), Integer.toString(threads), password))
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }

  int port() {
    return port;
  }

  /** Where servers of a folder ask each other. */
  static Path handover(Path data) {
    return data.resolve("handover.sock");
  }

  static Path unix(Path data) {
    return data.resolve("resp.sock");
  }

  /** Waits until another process has taken its place and the last client has left. */
  void awaitEnd() throws IOException, InterruptedException {
    awaitGone();
    awaitExit();
  }

  /** Waits until its last client has left. */
  void awaitExit() throws InterruptedException {
    assertThat(process.waitFor()).isZero();
  }

  /** Waits until another process has taken its place. */
  void awaitGone() throws IOException {
    assertThat(answer("gone")).isEmpty();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** Kills it with SIGKILL. */
  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }

  public static void main(String[] arguments) {
    try {
      serve(arguments);
    } catch (Exception e) {
      System.err.println("the server cannot start: " + e);
      System.exit(1);
    }
  }

  private static void serve(String[] arguments) throws Exception {
    Path data = Path.of(arguments[1]);
    boolean catalog = arguments[3].equals("catalog");
    boolean plainly = arguments[3].startsWith("plain:"); // a password without TLS
    boolean secure = !catalog && !plainly && !arguments[3].equals("-");
    var config =
        new RespConfig(
            secure ? "0.0.0.0" : "127.0.0.1",
            0,
            Optional.of(unix(data)),
            data,
            Integer.parseInt(arguments[2]),
            100,
            64 << 20,
            List.of(),
            Duration.ZERO,
            secure || plainly
                ? Optional.of(Credentials.ofPassword("default", arguments[3]))
                : Optional.empty(),
            catalog,
            secure
                ? Optional.of(
                    new TlsFiles(
                        data.resolve("tls/edge.pem"), data.resolve("tls/edge-key.pem"), List.of()))
                : Optional.empty(),
            StorageOptions.DEFAULT.withMapSize(64L << 20),
            "test");
    RespServer server =
        arguments[0].equals("take")
            ? RespServer.takeOver(config, handover(data), OpenListeners.NONE)
            : RespServer.start(config);
    Await.until( // the process before may not have left the place yet, which a lock shows otherwise
        "the place is free",
        () -> !arguments[0].equals("take") || !Files.exists(handover(data)),
        free -> free);
    server.offer(
        handover(data),
        () -> {
          System.out.println("gone");
          try {
            server.awaitClients(Duration.ofMinutes(1));
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          System.exit(0);
        });
    System.out.println("port " + server.port());
    int ended = System.in.read(); // lives no longer than who has started it
    System.exit(ended < 0 ? 0 : 1);
  }
}
