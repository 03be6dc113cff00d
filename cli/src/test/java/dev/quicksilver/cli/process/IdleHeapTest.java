package dev.quicksilver.cli.process;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** When the heap is collected for its memory's sake. */
class IdleHeapTest {
  private static final long MIB = 1 << 20;

  private long taken = 32 * MIB;
  private long used = 10 * MIB;
  private int collections;
  private final IdleHeap heap = new IdleHeap(() -> taken, () -> used, this::collect);

  private void collect() {
    collections++;
    taken = 40 * MIB;
    used = 15 * MIB;
  }

  private void look(long usedNow) {
    used = usedNow * MIB;
    heap.look();
  }

  @Test
  void aHeapThatHasGrownIsCollectedOnceItIsQuiet() {
    look(20);
    look(21);
    assertThat(collections).isZero(); // it has taken no more than at first
    taken = 256 * MIB;
    look(200);
    look(120); // collected by the JVM itself, so there is work
    look(136);
    look(200);
    assertThat(collections).isZero();
    look(202);
    assertThat(collections).isOne();
    look(15);
    look(16);
    assertThat(collections).isOne();
  }

  @Test
  void isCollectedAgainOnlyWhenItHasGrownAgain() {
    taken = 256 * MIB;
    look(200);
    look(201);
    assertThat(collections).isOne();
    taken = 71 * MIB;
    look(50);
    look(51);
    assertThat(collections).isOne();
    taken = 72 * MIB;
    look(52);
    assertThat(collections).isEqualTo(2);
  }
}
