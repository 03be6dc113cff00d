package dev.quicksilver.benchmarks.doctor;

import dev.quicksilver.cli.cluster.CentralPostgres;
import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.Folders;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.cli.cluster.ProcessOptions;
import dev.quicksilver.postgres.EmbeddedPostgres;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** A root was away, and PostgreSQL has removed WAL that its slot needs. */
final class LostSlot extends OwnServer {
  private static final String ROOT = "lost";
  private static final int HEAP_MIB = 192;

  LostSlot(Sound sound) {
    super(sound);
  }

  @Override
  public String what() {
    return "the slot of a root that was away is lost";
  }

  @Override
  public List<Expected> expected() {
    return List.of(Expected.error("slots", "is lost"));
  }

  @Override
  public Call plant() throws Exception {
    EmbeddedPostgres server =
        start(Map.of("min_wal_size", "32MB", "max_wal_size", "32MB", "wal_keep_size", "0"));
    Path folder = sound.folder(ROOT);
    try (Cluster own = Cluster.in(folder, ProcessOptions.heap(HEAP_MIB))) {
      own.usePostgres(CentralPostgres.of(server));
      own.start(NodeSpec.root(ROOT));
      own.awaitHealthy(ROOT);
      own.stop(ROOT);
    }
    Cures.execute(
        server,
        "postgres",
        "ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'",
        "SELECT pg_reload_conf()");
    for (int i = 0; i < 4; i++) {
      Cures.execute(
          server,
          "postgres",
          "SELECT pg_logical_emit_message(false, 'other', 'work')",
          "SELECT pg_switch_wal()");
    }
    Cures.execute(
        server,
        "postgres",
        "CHECKPOINT",
        "ALTER SYSTEM RESET max_slot_wal_keep_size",
        "SELECT pg_reload_conf()");
    return sound.rootOf(server, "postgres").with("data.directory", folder.resolve(ROOT));
  }

  @Override
  public Call cure(String cure, Call call) throws Exception {
    List<String> left = Cures.run(server(), "postgres", cure);
    String anew = left.isEmpty() ? "" : left.getFirst();
    String statement = Cures.find("begin anew: (SELECT .*\\(\\)), with an empty data", anew);
    Cures.execute(server(), "postgres", statement);
    Folders.remove(Path.of(call.setting("data.directory")));
    return call;
  }
}
