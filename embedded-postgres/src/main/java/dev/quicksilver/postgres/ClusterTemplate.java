package dev.quicksilver.postgres;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A data directory that initdb made once, to be copied in a tenth of initdb's time. It lies beside
 * the unpacked programs, one for each build of PostgreSQL and choice of initdb's options.
 *
 * <p>All copies have one system identifier and no password. So it is only for servers that nobody
 * reaches over TCP and nobody replicates from: that two are different systems must show elsewhere.
 */
final class ClusterTemplate {
  private static final String DATA = "data";
  private static final int NAME_BYTES = 8;

  private ClusterTemplate() {}

  /**
   * Copies the data directory that {@code initdb} makes to {@code data}, which must not exist.
   *
   * @param cache holds the template; it is made there first if need be
   */
  static void copy(SharedDirectories cache, Initdb initdb, Path data, Privileges privileges)
      throws IOException, InterruptedException {
    Path template =
        cache.obtain(
            "cluster-" + digest(initdb.fingerprint()),
            DATA + "/global/pg_control",
            directory -> initdb.run(directory.resolve(DATA), privileges));
    FileTrees.copy(template.resolve(DATA), data);
  }

  private static String digest(String text) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash, 0, NAME_BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
