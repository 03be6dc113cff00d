package dev.quicksilver.bridge.seek;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** A seek gives what PostgreSQL gives for the same rows, or is none. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SeekTest {
  private static final int STATEMENTS = Integer.getInteger("statements", 4_000);

  private SeekLab lab;

  @BeforeAll
  void start(@TempDir Path data) throws Exception {
    lab = new SeekLab(data);
  }

  @AfterAll
  void stop() throws Exception {
    lab.close();
  }

  @Test
  void answersWhatPostgresAnswers() throws Exception {
    long seed = Long.getLong("seed", System.nanoTime());
    var queries = new SeekQueries(new Random(seed));
    for (int i = 0; i < STATEMENTS; i++) {
      String query = queries.next();
      Optional<Seek> seek = lab.plan(query);
      assertThat(seek).as("-Dseed=%d, statement %d: %s", seed, i, query).isPresent();
      List<String> actual = new ArrayList<>(SeekLab.rows(seek.get()));
      List<String> expected = new ArrayList<>(lab.expected(query));
      if (!query.contains("ORDER BY")) {
        Collections.sort(actual);
        Collections.sort(expected);
      }
      assertThat(actual).as("-Dseed=%d, statement %d: %s", seed, i, query).isEqualTo(expected);
    }
  }

  private static List<String> columns(Seek seek) {
    List<String> columns = new ArrayList<>();
    for (int i = 0; i < seek.names().size(); i++) {
      String type = seek.types().get(i).name().toLowerCase(Locale.ROOT);
      columns.add(seek.names().get(i) + " " + type);
    }
    return columns;
  }
}
