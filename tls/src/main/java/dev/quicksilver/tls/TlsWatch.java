package dev.quicksilver.tls;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the files say, looked at again and again. New files are taken without a restart; files that
 * cannot be used leave what was there in use. Thread-safe.
 */
final class TlsWatch implements AutoCloseable {
  /** The longest time between two looks. */
  static final Duration LOOK_EVERY = Duration.ofSeconds(10);

  private static final Logger LOG = LoggerFactory.getLogger(TlsWatch.class);

  private final TlsFiles files;
  private final Optional<String> node;
  private final InstantSource clock;
  private final Thread thread;
  private volatile TlsMaterial material;
  private volatile TlsStatus status;
  private List<String> seen;

  /**
   * Reads the files and begins to look.
   *
   * @param node whose certificate it has to be; empty for a server's of any name
   * @throws TlsException if they cannot be used whatever the time
   */
  TlsWatch(TlsFiles files, Optional<String> node, Duration lookEvery, InstantSource clock) {
    this.files = files;
    this.node = node;
    this.clock = clock;
    this.seen = stamps(files);
    this.material = TlsMaterial.load(files, node);
    Optional<String> problem = invalidNow(material);
    problem.ifPresent(why -> LOG.error("{}. Until then nobody who checks it connects", why));
    this.status = new TlsStatus(files.certificate(), material.notAfter(), 0, 0, problem);
    warnOfOpenKey(files.key());
    this.thread = Thread.ofVirtual().name("tls-files").start(() -> run(lookEvery));
  }

  private Optional<String> invalidNow(TlsMaterial loaded) {
    try {
      loaded.requireValid(clock.instant());
      return Optional.empty();
    } catch (TlsException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  private void run(Duration lookEvery) {
    try {
      while (true) {
        // Jittered, so that a fleet whose files change together does not read them in step.
        Thread.sleep(
            lookEvery
                .multipliedBy(500 + ThreadLocalRandom.current().nextLong(500))
                .dividedBy(1000));
        look();
      }
    } catch (InterruptedException e) {
      LOG.debug("no longer looking at {}", files.certificate());
    }
  }

  /** Looks once whether the files have changed. */
  synchronized void look() {
    List<String> now = stamps(files);
    // Files that failed are tried again unchanged too: a permission may have been corrected.
    if (now.equals(seen) && status.problem().isEmpty()) {
      return;
    }
    boolean changed = !now.equals(seen);
    seen = now;
    try {
      TlsMaterial fresh = TlsMaterial.load(files, node);
      fresh.requireValid(clock.instant());
      material = fresh;
      status =
          new TlsStatus(
              files.certificate(),
              material.notAfter(),
              status.reloads() + 1,
              status.failures(),
              Optional.empty());
      LOG.info(
          "the TLS files that are there are in use; the certificate expires at {}",
          material.notAfter());
      warnOfOpenKey(files.key());
    } catch (TlsException e) {
      String why = String.valueOf(e.getMessage());
      if (changed || !status.problem().equals(Optional.of(why))) {
        LOG.error(
            "new TLS files are not used: {}. The certificate that expires at {} stays in use",
            why,
            material.notAfter());
        status =
            new TlsStatus(
                files.certificate(),
                material.notAfter(),
                status.reloads(),
                status.failures() + 1,
                Optional.of(why));
      }
    }
  }

  /** What changes when a file is written or replaced, also behind a symbolic link. */
  private static List<String> stamps(TlsFiles files) {
    List<String> result = new ArrayList<>();
    for (Path file : files.all()) {
      try {
        BasicFileAttributes is = Files.readAttributes(file, BasicFileAttributes.class);
        result.add(is.lastModifiedTime() + " " + is.size() + " " + is.fileKey());
      } catch (IOException e) {
        result.add(e.toString());
      }
    }
    return result;
  }

  private static void warnOfOpenKey(Path key) {
    try {
      PosixFileAttributeView view =
          Files.getFileAttributeView(key, PosixFileAttributeView.class, new LinkOption[0]);
      if (view != null
          && view.readAttributes().permissions().contains(PosixFilePermission.OTHERS_READ)) {
        LOG.warn("every user of this machine can read the private key {}: chmod 600 it", key);
      }
    } catch (IOException e) {
      LOG.debug("the permissions of {} are not known", key, e);
    }
  }

  /** What connections are made with now. */
  TlsMaterial material() {
    return material;
  }

  /** The files that are looked at. */
  TlsFiles files() {
    return files;
  }

  /** Returns what is in use now. */
  TlsStatus status() {
    return status;
  }

  /** Returns how long the certificate is valid yet; negative once it has expired. */
  Duration remaining() {
    return Duration.between(clock.instant(), status.expires());
  }

  /** Ends the looking at files; connections go on. */
  @Override
  public void close() {
    thread.interrupt();
  }
}
