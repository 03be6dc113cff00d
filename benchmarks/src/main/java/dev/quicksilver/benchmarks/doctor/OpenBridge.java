package dev.quicksilver.benchmarks.doctor;

import java.util.List;

/** A bridge that other machines reach, without TLS and users. */
final class OpenBridge implements SetUp {
  private final Sound sound;

  OpenBridge(Sound sound) {
    this.sound = sound;
  }

  @Override
  public String what() {
    return "a bridge at 0.0.0.0 without TLS and users";
  }

  @Override
  public List<Expected> expected() {
    return List.of(
        Expected.error(
            "listeners",
            "bridge.listen = 0.0.0.0:0 is reached by other machines, without TLS and users"));
  }

  @Override
  public Call plant() {
    return sound.bridge().with("bridge.listen", "0.0.0.0:0");
  }

  @Override
  public Call cure(String cure, Call call) {
    return call.with("bridge.listen", Cures.find("or set bridge.listen to (\\S+)$", cure));
  }
}
