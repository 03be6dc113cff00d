package dev.quicksilver.edge.resp;

import java.io.IOException;
import java.net.ConnectException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A Unix socket that listens, and its file. Safe for all threads. */
final class UnixListener {
  static final int BACKLOG = 1024;
  private static final Logger LOG = LoggerFactory.getLogger(UnixListener.class);

  private final Path path;
  private final ServerSocketChannel channel;
  private final Object file;
  private final boolean lent;
  private final AtomicBoolean removed = new AtomicBoolean();

  private UnixListener(Path path, ServerSocketChannel channel, boolean lent) throws IOException {
    this.path = path;
    this.channel = channel;
    this.lent = lent;
    this.file = key(path);
  }

  /**
   * Takes the place of a socket that nobody listens on, and of nothing else.
   *
   * @throws IOException if it cannot listen there; the message names the path
   */
  static UnixListener bind(Path path) throws IOException {
    var address = UnixDomainSocketAddress.of(path);
    ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      if (Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
        if (!Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
            .isOther()) {
          throw new IOException("a file is there that is no socket: choose another path");
        }
        try (SocketChannel other = SocketChannel.open(StandardProtocolFamily.UNIX)) {
          other.connect(address);
          throw new IOException("another process listens there: stop it, or choose another path");
        } catch (ConnectException e) {
          Files.delete(path);
        }
      }
      channel.bind(address, BACKLOG);
      return new UnixListener(path, channel, false);
    } catch (IOException e) {
      channel.close();
      throw new IOException("cannot listen on " + path + ": " + e.getMessage(), e);
    }
  }

  /**
   * Goes on with one that another process has bound to this path.
   *
   * @param lent whether its file stays whatever happens, since somebody else removes it
   */
  static UnixListener of(Path path, ServerSocketChannel channel, boolean lent) throws IOException {
    return new UnixListener(path, channel, lent);
  }

  /** Whether its file is for somebody else to remove. */
  boolean isLent() {
    return lent;
  }

  Path path() {
    return path;
  }

  ServerSocketChannel channel() {
    return channel;
  }

  /**
   * Closes it.
   *
   * @param withFile whether its file goes, too, once, if it is not lent, and another has not taken
   *     its place
   */
  void close(boolean withFile) {
    try {
      channel.close();
      if (withFile
          && !lent
          && !removed.getAndSet(true)
          && Files.exists(path, LinkOption.NOFOLLOW_LINKS)
          && file.equals(key(path))) {
        Files.delete(path);
      }
    } catch (IOException e) {
      LOG.debug("a socket stays", e);
    }
  }

  /** Which file it is: the number of one that was deleted is soon that of another one. */
  private static Object key(Path path) throws IOException {
    BasicFileAttributes attributes =
        Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    return List.of(
        String.valueOf(attributes.fileKey()),
        attributes.creationTime(),
        attributes.lastModifiedTime());
  }
}
