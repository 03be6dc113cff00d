package dev.quicksilver.benchmarks.doctor;

import dev.quicksilver.tls.TlsFiles;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** Nobody has renewed a node's certificate. */
final class ExpiredCertificate implements SetUp {
  private static final String NODE = "edge-1";
  private final Sound sound;

  ExpiredCertificate(Sound sound) {
    this.sound = sound;
  }

  @Override
  public String what() {
    return "a certificate that expired yesterday";
  }

  @Override
  public List<Expected> expected() {
    return List.of(Expected.error("certificates", NODE + ".pem (certificate) expired at "));
  }

  private Path folder() throws Exception {
    return sound.folder("expired-certificate");
  }

  @Override
  public Call plant() throws Exception {
    TlsFiles files = sound.certificate(folder(), NODE, Duration.ofDays(30), Duration.ofDays(-1));
    return Sound.withTls(sound.rootOf(sound.postgres(), "postgres"), NODE, files);
  }

  @Override
  public Call cure(String cure, Call call) throws Exception {
    var _ = Cures.find("^renew it", cure);
    sound.doctor().run("certificates", folder().toString(), NODE);
    return call;
  }
}
