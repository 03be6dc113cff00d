package dev.quicksilver.loader;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.loader.Batch.Row;
import dev.quicksilver.loader.map.Mapping.Pair;
import dev.quicksilver.loader.read.Extent;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Rows that are kept as bytes are what they were. */
class BatchRowsTest {
  private final Random random = new Random(1);

  private byte[] bytes(int most) {
    byte[] bytes = new byte[random.nextInt(most)];
    random.nextBytes(bytes);
    return bytes;
  }

  private Row row(int number) {
    int most = number % 100 == 7 ? 400_000 : 300;
    long offset = random.nextLong(1L << 40);
    Extent extent;
    if (random.nextBoolean()) {
      byte[] text = bytes(most);
      extent = new Extent.OfLines(number, number + 3L, offset, text.length, text);
    } else {
      extent = new Extent.OfPair(number, offset, 7, bytes(most), bytes(most), random.nextBoolean());
    }
    return new Row(
        1 + random.nextInt(3), number, extent, new Pair(bytes(512), bytes(most)), number % 5 == 0);
  }

  @Test
  void areWhatTheyWere() {
    var rows = new Rows();
    List<Row> wanted = new ArrayList<>();
    for (int i = 0; i < 3000; i++) {
      Row row = row(i);
      rows.add(row);
      wanted.add(row);
      if (i % 11 == 10) {
        int place = random.nextInt(i);
        Row other = row(i);
        rows.set(place, other);
        wanted.set(place, other);
      }
    }
    assertThat(rows).usingRecursiveFieldByFieldElementComparator().isEqualTo(wanted);
    assertThat(rows.again()).isEqualTo((int) wanted.stream().filter(Row::again).count());
  }
}
