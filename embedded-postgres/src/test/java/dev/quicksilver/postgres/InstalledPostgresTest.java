package dev.quicksilver.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class InstalledPostgresTest {
  @TempDir Path scratch;

  @Test
  void runsTheOneInADirectoryWithTheCollationThatOursHas() throws Exception {
    PostgresPrograms ours = ProgramArchive.unpack(PostgresPrograms.defaultCache());
    InstalledPostgres installed = InstalledPostgres.at(ours.home());
    assertThat(installed.major()).isEqualTo(ours.major());
    try (EmbeddedPostgres postgres =
            EmbeddedPostgres.builder().installed(ours.home()).superuser("one & only").start();
        var connection = postgres.connect()) {
      SqlSession sql = new SqlSession(connection);
      assertThat(sql.query("SELECT current_user")).isEqualTo("one & only");
      assertThat(sql.query("SELECT 'Z' < 'a' AND lower('Ä') = 'ä'")).isEqualTo("t");
    }
  }

  @Test
  void namesTheDirectoryThatHoldsNone() {
    assertThatThrownBy(() -> EmbeddedPostgres.builder().installed(scratch))
        .isInstanceOf(EmbeddedPostgresException.class)
        .hasMessageContaining(scratch + " holds no PostgreSQL")
        .hasMessageContaining("bin/postgres");
  }

  @Test
  void saysWhatAProgramSaidThatIsNoPostgres() throws Exception {
    Path programs = Files.createDirectories(scratch.resolve("bin"));
    for (String name : new String[] {"postgres", "initdb"}) {
      Path program = Files.writeString(programs.resolve(name), "#!/bin/sh\necho I am a teapot\n");
      Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
    }
    assertThatThrownBy(() -> EmbeddedPostgres.builder().installed(scratch))
        .isInstanceOf(EmbeddedPostgresException.class)
        .hasMessageContaining(programs.resolve("postgres").toString())
        .hasMessageContaining("I am a teapot");
  }
}
