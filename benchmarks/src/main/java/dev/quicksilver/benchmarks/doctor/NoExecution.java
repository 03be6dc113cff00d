package dev.quicksilver.benchmarks.doctor;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A hardened machine: nothing that can be written to lets files be executed. */
final class NoExecution implements SetUp {
  private final Sound sound;

  NoExecution(Sound sound) {
    this.sound = sound;
  }

  @Override
  public String what() {
    return "temporary folder, cache and data directory are mounted noexec";
  }

  @Override
  public List<Expected> expected() {
    return List.of(
        Expected.error("native-code", "there is no folder to load native libraries from"));
  }

  @Override
  public Call plant() throws IOException {
    Path folder = sound.folder("noexec");
    return sound
        .replica()
        .with("data.directory", folder.resolve("data"))
        .withVariable("QUICKSILVER_JAVA_OPTS", "-Djava.io.tmpdir=" + folder)
        .withVariable("XDG_CACHE_HOME", folder)
        .after("mount -t tmpfs -o noexec,size=4g noexec " + folder);
  }

  @Override
  public Call cure(String cure, Call call) throws IOException {
    String variable =
        Cures.find("on a file system that lets files be executed.* or (\\w+)=FOLDER", cure);
    return call.withVariable(variable, sound.folder("cache"));
  }
}
