package dev.quicksilver.benchmarks.doctor;

import dev.quicksilver.tls.TlsFiles;
import java.time.Duration;
import java.util.List;

/** A machine was set up with the files of another one, which expire soon as well. */
final class NameOfAnother implements SetUp {
  private final Sound sound;

  NameOfAnother(Sound sound) {
    this.sound = sound;
  }

  @Override
  public String what() {
    return "a certificate that names another node";
  }

  @Override
  public List<Expected> expected() {
    return List.of(Expected.error("certificates", "but this node's name is \"edge-2\""));
  }

  @Override
  public Call plant() throws Exception {
    TlsFiles files =
        sound.certificate(
            sound.folder("name-of-another"), "edge-1", Duration.ZERO, Duration.ofDays(300));
    return Sound.withTls(sound.rootOf(sound.postgres(), "postgres"), "edge-2", files);
  }

  @Override
  public Call cure(String cure, Call call) throws Exception {
    var _ =
        Cures.find("the name must be one of the DNS names of its subject alternative name", cure);
    TlsFiles files =
        sound.certificate(
            sound.folder("name-of-another"), "edge-2", Duration.ZERO, Duration.ofDays(300));
    return Sound.withTls(call, "edge-2", files);
  }
}
