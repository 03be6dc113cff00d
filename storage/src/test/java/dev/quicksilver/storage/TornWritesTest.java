package dev.quicksilver.storage;

import static dev.quicksilver.storage.TestDatabases.FAST;
import static dev.quicksilver.storage.TestDatabases.at;
import static dev.quicksilver.storage.TestDatabases.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.storage.copy.Verifier;
import dev.quicksilver.storage.copy.VerifyProgress;
import dev.quicksilver.storage.record.Head;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a power failure may leave between two commits: LMDB writes a commit's pages, waits for the
 * disk, and only then writes one meta page. So any of the pages may be there, be missing or be torn
 * between sectors, as long as the meta pages are the old ones; and all are there once a meta page
 * is new. The file may have grown already or not. The meta page itself may be torn too; what a
 * commit changes of it stands in its first sector.
 */
class TornWritesTest {
  private static final int ROUNDS = 60;
  private static final int PAGE = 4_096;
  private static final int SECTOR = 512;
  private static final int META_PAGES = 2 * PAGE;

  @TempDir Path folder;
  private final Random random = new Random(42);

  @Test
  void tornAndDroppedPagesOfAnUnfinishedCommitLeaveTheCommitBeforeIt() throws IOException {
    try (Database live = TestDatabases.create(folder.resolve("live"))) {
      commit(live, 1);
      for (int round = 2; round < ROUNDS; round++) {
        final Head before = live.head();
        final byte[] old = Files.readAllBytes(folder.resolve("live/data.mdb"));
        commit(live, round);
        byte[] next = Files.readAllBytes(folder.resolve("live/data.mdb"));
        assertThat(opened(round + "-torn", torn(old, next))).isEqualTo(before);
        int sector = random.nextInt(PAGE / SECTOR + 1);
        assertThat(opened(round + "-meta-torn", tornMeta(old, next, sector * SECTOR)))
            .isEqualTo(sector == 0 ? before : live.head()); // all that is written is in the first
      }
    }
  }

  private void commit(Database database, int number) {
    try (Appender appender = database.append()) {
      appender.begin(number, number);
      for (int i = 0; i < 20; i++) {
        byte[] key = bytes("key " + random.nextInt(100));
        if (random.nextInt(6) == 0) {
          appender.delete(key);
        } else {
          byte[] value = new byte[random.nextInt(random.nextInt(4) == 0 ? 20_000 : 200)];
          random.nextBytes(value);
          appender.set(key, value);
        }
      }
      appender.end(at(number));
      appender.commit();
    }
  }

  private byte[] torn(byte[] old, byte[] next) {
    boolean grown = random.nextBoolean();
    byte[] image = Arrays.copyOf(old, grown ? Math.max(old.length, next.length) : old.length);
    for (int page = META_PAGES; page < image.length; page += PAGE) {
      int length = random.nextInt(3) * random.nextInt(PAGE / SECTOR + 1) * SECTOR;
      System.arraycopy(next, page, image, page, Math.min(length, PAGE));
    }
    return image;
  }

  /** Every other page is there, and the first bytes of the new meta page. */
  private static byte[] tornMeta(byte[] old, byte[] next, int bytes) {
    byte[] image = next.clone();
    int meta = Arrays.mismatch(old, next) / PAGE * PAGE;
    System.arraycopy(old, meta + bytes, image, meta + bytes, PAGE - bytes);
    return image;
  }

  private Head opened(String name, byte[] image) throws IOException {
    Path copy = Files.createDirectory(folder.resolve(name));
    Files.write(copy.resolve("data.mdb"), image);
    try (Database database = Database.open(copy, FAST)) {
      return Verifier.verify(database, VerifyProgress.NONE).requireClean().head();
    }
  }
}
