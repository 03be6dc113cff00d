package dev.quicksilver.benchmarks.doctor;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A Unix socket in a deep folder that is not there either. */
final class SocketTooLong implements SetUp {
  private final Sound sound;

  SocketTooLong(Sound sound) {
    this.sound = sound;
  }

  @Override
  public String what() {
    return "a path for resp.unix-socket that no socket may have";
  }

  @Override
  public List<Expected> expected() {
    return List.of(Expected.error("unix-socket", "a socket's path may have 107"));
  }

  @Override
  public Call plant() throws IOException {
    Path deep = sound.folder("socket").resolve("a".repeat(100));
    return sound.serve().with("resp.unix-socket", deep.resolve("resp.sock"));
  }

  @Override
  public Call cure(String cure, Call call) throws IOException {
    var _ = Cures.find("^set resp.unix-socket to a shorter path", cure);
    return call.with("resp.unix-socket", sound.folder("socket").resolve("resp.sock"));
  }
}
