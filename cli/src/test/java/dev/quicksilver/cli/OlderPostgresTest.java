package dev.quicksilver.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.quicksilver.cli.cluster.CentralPostgres;
import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.fixtures.Await;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.postgres.InstalledPostgres;
import dev.quicksilver.postgres.SqlSession;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A root on a PostgreSQL that is older than the one that comes along. */
final class OlderPostgresTest {
  @TempDir private Path folder;

  /** Which versions a library is tried with is no business of who reads the log: we try ours. */
  @Test
  void aNormalStartWarnsOfNothing() throws Exception {
    Optional<InstalledPostgres> older = InstalledPostgres.find(15, 16);
    if (older.isEmpty()) {
      String why = "left out, since no PostgreSQL 15 or 16 is here: apt-get install postgresql-15";
      System.out.println("OlderPostgresTest: " + why);
      abort(why);
      return;
    }
    try (EmbeddedPostgres postgres = EmbeddedPostgres.builder().installed(older.get()).start();
        Connection connection = postgres.connect();
        Cluster cluster = TestCluster.in(folder).usePostgres(CentralPostgres.of(postgres))) {
      cluster.start(NodeSpec.root("root"));
      SqlSession session = new SqlSession(connection);
      session.execute("SELECT quicksilver.create_database('dns')");
      session.execute("INSERT INTO dns VALUES ('key', 'value')");
      session.execute("SELECT quicksilver.wait_sequenced('60s')");
      Await.until(
          "the root has the pair",
          () -> cluster.ask("root", "/get?database=dns&key=key").body(),
          "value"::equals);
      assertThat(Files.readAllLines(cluster.log("root")))
          .anyMatch(line -> line.contains(" is ready: "))
          .noneMatch(line -> line.matches("\\S+ (WARN|ERROR) .*"));
    }
  }
}
