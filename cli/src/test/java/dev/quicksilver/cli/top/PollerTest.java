package dev.quicksilver.cli.top;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.cli.command.NodeClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What becomes of a node that cannot be asked. */
final class PollerTest {
  private final AtomicInteger asked = new AtomicInteger();
  private final BlockingQueue<String> said = new LinkedBlockingQueue<>();

  /** A process file that cannot be read, then an error of the program, then no node. */
  private NodeClient asked() {
    return switch (asked.getAndIncrement()) {
      case 0 -> throw new UncheckedIOException(new IOException("the file is another user's"));
      case 1 -> throw new AssertionError("a defect");
      default -> new NodeClient("127.0.0.1:1");
    };
  }

  @Test
  void whateverGoesWrongIsSaidAndItAsksOn() throws InterruptedException {
    Poller[] poller = new Poller[1];
    Runnable more = () -> said.add(poller[0].seen().silence().orElse("it answered"));
    try (Poller made = new Poller(this::asked, more, Clock.systemUTC())) {
      poller[0] = made;
      made.start();
      assertThat(next()).startsWith("since 20").contains("the file is another user's");
      assertThat(next()).contains("AssertionError", "a defect");
      assertThat(next()).contains("no answer from a node at 127.0.0.1:1");
    }
  }

  private String next() throws InterruptedException {
    String next = said.poll(60, TimeUnit.SECONDS);
    return next == null ? "nothing within a minute" : next;
  }
}
