package dev.quicksilver.gateway;

import dev.quicksilver.postgres.EmbeddedPostgres;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** In the one PostgreSQL of all tests, a database and a root's data for each. */
@ExtendWith(SharedPostgres.class)
abstract class RootTest {
  private static int count;

  @TempDir Path scratch;
  EmbeddedPostgres postgres;
  Root root;

  /** The name of this test's database. */
  String name;

  @BeforeEach
  final void makeRoot(EmbeddedPostgres shared) throws Exception {
    postgres = shared;
    name = "t" + ++count;
    root = new Root(postgres, name, scratch.resolve("data"));
  }

  @AfterEach
  final void stopRoot() throws Exception {
    root.close();
  }
}
