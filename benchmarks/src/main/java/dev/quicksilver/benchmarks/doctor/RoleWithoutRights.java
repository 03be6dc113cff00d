package dev.quicksilver.benchmarks.doctor;

import java.sql.SQLException;
import java.util.List;

/** A role that was made with nothing but LOGIN. */
final class RoleWithoutRights implements SetUp {
  private static final String DATABASE = "poor_database";
  private final Sound sound;

  RoleWithoutRights(Sound sound) {
    this.sound = sound;
  }

  @Override
  public String what() {
    return "a role without REPLICATION, and without rights in the database";
  }

  @Override
  public List<Expected> expected() {
    return List.of(
        Expected.error("rights", "poor may not replicate"),
        Expected.error("rights", "poor may not make the schema quicksilver"),
        Expected.warning("rights", "poor may make no tables in the schema public"),
        Expected.error("replication", "no connection for replication can be had"));
  }

  @Override
  public Call plant() throws SQLException {
    Cures.execute(
        sound.postgres(),
        "postgres",
        "CREATE ROLE poor LOGIN PASSWORD 'poor'",
        "CREATE DATABASE " + DATABASE);
    return sound
        .rootOf(sound.postgres(), DATABASE)
        .with("postgres.user", "poor")
        .withVariable("QUICKSILVER_POSTGRES_URL", Sound.url(sound.postgres(), DATABASE))
        .withVariable("QUICKSILVER_POSTGRES_PASSWORD", "poor");
  }

  @Override
  public Call cure(String cure, Call call) throws SQLException {
    Cures.runAll(sound.postgres(), DATABASE, cure);
    return call;
  }
}
