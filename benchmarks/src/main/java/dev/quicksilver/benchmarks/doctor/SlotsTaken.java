package dev.quicksilver.benchmarks.doctor;

import dev.quicksilver.postgres.EmbeddedPostgres;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;

/** Another program has the only slot. */
final class SlotsTaken extends OwnServer {
  SlotsTaken(Sound sound) {
    super(sound);
  }

  @Override
  public String what() {
    return "max_replication_slots = 1, and a standby's slot";
  }

  @Override
  public List<Expected> expected() {
    return List.of(Expected.error("settings", "max_replication_slots is 1, and 1 are taken"));
  }

  @Override
  public Call plant() throws SQLException {
    EmbeddedPostgres server = start(Map.of("max_replication_slots", "1"));
    Cures.execute(server, "postgres", "SELECT pg_create_physical_replication_slot('standby')");
    return sound.rootOf(server, "postgres");
  }
}
