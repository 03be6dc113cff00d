package dev.quicksilver.benchmarks.doctor;

import java.io.IOException;
import java.util.List;
import java.util.Map;

/** A root with a PostgreSQL of its own, on a machine that has one at the same port. */
final class EmbeddedPortTaken extends OwnServer {
  EmbeddedPortTaken(Sound sound) {
    super(sound);
  }

  @Override
  public String what() {
    return "a PostgreSQL listens at postgres.embedded-port";
  }

  @Override
  public List<Expected> expected() {
    return List.of(Expected.error("postgres", "is in use (Address already in use)"));
  }

  @Override
  public Call plant() throws IOException {
    int port = start(Map.of()).port();
    return sound
        .rootOf(server(), "postgres")
        .withoutVariable("QUICKSILVER_POSTGRES_URL")
        .with("postgres.embedded", true)
        .with("postgres.embedded-directory", sound.folder("embedded").resolve("postgres"))
        .with("postgres.embedded-port", port);
  }

  @Override
  public Call cure(String cure, Call call) {
    return call.with(
        "postgres.embedded-port",
        Cures.find("set postgres.embedded-port to another port, or (\\d+) for any", cure));
  }
}
