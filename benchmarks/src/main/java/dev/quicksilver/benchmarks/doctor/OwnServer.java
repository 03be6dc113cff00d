package dev.quicksilver.benchmarks.doctor;

import dev.quicksilver.postgres.EmbeddedPostgres;
import java.util.Map;
import java.util.Optional;

/** A set-up with a PostgreSQL of its own, which is closed with it. */
abstract class OwnServer implements SetUp {
  final Sound sound;
  private Optional<EmbeddedPostgres> started = Optional.empty();

  OwnServer(Sound sound) {
    this.sound = sound;
  }

  /** Starts one with these settings; the others are good for a root. */
  EmbeddedPostgres start(Map<String, String> settings) {
    EmbeddedPostgres.Builder builder = EmbeddedPostgres.builder();
    settings.forEach(builder::setting);
    EmbeddedPostgres server = builder.start();
    started = Optional.of(server);
    return server;
  }

  EmbeddedPostgres server() {
    return started.orElseThrow(() -> new IllegalStateException("not planted yet"));
  }

  @Override
  public Call cure(String cure, Call call) throws Exception {
    Cures.runAll(server(), "postgres", cure);
    return call;
  }

  @Override
  public void end() throws Exception {
    started.ifPresent(EmbeddedPostgres::close);
  }
}
