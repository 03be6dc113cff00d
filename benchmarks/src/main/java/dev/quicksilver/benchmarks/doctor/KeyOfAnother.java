package dev.quicksilver.benchmarks.doctor;

import dev.quicksilver.tls.TlsFiles;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** The key was made for another certificate. */
final class KeyOfAnother implements SetUp {
  private static final Duration LONG = Duration.ofDays(300);
  private final Sound sound;

  KeyOfAnother(Sound sound) {
    this.sound = sound;
  }

  @Override
  public String what() {
    return "a key that does not belong to the certificate";
  }

  @Override
  public List<Expected> expected() {
    return List.of(Expected.error("certificates", "does not belong to the certificate in "));
  }

  @Override
  public Call plant() throws Exception {
    Path folder = sound.folder("key-of-another");
    TlsFiles own = sound.certificate(folder, "edge-1", Duration.ZERO, LONG);
    TlsFiles other = sound.certificate(folder, "edge-2", Duration.ZERO, LONG);
    return Sound.withTls(
        sound.rootOf(sound.postgres(), "postgres"),
        "edge-1",
        new TlsFiles(own.certificate(), other.key(), own.authorities()));
  }

  @Override
  public Call cure(String cure, Call call) {
    var _ = Cures.find("name the two that were made together", cure);
    return call.with(
        "replication.tls-key", call.setting("replication.tls-key").replace("edge-2", "edge-1"));
  }
}
