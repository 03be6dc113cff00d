package dev.quicksilver.benchmarks.doctor;

import java.sql.SQLException;
import java.util.List;

/** PostgreSQL 18 lets nobody update a table whose identity has a stored generated column. */
final class GeneratedColumn implements SetUp {
  private static final String DATABASE = "generated_column";
  private final Sound sound;

  GeneratedColumn(Sound sound) {
    this.sound = sound;
  }

  @Override
  public String what() {
    return "event triggers are off, and a replica identity has a stored generated column";
  }

  @Override
  public List<Expected> expected() {
    return List.of(
        Expected.error("tables", "its replica identity has the generated column long"),
        NoIdentity.TRIGGERS_ARE_OFF);
  }

  @Override
  public Call plant() throws Exception {
    Call call = sound.migrated(DATABASE);
    Cures.execute(
        sound.postgres(),
        DATABASE,
        "CREATE TABLE things (id bigint PRIMARY KEY, name text NOT NULL)",
        "SELECT quicksilver.publish('things', 'things')",
        NoIdentity.NO_EVENT_TRIGGERS,
        "ALTER TABLE things REPLICA IDENTITY FULL",
        "ALTER TABLE things ADD long bigint GENERATED ALWAYS AS (id * 2) STORED",
        "INSERT INTO things VALUES (1, 'a')");
    return call;
  }

  @Override
  public Call cure(String cure, Call call) throws SQLException {
    if (cure.startsWith("ALTER EVENT TRIGGER")) {
      Cures.runAll(sound.postgres(), DATABASE, cure);
      return call;
    }
    List<String> left = Cures.run(sound.postgres(), DATABASE, cure);
    var _ = Cures.find("^fill it with a trigger,", left.isEmpty() ? "" : left.getFirst());
    Cures.execute(
        sound.postgres(),
        DATABASE,
        "CREATE FUNCTION twice() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.long := NEW.id *"
            + " 2; RETURN NEW; END'",
        "CREATE TRIGGER long BEFORE INSERT OR UPDATE ON things FOR EACH ROW EXECUTE FUNCTION"
            + " twice()",
        "UPDATE things SET name = 'b'");
    return call;
  }
}
