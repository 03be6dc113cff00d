package dev.quicksilver.benchmarks.doctor;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A container without a volume. */
final class ContainerLayer implements SetUp {
  private final Sound sound;

  ContainerLayer(Sound sound) {
    this.sound = sound;
  }

  @Override
  public String what() {
    return "the data directory lies in the layer of a container (overlay)";
  }

  @Override
  public List<Expected> expected() {
    return List.of(Expected.warning("file-system", "the layer of a container"));
  }

  @Override
  public Call plant() throws IOException {
    Path top = sound.folder("layers");
    return sound
        .replica()
        .with("data.directory", top.resolve("merged/data"))
        .after("mount -t tmpfs -o size=4g layers " + top)
        .after("cd " + top + " && mkdir lower upper work merged && cd /")
        .after(
            "mount -t overlay -o lowerdir=@/lower,upperdir=@/upper,workdir=@/work overlay @/merged"
                .replace("@", top.toString()));
  }

  @Override
  public Call cure(String cure, Call call) throws IOException {
    var _ = Cures.find("mount a volume and set data.directory to it", cure);
    Path volume = sound.folder("volume");
    String inside = call.setting("data.directory").replace("/data", "/volume");
    return call.after("mkdir " + inside)
        .after("mount --bind " + volume + " " + inside)
        .with("data.directory", inside);
  }
}
