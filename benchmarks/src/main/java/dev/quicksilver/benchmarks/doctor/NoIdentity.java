package dev.quicksilver.benchmarks.doctor;

import java.sql.SQLException;
import java.util.List;

/** A table in the publication whose rows PostgreSQL cannot tell apart. */
final class NoIdentity implements SetUp {
  private static final String DATABASE = "no_identity";

  /** Then nothing refuses what breaks a published table. */
  static final String NO_EVENT_TRIGGERS =
      "DO $$ DECLARE t text; BEGIN FOR t IN SELECT evtname FROM pg_event_trigger LOOP EXECUTE"
          + " format('ALTER EVENT TRIGGER %I DISABLE', t); END LOOP; END $$";

  static final Expected TRIGGERS_ARE_OFF =
      Expected.error("tables", "is not enabled always, so DDL can pass it by");

  private final Sound sound;

  NoIdentity(Sound sound) {
    this.sound = sound;
  }

  @Override
  public String what() {
    return "event triggers are off, and a published table has no replica identity";
  }

  @Override
  public List<Expected> expected() {
    return List.of(
        Expected.error("tables", "PostgreSQL refuses UPDATE and DELETE of \"Keyless\""),
        TRIGGERS_ARE_OFF);
  }

  @Override
  public Call plant() throws Exception {
    Call call = sound.migrated(DATABASE);
    Cures.execute(
        sound.postgres(),
        DATABASE,
        NO_EVENT_TRIGGERS,
        "CREATE TABLE \"Keyless\" (a int)",
        "INSERT INTO \"Keyless\" VALUES (1)",
        "ALTER PUBLICATION quicksilver ADD TABLE \"Keyless\"");
    return call;
  }

  @Override
  public Call cure(String cure, Call call) throws SQLException {
    Cures.runAll(sound.postgres(), DATABASE, cure);
    // Refused as long as the table has no identity.
    Cures.execute(sound.postgres(), DATABASE, "UPDATE \"Keyless\" SET a = 2");
    return call;
  }
}
