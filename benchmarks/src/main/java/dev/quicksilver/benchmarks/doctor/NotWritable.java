package dev.quicksilver.benchmarks.doctor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The node's user may not make the data directory. */
final class NotWritable implements SetUp {
  private static final String USER = "nobody";
  private final Sound sound;

  NotWritable(Sound sound) {
    this.sound = sound;
  }

  @Override
  public String what() {
    return "the data directory's folder belongs to another user than the node's";
  }

  @Override
  public List<Expected> expected() {
    return List.of(
        Expected.error(
            "data-directory", "user " + USER + " cannot write to " + sound.cluster().folder()));
  }

  @Override
  public Call plant() throws IOException {
    Path folder = sound.folder("of-root");
    Path temporary = sound.folder("of-nobody");
    Files.setAttribute(temporary, "unix:uid", uid());
    return sound
        .replica()
        .with("data.directory", folder.resolve("data"))
        .withVariable("QUICKSILVER_JAVA_OPTS", "-Djava.io.tmpdir=" + temporary)
        .by("setpriv", "--reuid=" + USER, "--regid=nogroup", "--clear-groups");
  }

  private static int uid() throws IOException {
    try {
      return Integer.parseInt(Cures.shell("id -u " + USER).strip());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  @Override
  public Call cure(String cure, Call call) throws IOException, InterruptedException {
    var _ = Cures.shell(Cures.find("as root: ([^;]*)", cure));
    return call;
  }
}
