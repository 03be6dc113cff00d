package dev.quicksilver.storage;

import dev.quicksilver.storage.DatabaseModel.Change;
import dev.quicksilver.storage.DatabaseModel.Hold;
import dev.quicksilver.storage.DatabaseModel.Look;
import dev.quicksilver.storage.DatabaseModel.Release;
import dev.quicksilver.storage.DatabaseModel.Renew;
import dev.quicksilver.storage.DatabaseModel.Reopen;
import dev.quicksilver.storage.DatabaseModel.Step;
import dev.quicksilver.storage.DatabaseModel.Write;
import dev.quicksilver.storage.record.Operation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;

/** Whatever is done to a database in whatever order, it holds what a sorted map would. */
class DatabasePropertiesTest {
  /** Keys that meet again, among them neighbours, prefixes of each other, and the longest. */
  private static final List<byte[]> KEYS =
      Stream.of(1, 1, 2, 3, 29, 100, 255, 256, 510, 511, 511, 511)
          .flatMap(length -> Stream.of(key(length, 'a'), key(length, 0xFF), key(length, 0)))
          .toList();

  @Property(tries = 40)
  void aDatabaseHoldsWhatASortedMapWould(@ForAll("steps") List<Step> steps) throws IOException {
    Path folder = Files.createTempDirectory("quicksilver-model-");
    try (DatabaseModel model = new DatabaseModel(folder)) {
      steps.forEach(model::take);
      model.requireSame();
    } finally {
      remove(folder);
    }
  }

  @Provide
  Arbitrary<List<Step>> steps() {
    Arbitrary<Integer> which = Arbitraries.integers().between(0, 9);
    return Arbitraries.frequencyOf(
            Tuple.of(6, writes()),
            Tuple.of(2, Arbitraries.just(new Hold())),
            Tuple.of(1, which.map(Release::new)),
            Tuple.of(1, which.map(Renew::new)),
            Tuple.of(4, looks()),
            Tuple.of(1, Arbitraries.just(new Reopen())))
        .list()
        .ofMaxSize(30);
  }

  private static Arbitrary<Step> writes() {
    return Combinators.combine(
            changes().list().ofMaxSize(20),
            Arbitraries.integers().between(1, 8),
            Arbitraries.frequency(Tuple.of(5, true), Tuple.of(1, false)))
        .as(Write::new);
  }

  private static Arbitrary<Change> changes() {
    return Combinators.combine(operations(), keys(), values()).as(Change::new);
  }

  private static Arbitrary<Operation> operations() {
    return Arbitraries.frequency(
        Tuple.of(40, Operation.SET), Tuple.of(12, Operation.DEL), Tuple.of(1, Operation.CLEAR));
  }

  private static Arbitrary<byte[]> keys() {
    return Arbitraries.frequencyOf(
        Tuple.of(4, Arbitraries.of(KEYS)),
        Tuple.of(1, Arbitraries.bytes().array(byte[].class).ofMinSize(1).ofMaxSize(511)));
  }

  /** Around the lengths where the way a value is stored changes. */
  private static Arbitrary<byte[]> values() {
    Arbitrary<Integer> lengths =
        Arbitraries.frequencyOf(
            Tuple.of(10, Arbitraries.integers().between(0, 100)),
            Tuple.of(6, Arbitraries.integers().between(1_950, 2_050)),
            Tuple.of(6, Arbitraries.integers().between(4_050, 4_090)),
            Tuple.of(2, Arbitraries.integers().between(8_150, 8_170)),
            Tuple.of(2, Arbitraries.integers().between(65_500, 65_560)),
            Tuple.of(1, Arbitraries.integers().between(1_048_500, 1_048_600)));
    return Combinators.combine(lengths, Arbitraries.integers()).as(DatabasePropertiesTest::value);
  }

  private static Arbitrary<Step> looks() {
    return Combinators.combine(
            keys().injectNull(0.2),
            Arbitraries.of(true, false),
            keys().injectNull(0.2),
            Arbitraries.of(true, false),
            Arbitraries.of(Direction.values()))
        .as(
            (one, fromInclusive, other, toInclusive, direction) -> {
              boolean swap = one != null && other != null && Arrays.compareUnsigned(one, other) > 0;
              return new Look(
                  new KeyRange(swap ? other : one, fromInclusive, swap ? one : other, toInclusive),
                  direction);
            });
  }

  private static byte[] key(int length, int filling) {
    byte[] key = new byte[length];
    Arrays.fill(key, (byte) filling);
    return key;
  }

  private static byte[] value(int length, int seed) {
    byte[] value = new byte[length];
    if (seed % 2 == 0) {
      new Random(seed).nextBytes(value);
    } else {
      Arrays.fill(value, (byte) seed);
    }
    return value;
  }

  private static void remove(Path folder) throws IOException {
    List<Path> files;
    try (Stream<Path> walk = Files.walk(folder)) {
      files = walk.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path file : files) {
      Files.delete(file);
    }
  }
}
