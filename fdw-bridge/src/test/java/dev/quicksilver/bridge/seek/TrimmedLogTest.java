package dev.quicksilver.bridge.seek;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.bridge.TestReplica;
import dev.quicksilver.bridge.catalog.Replica;
import dev.quicksilver.bridge.catalog.ReplicaView;
import dev.quicksilver.edge.access.Rights;
import dev.quicksilver.storage.Appender;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.record.DatabaseIdentity;
import dev.quicksilver.storage.record.Head;
import dev.quicksilver.storage.record.Position;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A log whose oldest blocks are gone, with transactions of one to some hundred entries. */
class TrimmedLogTest {
  @Test
  void isReadFromWhereItBegins(@TempDir Path data) {
    List<Long> starts = new ArrayList<>(List.of(0L));
    Head head = write(data, starts);
    long oldest = head.oldestSequence();
    long last = head.lastSequence();
    assertThat(oldest).isGreaterThan(1);
    try (var replica = new Replica(data, TestReplica.OPTIONS);
        var view = replica.view(Rights.ALL, ReplicaView.Judge.NONE)) {
      assertThat(rows(view, "SELECT count(*) FROM big_log"))
          .containsExactly(String.valueOf(last - oldest + 1));
      assertThat(rows(view, "SELECT sequence, transaction FROM big_log"))
          .containsExactlyElementsOf(
              LongStream.rangeClosed(oldest, last)
                  .mapToObj(sequence -> sequence + "|" + starts.get((int) sequence))
                  .toList());
      assertThat(rows(view, "SELECT sequence FROM big_log WHERE sequence <= " + oldest))
          .containsExactly(String.valueOf(oldest));
      assertThat(rows(view, "SELECT sequence FROM big_log WHERE sequence < " + oldest)).isEmpty();
      assertThat(rows(view, "SELECT sequence FROM big_log WHERE sequence > " + last)).isEmpty();
      assertThat(rows(view, "SELECT sequence FROM big_log ORDER BY sequence DESC LIMIT 2"))
          .containsExactly(String.valueOf(last), String.valueOf(last - 1));
      assertThat(
              rows(view, "SELECT sequence FROM big_log WHERE key = 'none' ORDER BY 1 DESC LIMIT 2"))
          .isEmpty();
      for (long sequence = oldest; sequence <= last; sequence += 1 + (last - oldest) / 100) {
        assertThat(rows(view, "SELECT transaction FROM big_log WHERE sequence = " + sequence))
            .containsExactly(String.valueOf(starts.get((int) sequence)));
      }
    }
  }

  private static List<String> rows(dev.quicksilver.bridge.catalog.ReplicaView view, String text) {
    return SeekLab.rows(
        Seek.plan(SeekLab.select(text).orElseThrow(), view, List.of(), SeekLab.SCOPE)
            .orElseThrow());
  }

  /** Fills the list with the first sequence of the transaction of each sequence. */
  private static Head write(Path data, List<Long> starts) {
    var options = TestReplica.OPTIONS.withLog(Duration.ofDays(365_000), 100_000);
    var random = new Random(7);
    byte[] value = new byte[100];
    try (var databases = DatabaseSet.open(data, options)) {
      var database =
          databases.create(new DatabaseIdentity(UUID.randomUUID(), "big", "text", "bytea"));
      long lsn = 0;
      for (int block = 0; block < 40; block++) {
        try (Appender appender = database.append()) {
          for (int transaction = 0; transaction < 3; transaction++) {
            lsn += 10;
            appender.begin(lsn, TestReplica.EPOCH + lsn);
            long start = starts.size();
            for (int i = random.nextInt(200); i >= 0; i--) {
              random.nextBytes(value);
              appender.set(SeekLab.utf8("key " + random.nextInt(1000)), value);
              starts.add(start);
            }
            appender.end(new Position(1, 1, lsn + 5));
          }
          appender.commit();
        }
      }
      return database.head();
    }
  }
}
