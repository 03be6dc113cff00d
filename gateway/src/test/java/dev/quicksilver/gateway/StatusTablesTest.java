package dev.quicksilver.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.quicksilver.fixtures.EmbeddedPostgres;
import dev.quicksilver.fixtures.SqlSession;
import dev.quicksilver.gateway.StatusTables.ReplicaRow;
import dev.quicksilver.replication.FollowerState;
import dev.quicksilver.replication.NodeAck;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.UUID;
import org.jooq.SQLDialect;
import org.jooq.impl.DSL;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What the root writes into PostgreSQL. */
@ExtendWith(SharedPostgres.class)
final class StatusTablesTest {
  @Test
  void keepsOneRowOfANodeAndForgetsOldOnes(EmbeddedPostgres postgres, @TempDir Path data)
      throws Exception {
    try (Root root = new Root(postgres, "status", data)) {
      HikariConfig config = new HikariConfig();
      config.setJdbcUrl(root.config.jdbcUrl());
      try (HikariDataSource pool = new HikariDataSource(config)) {
        StatusTables tables = new StatusTables(DSL.using(pool, SQLDialect.POSTGRES), () -> "none");
        SqlSession session = new SqlSession(root.connection);
        assertThat(tables.slot()).isEqualTo(new StatusTables.Slot(0, false, -1));

        for (long sequence = 1; sequence <= 2; sequence++) {
          List<ReplicaRow> rows = new ArrayList<>();
          for (int i = 0; i < StatusPublisher.MOST_ROWS; i++) {
            rows.add(new ReplicaRow(ack("n" + i, sequence), OptionalLong.of(1_500_000), 0));
          }
          tables.writeReplicas(rows);
        }
        assertThat(
                session.query(
                    "SELECT count(*) || ' ' || min(sequence) || ' ' || min(lag) FROM"
                        + " quicksilver.replicas"))
            .isEqualTo(StatusPublisher.MOST_ROWS + " 2 00:00:01.5");

        tables.writeReplicas(
            List.of(
                new ReplicaRow(ack("away", 1), OptionalLong.empty(), 120_000_000L),
                new ReplicaRow(ack("gone", 1), OptionalLong.empty(), 4_000_000_000L)));
        assertThat(session.query("SELECT count(*) FROM quicksilver.replicas WHERE state = 'AWAY'"))
            .isEqualTo("2");
        UUID question = UUID.randomUUID();
        for (long sequence = 7; sequence <= 8; sequence++) {
          tables.answer(
              question, Map.of("d", OptionalLong.of(sequence), "e", OptionalLong.empty()));
        }
        assertThat(
                session.query(
                    "SELECT string_agg(database || coalesce(sequence::text, '?'), ' ' ORDER BY"
                        + " database) FROM quicksilver.answer"))
            .isEqualTo("d7 e?");
        tables.clean();
        assertThat(session.query("SELECT count(*) FROM quicksilver.replicas WHERE state = 'AWAY'"))
            .isEqualTo("1");
        assertThat(session.query("SELECT count(*) FROM quicksilver.answer")).isEqualTo("2");
      }
    }
  }

  private static NodeAck ack(String node, long sequence) {
    return new NodeAck(
        "dns", node, "fra", "root", FollowerState.STREAMING, sequence, 0, 0, sequence);
  }
}
