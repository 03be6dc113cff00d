package dev.quicksilver.benchmarks;

import dev.quicksilver.benchmarks.doctor.SetUp;
import dev.quicksilver.benchmarks.doctor.SetUpRun;
import dev.quicksilver.benchmarks.doctor.SetUps;
import dev.quicksilver.benchmarks.doctor.Sound;
import dev.quicksilver.cli.cluster.Cluster;
import java.io.IOException;
import java.util.List;
import java.util.Locale;

/**
 * {@code ops.doctor}: set-ups that are broken for real, one after the other. {@code ./quicksilver
 * doctor} has to name each defect and nothing else; then the cure that it prints is done (a
 * statement as it is printed, a command as it is printed, else what it tells), and doctor has to
 * find nothing any more. In a tree where nothing is wrong it finds nothing from the beginning.
 */
final class OpsDoctorBar implements Bar {
  @Override
  public String name() {
    return "ops.doctor";
  }

  @Override
  public String description() {
    return "doctor names what is broken in a set-up, and its printed cure cures it";
  }

  @Override
  public Kind kind() {
    return Kind.BUILD;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    requireRoot();
    try (Cluster cluster = Processes.cluster()) {
      Sound sound = Sound.start(cluster, Launcher.home().toAbsolutePath().normalize());
      SetUpRun run = new SetUpRun(sound.doctor());
      run.requireSound(sound.calls());
      List<SetUp> all = SetUps.of(sound);
      for (SetUp setUp : all) {
        run.run(setUp);
      }
      return new Outcome(
          String.format(
              Locale.ROOT,
              "%d of %d broken set-ups found, named and cured as printed%s",
              run.good(),
              all.size(),
              run.wrong().isEmpty() ? "" : "; not: " + String.join(", ", run.wrong())),
          "all",
          run.wrong().isEmpty());
    }
  }

  /** Other users, mounts and namespaces take it. */
  private static void requireRoot() throws IOException {
    if (!"root".equals(System.getProperty("user.name"))) {
      throw new IOException("users, mounts and namespaces are made: run this bar as root");
    }
  }
}
