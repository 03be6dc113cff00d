package dev.quicksilver.benchmarks.doctor;

import dev.quicksilver.postgres.EmbeddedPostgres;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Another process listens where the node is to. */
final class PortTaken extends OwnServer {
  private static final int LONGEST_SECONDS = 30;

  PortTaken(Sound sound) {
    super(sound);
  }

  @Override
  public String what() {
    return "a PostgreSQL listens at replication.listen";
  }

  @Override
  public List<Expected> expected() {
    return List.of(Expected.error("listeners", "is in use by another process"));
  }

  @Override
  public Call plant() {
    EmbeddedPostgres server = start(Map.of());
    return sound.replica().with("replication.listen", "127.0.0.1:" + server.port());
  }

  @Override
  public Call cure(String cure, Call call) throws Exception {
    String named = Cures.shell(Cures.find("end it \\((ss .*) names it\\)", cure));
    ProcessHandle process =
        ProcessHandle.of(Long.parseLong(Cures.find("pid=(\\d+),", named)))
            .filter(found -> found.info().command().orElse("").endsWith("postgres"))
            .orElseThrow(
                () -> new IllegalStateException("no PostgreSQL is what ss names: " + named));
    process.destroy();
    var _ = process.onExit().get(LONGEST_SECONDS, TimeUnit.SECONDS);
    return call;
  }
}
