package dev.quicksilver.benchmarks.doctor;

import java.util.List;

/** The upstream's address is that of another port of the node. */
final class UpstreamIsNoNode implements SetUp {
  private final Sound sound;

  UpstreamIsNoNode(Sound sound) {
    this.sound = sound;
  }

  @Override
  public String what() {
    return "replication.upstreams names the HTTP port of a node";
  }

  @Override
  public List<Expected> expected() {
    return List.of(Expected.error("upstreams", "does not answer as a node"));
  }

  @Override
  public Call plant() {
    return sound
        .replica()
        .with("replication.upstreams", sound.cluster().address(Sound.ROOT, "http"));
  }

  @Override
  public Call cure(String cure, Call call) {
    var _ = Cures.find("^name a node's replication.listen in replication.upstreams", cure);
    return call.with("replication.upstreams", sound.cluster().address(Sound.ROOT, "replication"));
  }
}
