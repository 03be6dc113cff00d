package dev.quicksilver.benchmarks.doctor;

import java.util.List;
import java.util.Map;

/** Settings that take a root's slot while it is away. */
final class ShortOfWal extends OwnServer {
  ShortOfWal(Sound sound) {
    super(sound);
  }

  @Override
  public String what() {
    return "max_slot_wal_keep_size = 100MB, idle_replication_slot_timeout = 60s, fsync = off";
  }

  @Override
  public List<Expected> expected() {
    return List.of(
        Expected.warning("settings", "max_slot_wal_keep_size is 100 MB"),
        Expected.warning("settings", "idle_replication_slot_timeout is 60 s"),
        Expected.warning("settings", "fsync is off"));
  }

  @Override
  public Call plant() {
    return sound.rootOf(
        start(
            Map.of(
                "max_slot_wal_keep_size",
                "100MB",
                "idle_replication_slot_timeout",
                "60s",
                "fsync",
                "off")),
        "postgres");
  }
}
