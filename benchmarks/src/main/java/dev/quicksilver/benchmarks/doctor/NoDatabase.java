package dev.quicksilver.benchmarks.doctor;

import dev.quicksilver.postgres.EmbeddedPostgres;
import java.io.IOException;
import java.sql.SQLException;
import java.util.List;

/** The database of the URL was never made. */
final class NoDatabase implements SetUp {
  private final Sound sound;

  NoDatabase(Sound sound) {
    this.sound = sound;
  }

  @Override
  public String what() {
    return "postgres.url names a database that is not there";
  }

  @Override
  public List<Expected> expected() {
    return List.of(Expected.error("postgres", "database \"nowhere\" does not exist"));
  }

  @Override
  public Call plant() {
    return sound.rootOf(sound.postgres(), "nowhere");
  }

  @Override
  public Call cure(String cure, Call call) throws IOException, InterruptedException, SQLException {
    var _ = Cures.find("create the database \\(createdb\\)", cure);
    EmbeddedPostgres server = sound.postgres();
    Cures.execute(server, "postgres", "CREATE DATABASE nowhere");
    return call;
  }
}
