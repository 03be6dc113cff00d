package dev.quicksilver.benchmarks.doctor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Root has run a command in the data directory of a node that is another user's. */
final class FilesOfAnother implements SetUp {
  private static final int USER = 12_345;
  private final Sound sound;

  FilesOfAnother(Sound sound) {
    this.sound = sound;
  }

  @Override
  public String what() {
    return "a file of another user in the data directory";
  }

  @Override
  public List<Expected> expected() {
    return List.of(Expected.error("data-directory", "instance belongs to " + USER));
  }

  @Override
  public Call plant() throws IOException {
    Path data = sound.folder("files-of-another").resolve("data");
    Path file = Files.createFile(Files.createDirectories(data.resolve("run")).resolve("instance"));
    Files.setAttribute(file, "unix:uid", USER);
    return sound.replica().with("data.directory", data);
  }

  @Override
  public Call cure(String cure, Call call) throws IOException, InterruptedException {
    var _ = Cures.shell(Cures.find("as root: (chown [^;]*)", cure));
    return call;
  }
}
