package dev.quicksilver.benchmarks.doctor;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A disk with less room than a node needs. */
final class LittleDisk implements SetUp {
  private final Sound sound;

  LittleDisk(Sound sound) {
    this.sound = sound;
  }

  @Override
  public String what() {
    return "a disk of 100 MiB";
  }

  @Override
  public List<Expected> expected() {
    return List.of(Expected.error("disk", "only 100 MiB are free"));
  }

  @Override
  public Call plant() throws IOException {
    Path disk = sound.folder("little-disk");
    return sound
        .replica()
        .with("data.directory", disk.resolve("data"))
        .after("mount -t tmpfs -o size=100m little " + disk);
  }

  @Override
  public Call cure(String cure, Call call) throws IOException {
    var _ = Cures.find("set data.directory to a larger disk", cure);
    Path larger = sound.folder("larger-disk");
    return call.with("data.directory", larger.resolve("data"))
        .after("mount -t tmpfs -o size=4g larger " + larger);
  }
}
