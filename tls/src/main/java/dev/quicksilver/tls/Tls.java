package dev.quicksilver.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
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
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This node's certificate and whom it trusts, as the files say. New files are taken for new
 * connections without a restart; files that cannot be used leave what was there in use.
 * Thread-safe.
 */
public final class Tls implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Tls.class);
  private static final Duration LOOK_EVERY = Duration.ofSeconds(10);
  private static final String[] VERSIONS = {"TLSv1.3"};

  private final TlsFiles files;
  private final String node;
  private final InstantSource clock;
  private final Thread thread;
  private volatile TlsMaterial material;
  private volatile TlsStatus status;
  private List<String> seen;

  /**
   * Reads the files and looks at them again every 5 to 10 seconds. A certificate that has expired,
   * or is not valid yet by this machine's clock, is no reason not to start: a node serves what it
   * has, peers refuse it, and the status says why until it is renewed or the clock is right.
   *
   * @param node this node's name; the certificate has to carry it
   * @throws TlsException if they cannot be used whatever the time
   */
  public static Tls load(TlsFiles files, String node) {
    return load(files, node, LOOK_EVERY, InstantSource.system());
  }

  /** The same with another longest time between two looks, and another clock. */
  public static Tls load(TlsFiles files, String node, Duration lookEvery, InstantSource clock) {
    return new Tls(files, node, lookEvery, clock);
  }

  private Tls(TlsFiles files, String node, Duration lookEvery, InstantSource clock) {
    this.files = files;
    this.node = node;
    this.clock = clock;
    this.seen = stamps(files);
    this.material = TlsMaterial.load(files, node);
    Optional<String> problem = invalidNow(material);
    problem.ifPresent(why -> LOG.error("{}. Until then no other node accepts this one", why));
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

  /** Returns what is in use now. */
  public TlsStatus status() {
    return status;
  }

  /** Returns how long the certificate is valid yet; negative once it has expired. */
  public Duration remaining() {
    return Duration.between(clock.instant(), status.expires());
  }

  /**
   * Does the server's part of the handshake on a connected socket; blocks as its peer likes, so
   * close the socket when it takes too long. The socket stays the caller's to close.
   *
   * @param taken what was already read off the socket
   * @throws TlsPeerException if the peer has no acceptable certificate, or this node has none for
   *     it
   */
  public SecureSocket accept(Socket socket, byte[] taken) throws IOException {
    try {
      SSLSocket secure =
          (SSLSocket)
              material
                  .context()
                  .getSocketFactory()
                  .createSocket(socket, new ByteArrayInputStream(taken), false);
      secure.setUseClientMode(false);
      return handshake(secure);
    } catch (IOException e) {
      throw PeerFailures.explain(
          e, "the connection from " + socket.getRemoteSocketAddress(), files, status.expires());
    }
  }

  /**
   * Does the client's part; as {@link #accept}.
   *
   * @param host the name or address that the socket was connected to
   */
  public SecureSocket connect(Socket socket, String host, int port) throws IOException {
    try {
      SSLSocket secure =
          (SSLSocket) material.context().getSocketFactory().createSocket(socket, host, port, false);
      return handshake(secure);
    } catch (IOException e) {
      throw PeerFailures.explain(e, "upstream " + host + ":" + port, files, status.expires());
    }
  }

  private static SecureSocket handshake(SSLSocket secure) throws IOException {
    SSLParameters parameters = secure.getSSLParameters();
    parameters.setProtocols(VERSIONS);
    if (!secure.getUseClientMode()) {
      parameters.setNeedClientAuth(true);
    }
    secure.setSSLParameters(parameters);
    secure.startHandshake();
    return SecureSocket.of(secure);
  }

  /**
   * Says what an exception on an established connection means, if TLS is its cause: the server
   * judges a client's certificate when the client already reads.
   */
  public IOException explain(IOException e, String peer) {
    return PeerFailures.explain(e, peer, files, status.expires());
  }

  /** Ends the looking at files; connections go on. */
  @Override
  public void close() {
    thread.interrupt();
  }
}
