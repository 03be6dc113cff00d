package dev.quicksilver.benchmarks.doctor;

import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.NodeSpec;
import java.util.List;

/** The node to pull from does not run. */
final class UpstreamAway implements SetUp {
  private static final String RELAY = "relay-that-is-away";
  private final Sound sound;

  UpstreamAway(Sound sound) {
    this.sound = sound;
  }

  @Override
  public String what() {
    return "the only upstream does not run";
  }

  @Override
  public List<Expected> expected() {
    return List.of(Expected.error("upstreams", "cannot be reached: Connection refused"));
  }

  @Override
  public Call plant() {
    return sound
        .replica()
        .with("replication.upstreams", sound.cluster().address(RELAY, "replication"));
  }

  @Override
  public Call cure(String cure, Call call) throws Exception {
    var _ = Cures.find("^start that node", cure);
    Cluster cluster = sound.cluster();
    cluster.start(NodeSpec.replica(RELAY, Sound.ROOT));
    return call;
  }

  @Override
  public void end() {
    sound.cluster().stop(RELAY);
  }
}
