package dev.quicksilver.benchmarks.doctor;

import java.util.List;

/** A limit of open files that a node cannot live with. */
final class FewFiles implements SetUp {
  private static final int FEW = 512;
  private final Sound sound;

  FewFiles(Sound sound) {
    this.sound = sound;
  }

  @Override
  public String what() {
    return "ulimit -n " + FEW;
  }

  @Override
  public List<Expected> expected() {
    return List.of(Expected.error("limits", "may have " + FEW + " files open, and needs 1024"));
  }

  @Override
  public Call plant() {
    return sound.replica().after("ulimit -n " + FEW);
  }

  /** Gives as many as are asked for, or all that this machine gives anybody. */
  @Override
  public Call cure(String cure, Call call) {
    long asked = Long.parseLong(Cures.find("LimitNOFILE=(\\d+) in the unit", cure));
    return call.withoutPrelude().after("ulimit -n " + Math.min(asked, HardLimit.openFiles()));
  }
}
