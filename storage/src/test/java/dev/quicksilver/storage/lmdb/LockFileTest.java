package dev.quicksilver.storage.lmdb;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LockFileTest {
  @TempDir Path folder;

  @Test
  void theGroupMayUseItAsFarAsTheUmaskAllows() throws IOException {
    Set<PosixFilePermission> allowed =
        Files.getPosixFilePermissions(Files.createFile(folder.resolve("any")));
    allowed.retainAll(
        EnumSet.of(
            PosixFilePermission.OWNER_READ,
            PosixFilePermission.OWNER_WRITE,
            PosixFilePermission.GROUP_READ,
            PosixFilePermission.GROUP_WRITE));

    LockFile.make(folder, 10, false);

    assertThat(Files.getPosixFilePermissions(folder.resolve("lock.mdb"))).isEqualTo(allowed);
    assertThat(allowed).contains(PosixFilePermission.OWNER_WRITE);
  }
}
