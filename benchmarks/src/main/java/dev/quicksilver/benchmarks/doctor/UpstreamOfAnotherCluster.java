package dev.quicksilver.benchmarks.doctor;

import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.cli.config.Settings;
import java.util.List;

/** A replica that has a copy is pointed at the root of another cluster. */
final class UpstreamOfAnotherCluster implements SetUp {
  private static final String OTHER = "other-root";
  private static final String MOVED = "moved";
  private static final String DATABASE = "other_cluster";
  private final Sound sound;

  UpstreamOfAnotherCluster(Sound sound) {
    this.sound = sound;
  }

  @Override
  public String what() {
    return "the upstream is of another cluster than the copy";
  }

  @Override
  public List<Expected> expected() {
    return List.of(Expected.error("upstreams", "is of another cluster ("));
  }

  @Override
  public Call plant() throws Exception {
    Cluster cluster = sound.cluster();
    cluster.start(NodeSpec.replica(MOVED, Sound.ROOT));
    cluster.awaitHealthy(MOVED);
    cluster.stop(MOVED);
    Cures.execute(sound.postgres(), "postgres", "CREATE DATABASE " + DATABASE);
    cluster.start(
        NodeSpec.root(OTHER).with(Settings.POSTGRES_URL, sound.postgres().jdbcUrl(DATABASE)));
    cluster.awaitHealthy(OTHER);
    return sound
        .replica()
        .with("data.directory", cluster.data(MOVED))
        .with("replication.upstreams", cluster.address(OTHER, "replication"));
  }

  @Override
  public Call cure(String cure, Call call) {
    var _ = Cures.find("^correct replication.upstreams", cure);
    return call.with("replication.upstreams", sound.cluster().address(Sound.ROOT, "replication"));
  }

  @Override
  public void end() {
    sound.cluster().stop(OTHER);
  }
}
