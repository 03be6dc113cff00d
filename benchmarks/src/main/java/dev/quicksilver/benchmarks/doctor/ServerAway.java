package dev.quicksilver.benchmarks.doctor;

import dev.quicksilver.postgres.EmbeddedPostgres;
import java.util.List;
import java.util.Map;

/** Nobody has started PostgreSQL. */
final class ServerAway extends OwnServer {
  ServerAway(Sound sound) {
    super(sound);
  }

  @Override
  public String what() {
    return "PostgreSQL does not run";
  }

  @Override
  public List<Expected> expected() {
    return List.of(Expected.error("postgres", "PostgreSQL cannot be reached as a root would"));
  }

  @Override
  public Call plant() {
    EmbeddedPostgres server = start(Map.of());
    Call call = sound.rootOf(server, "postgres");
    server.stop();
    return call;
  }

  @Override
  public Call cure(String cure, Call call) {
    var _ = Cures.find("^start PostgreSQL", cure);
    server().restart();
    return call;
  }
}
