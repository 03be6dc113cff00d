package dev.quicksilver.postgres;

import java.nio.file.Path;
import java.util.Optional;

/**
 * What is decided when the files of a PostgreSQL are made.
 *
 * @param kept where; empty for a temporary directory
 * @param cache where our programs are unpacked and templates are kept; empty for the default
 * @param installed runs this one's programs instead of ours
 * @param origin what a standby is a copy of
 * @param superuser the name of the first role
 * @param unixSocketOnly true if nobody can reach it over TCP
 * @param durable false if its data need not survive a crash
 */
record ClusterOptions(
    Optional<Path> kept,
    Optional<Path> cache,
    Optional<InstalledPostgres> installed,
    Optional<BaseBackup.Origin> origin,
    String superuser,
    boolean unixSocketOnly,
    boolean durable) {

  boolean temporary() {
    return kept.isEmpty();
  }

  /** A directory that is kept may be opened with TCP another time. */
  boolean needsPassword() {
    return !(temporary() && unixSocketOnly);
  }

  /** Copies of a template are one system, which shows where others connect or replicate. */
  boolean mayCopyTemplate() {
    return temporary() && unixSocketOnly;
  }

  boolean syncsFiles() {
    return durable && !temporary();
  }
}
