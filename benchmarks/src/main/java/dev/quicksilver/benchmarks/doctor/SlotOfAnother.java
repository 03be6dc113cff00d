package dev.quicksilver.benchmarks.doctor;

import java.sql.SQLException;
import java.util.List;

/** {@code root.slot} names what another program has made. */
final class SlotOfAnother implements SetUp {
  private final Sound sound;

  SlotOfAnother(Sound sound) {
    this.sound = sound;
  }

  @Override
  public String what() {
    return "root.slot names the slot of another plugin";
  }

  @Override
  public List<Expected> expected() {
    return List.of(Expected.error("slots", "slot other_program is of another database or plugin"));
  }

  @Override
  public Call plant() throws Exception {
    Call call = sound.migrated("slot_of_another").with("root.slot", "other_program");
    Cures.execute(
        sound.postgres(),
        "slot_of_another",
        "SELECT pg_create_logical_replication_slot('other_program', 'test_decoding')");
    return call;
  }

  @Override
  public Call cure(String cure, Call call) {
    var _ = Cures.find("set root.slot to a name that is free", cure);
    return call.with("root.slot", "free_name");
  }

  @Override
  public void end() throws SQLException {
    Cures.execute(
        sound.postgres(),
        "slot_of_another",
        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name ="
            + " 'other_program'");
  }
}
