package dev.quicksilver.gateway.status;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.quicksilver.gateway.Root;
import dev.quicksilver.gateway.SharedPostgres;
import dev.quicksilver.gateway.status.StatusTables.ReplicaRow;
import dev.quicksilver.postgres.EmbeddedPostgres;
import dev.quicksilver.postgres.SqlSession;
import dev.quicksilver.replication.FollowerState;
import dev.quicksilver.replication.NodeAck;
import dev.quicksilver.replication.NodeBelow;
import dev.quicksilver.replication.NodeProblem;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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

  private static NodeBelow ack(String node, long sequence) {
    return below(node, UUID.nameUUIDFromBytes(node.getBytes(UTF_8)), Optional.empty(), sequence);
  }

  private static NodeBelow below(
      String node, UUID instance, Optional<NodeProblem> problem, long sequence) {
    return new NodeBelow(
        instance,
        new NodeAck("dns", node, "fra", "root", FollowerState.STREAMING, sequence, 0, 0, sequence),
        problem);
  }

  @Test
  void nodesOfOneNameAreTwoRowsAndARenamedOneStaysOne(EmbeddedPostgres postgres, @TempDir Path data)
      throws Exception {
    try (Root root = new Root(postgres, "names", data)) {
      HikariConfig config = new HikariConfig();
      config.setJdbcUrl(root.config.jdbcUrl());
      try (HikariDataSource pool = new HikariDataSource(config)) {
        StatusTables tables = new StatusTables(DSL.using(pool, SQLDialect.POSTGRES), () -> "none");
        UUID first = new UUID(1, 1);
        UUID second = new UUID(1, 2);
        Optional<NodeProblem> inUse = Optional.of(NodeProblem.NAME_IN_USE);
        tables.writeReplicas(
            List.of(
                new ReplicaRow(below("edge", first, inUse, 1), OptionalLong.empty(), 0),
                new ReplicaRow(below("edge", second, inUse, 2), OptionalLong.empty(), 0)));
        String rows =
            "SELECT string_agg(concat_ws(' ', name, right(instance::text, 1), sequence, problem),"
                + " ', ' ORDER BY instance) FROM quicksilver.replicas";
        assertThat(root.query(rows)).isEqualTo("edge 1 1 NAME_IN_USE, edge 2 2 NAME_IN_USE");
        tables.writeReplicas(
            List.of(
                new ReplicaRow(
                    below("edge-1", first, Optional.empty(), 3), OptionalLong.empty(), 0),
                new ReplicaRow(
                    below("edge", second, inUse, 2), OptionalLong.empty(), 120_000_000L)));
        assertThat(root.query(rows)).isEqualTo("edge-1 1 3, edge 2 2");
      }
    }
  }
}
