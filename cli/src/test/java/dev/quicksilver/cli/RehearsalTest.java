package dev.quicksilver.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A rehearsal comes to an end: a build, and all that wait for it, wait for the rehearsal. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class RehearsalTest {
  private static final Duration SHORT = Duration.ofMillis(200);

  /** A process in which nothing happens. */
  static final class Idle {
    private Idle() {}

    public static void main(String[] arguments) throws InterruptedException {
      Rehearsal.endAfter(SHORT);
      new CountDownLatch(1).await();
    }
  }

  private static ServerSocket listen() throws IOException {
    return new ServerSocket(0, 0, InetAddress.getLoopbackAddress());
  }

  private static String address(ServerSocket server) {
    return "127.0.0.1:" + server.getLocalPort();
  }

  @Test
  void aServerThatDoesNotAnswerIsNotWaitedFor() throws IOException {
    try (ServerSocket silent = listen()) {
      Map<String, String> both = Map.of("resp", address(silent), "http", address(silent));
      assertThatExceptionOfType(SocketTimeoutException.class)
          .isThrownBy(() -> Rehearsal.ask(both, SHORT));
    }
  }

  @Test
  void norIsOneThatAnswersValuesAlone() throws Exception {
    try (ServerSocket values = listen();
        ServerSocket silent = listen()) {
      Thread server =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try (Socket client = values.accept()) {
                      client.getOutputStream().write("$5\r\nvalue\r\n".getBytes(UTF_8));
                      client.getInputStream().readAllBytes();
                    } catch (IOException e) {
                      throw new IllegalStateException(e);
                    }
                  });
      Map<String, String> both = Map.of("resp", address(values), "http", address(silent));
      assertThatExceptionOfType(SocketTimeoutException.class)
          .isThrownBy(() -> Rehearsal.ask(both, SHORT));
      server.join();
    }
  }

  @Test
  void refusesAnotherAnswer() throws Exception {
    try (ServerSocket values = listen()) {
      Thread server =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try (Socket client = values.accept()) {
                      client.getOutputStream().write("-NOAUTH no\r\n".getBytes(UTF_8));
                      client.getInputStream().readAllBytes();
                    } catch (IOException e) {
                      throw new IllegalStateException(e);
                    }
                  });
      assertThatIOException()
          .isThrownBy(() -> Rehearsal.ask(Map.of("resp", address(values)), Duration.ofSeconds(10)))
          .withMessageContaining("-NOAUTH");
      server.join();
    }
  }

  @Test
  void endsAfterItsTimeWhateverItWaitsFor() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx64m",
                "-cp",
                System.getProperty("java.class.path"),
                Idle.class.getName())
            .redirectErrorStream(true)
            .start();
    try (InputStream output = process.getInputStream()) {
      assertThat(new String(output.readAllBytes(), UTF_8))
          .contains("the rehearsal failed: it has not ended within 200 ms");
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isEqualTo(1);
    } finally {
      process.destroyForcibly();
    }
  }
}
