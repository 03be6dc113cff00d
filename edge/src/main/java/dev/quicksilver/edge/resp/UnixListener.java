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
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A Unix socket that listens, and its file. Safe for all threads. */
final class UnixListener {
  static final int BACKLOG = 1024;
  private static final Logger LOG = LoggerFactory.getLogger(UnixListener.class);

  private final Path path;
  private final ServerSocketChannel channel;
  private final @Nullable Object file;

  private UnixListener(Path path, ServerSocketChannel channel) throws IOException {
    this.path = path;
    this.channel = channel;
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
      return new UnixListener(path, channel);
    } catch (IOException e) {
      channel.close();
      throw new IOException("cannot listen on " + path + ": " + e.getMessage(), e);
    }
  }

  /** Goes on with one that another process has bound to this path. */
  static UnixListener of(Path path, ServerSocketChannel channel) throws IOException {
    return new UnixListener(path, channel);
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
   * @param removed whether its file goes, too, if another has not taken its place
   */
  void close(boolean removed) {
    try {
      channel.close();
      if (removed && file != null && Files.exists(path) && file.equals(key(path))) {
        Files.delete(path);
      }
    } catch (IOException e) {
      LOG.debug("a socket stays", e);
    }
  }

  private static @Nullable Object key(Path path) throws IOException {
    return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
        .fileKey();
  }
}
