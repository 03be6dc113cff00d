package dev.quicksilver.edge.resp;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.util.Optional;

/** The bytes of one client, plain or by TLS; never waits. For its loop's thread. */
interface Wire {
  /**
   * Reads what has come.
   *
   * @return how much; negative at the end
   */
  int read(byte[] into) throws IOException;

  /** Whether more can be read although the socket has nothing. */
  boolean hasRead();

  /**
   * Writes as much as is taken now.
   *
   * @return how much
   */
  int write(byte[] from, int at, int end) throws IOException;

  /** Whether nothing can be read before something else is done. */
  boolean isBusy();

  /** Whether something that was taken has not left yet. */
  boolean hasUnsent();

  /** Returns the bytes of memory that it takes by itself. */
  long memory();

  /** Returns the socket, if another process could go on with it: it cannot with TLS. */
  Optional<SocketChannel> movable();

  void close();
}
