package dev.quicksilver.benchmarks.doctor;

import dev.quicksilver.tls.TlsFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;

/** Everybody on the machine may read a password and a key. */
final class OpenSecrets implements SetUp {
  private final Sound sound;

  OpenSecrets(Sound sound) {
    this.sound = sound;
  }

  @Override
  public String what() {
    return "a password's file and a key that everybody may read";
  }

  @Override
  public List<Expected> expected() {
    return List.of(
        Expected.warning("secrets", "(resp.password-file) can be read by every user"),
        Expected.warning("secrets", "(resp.tls-key) can be read by every user"));
  }

  @Override
  public Call plant() throws Exception {
    Path folder = sound.folder("open-secrets");
    Path password = folder.resolve("password");
    Files.writeString(password, "secret\n");
    TlsFiles files = sound.certificate(folder, "server", Duration.ofDays(1), Duration.ofDays(300));
    for (Path secret : List.of(password, files.key())) {
      Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rw-r--r--"));
    }
    return sound
        .serve()
        .with("resp.password-file", password)
        .with("resp.tls-certificate", files.certificate())
        .with("resp.tls-key", files.key());
  }

  @Override
  public Call cure(String cure, Call call) throws Exception {
    var _ = Cures.shell(Cures.find("^chmod .*$", cure));
    return call;
  }
}
