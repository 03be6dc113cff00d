package dev.quicksilver.benchmarks.doctor;

import dev.quicksilver.tls.TlsFiles;
import java.time.Duration;
import java.util.List;

/** The upstream's certificate was signed by somebody whom this node does not know. */
final class UpstreamOfAnotherAuthority implements SetUp {
  private static final String RELAY = "relay-3";
  private static final String NODE = "edge-3";
  private static final Duration LEFT = Duration.ofDays(300);
  private final Sound sound;

  UpstreamOfAnotherAuthority(Sound sound) {
    this.sound = sound;
  }

  @Override
  public String what() {
    return "an upstream whose certificate is of another authority";
  }

  @Override
  public List<Expected> expected() {
    return List.of(
        Expected.error("upstreams", "its certificate is not signed by an authority in "));
  }

  @Override
  public Call plant() throws Exception {
    UpstreamOfAnotherName.startRelay(
        sound, RELAY, sound.certificate(sound.folder("authority-1"), RELAY, Duration.ZERO, LEFT));
    TlsFiles own = sound.certificate(sound.folder("authority-2"), NODE, Duration.ZERO, LEFT);
    return Sound.withTls(sound.replica(), NODE, own)
        .with("replication.upstreams", RELAY + "@" + sound.cluster().address(RELAY, "replication"));
  }

  @Override
  public Call cure(String cure, Call call) throws Exception {
    var _ = Cures.find("correct the files here", cure);
    TlsFiles own = sound.certificate(sound.folder("authority-1"), NODE, Duration.ZERO, LEFT);
    return Sound.withTls(call, NODE, own);
  }

  @Override
  public void end() {
    sound.cluster().stop(RELAY);
  }
}
