package dev.quicksilver.benchmarks.doctor;

import java.sql.SQLException;
import java.util.List;

/** A role whose transactions are read-only unless it says otherwise. */
final class ReadOnlyRole implements SetUp {
  private final Sound sound;

  ReadOnlyRole(Sound sound) {
    this.sound = sound;
  }

  @Override
  public String what() {
    return "default_transaction_read_only = on for the root's role";
  }

  @Override
  public List<Expected> expected() {
    return List.of(
        Expected.error("settings", "default_transaction_read_only is on for role \"Reader\""));
  }

  @Override
  public Call plant() throws SQLException {
    Cures.execute(
        sound.postgres(),
        "postgres",
        "CREATE ROLE \"Reader\" LOGIN REPLICATION PASSWORD 'reader'",
        "ALTER ROLE \"Reader\" SET default_transaction_read_only = on",
        "CREATE DATABASE readers OWNER \"Reader\"");
    return sound
        .rootOf(sound.postgres(), "readers")
        .with("postgres.user", "Reader")
        .withVariable("QUICKSILVER_POSTGRES_URL", Sound.url(sound.postgres(), "readers"))
        .withVariable("QUICKSILVER_POSTGRES_PASSWORD", "reader");
  }

  @Override
  public Call cure(String cure, Call call) throws SQLException {
    Cures.runAll(sound.postgres(), "postgres", cure);
    return call;
  }
}
