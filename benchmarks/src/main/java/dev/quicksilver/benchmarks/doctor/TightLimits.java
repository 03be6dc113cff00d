package dev.quicksilver.benchmarks.doctor;

import java.util.List;

/** Limits of address space, file size and threads, as a careful administrator sets them. */
final class TightLimits implements SetUp {
  private final Sound sound;

  TightLimits(Sound sound) {
    this.sound = sound;
  }

  @Override
  public String what() {
    return "ulimit -Sv 16 GiB, -Sf 1 GiB, -Su 200";
  }

  @Override
  public List<Expected> expected() {
    return List.of(
        Expected.error("limits", "\"Max address space\" of a process of this user is 16384 MiB"),
        Expected.error("limits", "\"Max file size\" of a process of this user is 1024 MiB"),
        Expected.error("limits", "may have 200 threads"));
  }

  @Override
  public Call plant() {
    return sound
        .replica()
        .after("ulimit -Sv $((16 << 20))")
        .after("ulimit -Sf $((1 << 20))")
        .after("ulimit -Su 200");
  }

  @Override
  public Call cure(String cure, Call call) {
    return call.after(
        Cures.find("else (ulimit -[a-z] (?:unlimited|\\d+))", cure).replace(" -", " -S"));
  }
}
