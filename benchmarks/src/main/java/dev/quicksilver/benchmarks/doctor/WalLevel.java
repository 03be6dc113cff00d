package dev.quicksilver.benchmarks.doctor;

import java.util.List;
import java.util.Map;

/** PostgreSQL as it comes, without logical decoding. */
final class WalLevel extends OwnServer {
  WalLevel(Sound sound) {
    super(sound);
  }

  @Override
  public String what() {
    return "wal_level = replica";
  }

  @Override
  public List<Expected> expected() {
    return List.of(Expected.error("settings", "wal_level is replica"));
  }

  @Override
  public Call plant() {
    return sound.rootOf(start(Map.of("wal_level", "replica")), "postgres");
  }
}
