package dev.quicksilver.benchmarks.doctor;

import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.NodeSpec;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.tls.TlsFiles;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** At an upstream's address is another node, and a second one has another authority. */
final class UpstreamOfAnotherName implements SetUp {
  private static final String RELAY = "relay-1";
  private static final String NODE = "edge-1";
  private final Sound sound;

  UpstreamOfAnotherName(Sound sound) {
    this.sound = sound;
  }

  @Override
  public String what() {
    return "another node than the named one answers at the upstream's address";
  }

  @Override
  public List<Expected> expected() {
    return List.of(
        Expected.error("upstreams", "is another node: its certificate names \"" + RELAY + "\""));
  }

  static void startRelay(Sound sound, String relay, TlsFiles files) throws Exception {
    Cluster cluster = sound.cluster();
    cluster.start(
        NodeSpec.replica(relay)
            .with(Settings.REPLICATION_UPSTREAMS, "127.0.0.1:1")
            .with(Settings.REPLICATION_TLS_CERTIFICATE, files.certificate().toString())
            .with(Settings.REPLICATION_TLS_KEY, files.key().toString())
            .with(Settings.REPLICATION_TLS_AUTHORITIES, files.authorities().getFirst().toString()));
  }

  @Override
  public Call plant() throws Exception {
    Path folder = sound.folder("another-name");
    Duration left = Duration.ofDays(300);
    startRelay(sound, RELAY, sound.certificate(folder, RELAY, Duration.ZERO, left));
    TlsFiles own = sound.certificate(folder, NODE, Duration.ZERO, left);
    return Sound.withTls(sound.replica(), NODE, own)
        .with("replication.upstreams", "relay-2@" + sound.cluster().address(RELAY, "replication"));
  }

  @Override
  public Call cure(String cure, Call call) {
    var _ = Cures.find("or the name before the @, in replication.upstreams", cure);
    return call.with(
        "replication.upstreams",
        call.setting("replication.upstreams").replace("relay-2@", RELAY + "@"));
  }

  @Override
  public void end() {
    sound.cluster().stop(RELAY);
  }
}
