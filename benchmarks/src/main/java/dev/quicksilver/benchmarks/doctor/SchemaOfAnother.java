package dev.quicksilver.benchmarks.doctor;

import java.sql.SQLException;
import java.util.List;

/** The schema was migrated as one role, and the root comes as another. */
final class SchemaOfAnother implements SetUp {
  private static final String DATABASE = "schema_of_another";
  private final Sound sound;

  SchemaOfAnother(Sound sound) {
    this.sound = sound;
  }

  @Override
  public String what() {
    return "the schema quicksilver belongs to another role than the root's";
  }

  @Override
  public List<Expected> expected() {
    return List.of(Expected.error("rights", "the schema quicksilver is owner_of_it's"));
  }

  @Override
  public Call plant() throws Exception {
    Cures.execute(
        sound.postgres(),
        "postgres",
        "CREATE ROLE owner_of_it LOGIN REPLICATION PASSWORD 'one'",
        "CREATE ROLE late LOGIN REPLICATION PASSWORD 'two'",
        "CREATE DATABASE " + DATABASE + " OWNER owner_of_it");
    sound.doctor().runWith(of("owner_of_it", "one"), "migrate", "--postgres-user=owner_of_it");
    Cures.execute(sound.postgres(), DATABASE, "GRANT USAGE, CREATE ON SCHEMA public TO late");
    return of("late", "two");
  }

  private Call of(String user, String password) {
    return sound
        .rootOf(sound.postgres(), DATABASE)
        .with("postgres.user", user)
        .withVariable("QUICKSILVER_POSTGRES_URL", Sound.url(sound.postgres(), DATABASE))
        .withVariable("QUICKSILVER_POSTGRES_PASSWORD", password);
  }

  @Override
  public Call cure(String cure, Call call) throws SQLException {
    Cures.execute(sound.postgres(), DATABASE, Cures.find("or (GRANT [^;]*)", cure));
    return call;
  }
}
