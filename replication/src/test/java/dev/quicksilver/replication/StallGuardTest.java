package dev.quicksilver.replication;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Who takes nothing for too long is found, on a stepped clock. */
final class StallGuardTest {
  private final AtomicLong now = new AtomicLong();
  private final AtomicInteger stalls = new AtomicInteger();
  private final CountDownLatch writing = new CountDownLatch(1);
  private final CountDownLatch release = new CountDownLatch(1);

  private final OutputStream stuck =
      new OutputStream() {
        @Override
        public void write(int b) {
          throw new UnsupportedOperationException();
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
          writing.countDown();
          try {
            release.await();
          } catch (InterruptedException e) {
            throw new IOException(e);
          }
        }
      };

  @Test
  void findsAWriteWithoutProgressOnceAndLeavesIdleOnesAlone() throws Exception {
    // The guard's own thread looks as well, each second: whoever is first finds the stall.
    Duration limit = Duration.ofHours(1);
    try (StallGuard guard = new StallGuard(limit, now::get)) {
      guard.guard(OutputStream.nullOutputStream(), stalls::incrementAndGet);
      StallGuard.Guarded waiting = guard.guard(stuck, stalls::incrementAndGet);
      Thread writer = write(waiting);
      assertThat(writing.await(60, TimeUnit.SECONDS)).isTrue();
      now.addAndGet(limit.toNanos());
      guard.check();
      assertThat(stalls).hasValue(0);
      now.addAndGet(1);
      guard.check();
      awaitStalls(1);
      guard.check();
      assertThat(stalls).hasValue(1);
      release.countDown();
      writer.join();
    }
  }

  @Test
  void goesOnAfterAConnectionThatCannotBeClosed() throws Exception {
    CountDownLatch both = new CountDownLatch(2);
    OutputStream counted =
        new OutputStream() {
          @Override
          public void write(int b) {
            throw new UnsupportedOperationException();
          }

          @Override
          public void write(byte[] bytes, int offset, int length) throws IOException {
            both.countDown();
            stuck.write(bytes, offset, length);
          }
        };
    Duration limit = Duration.ofHours(1);
    try (StallGuard guard = new StallGuard(limit, now::get)) {
      Runnable failing =
          () -> {
            stalls.incrementAndGet();
            throw new IllegalStateException("cannot be closed");
          };
      Thread one = write(guard.guard(counted, failing));
      Thread other = write(guard.guard(counted, failing));
      assertThat(both.await(60, TimeUnit.SECONDS)).isTrue();
      now.addAndGet(limit.toNanos() + 1);
      guard.check();
      awaitStalls(2);
      release.countDown();
      one.join();
      other.join();
    }
  }

  private void awaitStalls(int count) {
    Await.until(() -> stalls.get() >= count, stalls::get);
    assertThat(stalls).hasValue(count);
  }

  private static Thread write(StallGuard.Guarded stream) {
    return Thread.ofVirtual()
        .start(
            () -> {
              try {
                stream.write(new byte[10]);
              } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
              }
            });
  }
}
