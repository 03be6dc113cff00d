package dev.quicksilver.loader.read;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class ScanTest {
  private static final byte[] FEW = {'\t', '\n', '\r', '\\', 'a', 0, 1, -1, -128, 127, 8, 10};

  /** Bytes of which many are nearly what is looked for. */
  private static byte[] bytes(Random random) {
    byte[] bytes = new byte[random.nextInt(40)];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = random.nextInt(4) == 0 ? FEW[random.nextInt(FEW.length)] : (byte) ('b' + i);
    }
    return bytes;
  }

  @Test
  void findsWhatALoopFinds() {
    var random = new Random(5);
    for (int i = 0; i < 200_000; i++) {
      byte[] in = bytes(random);
      int from = random.nextInt(in.length + 1);
      int to = from + random.nextInt(in.length - from + 1);
      byte a = FEW[random.nextInt(FEW.length)];
      byte b = FEW[random.nextInt(FEW.length)];
      byte c = FEW[random.nextInt(FEW.length)];
      int first = from;
      while (first < to && in[first] != a) {
        first++;
      }
      int any = from;
      while (any < to && in[any] != a && in[any] != b && in[any] != c) {
        any++;
      }
      assertThat(Scan.indexOf(in, from, to, a)).isEqualTo(first == to ? -1 : first);
      assertThat(Scan.indexOfAny(in, from, to, a, b, c)).isEqualTo(any);
    }
  }

  @Test
  void knowsPlainText() {
    var random = new Random(6);
    int plain = 0;
    for (int i = 0; i < 200_000; i++) {
      byte[] in = bytes(random);
      boolean wanted = true;
      for (byte b : in) {
        wanted &= b > 0;
      }
      plain += wanted ? 1 : 0;
      assertThat(Scan.isPlain(in)).isEqualTo(wanted);
    }
    assertThat(plain).isBetween(1_000, 199_000);
  }
}
