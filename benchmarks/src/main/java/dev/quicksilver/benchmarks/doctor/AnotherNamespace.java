package dev.quicksilver.benchmarks.doctor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** The replica runs in one container, and the server is to run in another, with the same volume. */
final class AnotherNamespace implements SetUp {
  private static final int LONGEST_SECONDS = 60;
  private final Sound sound;
  private Optional<Process> replica = Optional.empty();

  AnotherNamespace(Sound sound) {
    this.sound = sound;
  }

  @Override
  public String what() {
    return "the replica runs in another PID namespace";
  }

  @Override
  public List<Expected> expected() {
    return List.of(Expected.error("pid-namespace", "runs in another PID namespace (pid:["));
  }

  @Override
  public Call plant() throws IOException, InterruptedException {
    Path folder = sound.folder("another-namespace");
    Path data = folder.resolve("data");
    Path log = folder.resolve("log");
    Process started =
        sound
            .doctor()
            .node(
                sound
                    .replica()
                    .with("data.directory", data)
                    // What a process that is killed leaves there goes with the folder.
                    .withVariable("QUICKSILVER_JAVA_OPTS", "-Djava.io.tmpdir=" + folder)
                    .by("unshare", "--pid", "--fork", "--mount-proc", "--kill-child"),
                log);
    replica = Optional.of(started);
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(LONGEST_SECONDS);
    while (!Files.exists(data.resolve("run/node.json"))
        || !Files.isDirectory(data.resolve("databases"))) {
      if (!started.isAlive() || System.nanoTime() - end > 0) {
        throw new IOException("the replica did not start: " + Files.readString(log));
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
    return sound.serve().with("data.directory", data);
  }

  @Override
  public Call cure(String cure, Call call) {
    var _ = Cures.find("have the containers share the PID namespace", cure);
    ProcessHandle node =
        replica
            .orElseThrow()
            .children()
            .findFirst()
            .orElseThrow(() -> new IllegalStateException("the replica has ended"));
    return call.by("nsenter", "--pid", "--mount", "--target", Long.toString(node.pid()));
  }

  @Override
  public void end() throws InterruptedException {
    if (replica.isPresent()) {
      Process process = replica.get();
      process.children().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
      process.waitFor();
    }
  }
}
