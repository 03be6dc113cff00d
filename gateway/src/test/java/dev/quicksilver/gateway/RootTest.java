package dev.quicksilver.gateway;

import dev.quicksilver.fixtures.EmbeddedPostgres;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** One PostgreSQL for all tests of a class; in it, a database and a root's data for each. */
abstract class RootTest {
  static EmbeddedPostgres postgres;
  private static int count;

  @TempDir Path scratch;
  Root root;

  /** The name of this test's database. */
  String name;

  @BeforeAll
  static void startPostgres() {
    postgres = EmbeddedPostgres.start();
  }

  @AfterAll
  static void stopPostgres() {
    postgres.close();
  }

  @BeforeEach
  final void makeRoot() throws Exception {
    name = "t" + ++count;
    root = new Root(postgres, name, scratch.resolve("data"));
  }

  @AfterEach
  final void stopRoot() throws Exception {
    root.close();
  }
}
