package dev.quicksilver.benchmarks.doctor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.util.List;

/** The file has another password than the role. */
final class WrongPassword implements SetUp {
  private static final String PASSWORD = "the-right-one";
  private final Sound sound;

  WrongPassword(Sound sound) {
    this.sound = sound;
  }

  @Override
  public String what() {
    return "a password that is not the role's";
  }

  @Override
  public List<Expected> expected() {
    return List.of(Expected.error("postgres", "password authentication failed for user \"clerk\""));
  }

  private Path file() throws IOException {
    return sound.folder("wrong-password").resolve("password");
  }

  @Override
  public Call plant() throws IOException, SQLException {
    Cures.execute(
        sound.postgres(),
        "postgres",
        "CREATE ROLE clerk LOGIN REPLICATION PASSWORD '" + PASSWORD + "'",
        "CREATE DATABASE clerks OWNER clerk");
    Files.createFile(
        file(), PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    Files.writeString(file(), "a wrong one\n");
    return sound
        .rootOf(sound.postgres(), "clerks")
        .withoutVariable("QUICKSILVER_POSTGRES_PASSWORD")
        .withVariable("QUICKSILVER_POSTGRES_URL", Sound.url(sound.postgres(), "clerks"))
        .with("postgres.user", "clerk")
        .with("postgres.password-file", file());
  }

  @Override
  public Call cure(String cure, Call call) throws IOException {
    var _ = Cures.find("set postgres.password-file, and the role's password to the same", cure);
    Files.writeString(file(), PASSWORD + "\n");
    return call;
  }
}
