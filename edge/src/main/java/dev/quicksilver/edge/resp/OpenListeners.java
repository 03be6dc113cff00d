package dev.quicksilver.edge.resp;

import java.nio.channels.ServerSocketChannel;
import java.util.Optional;

/**
 * Sockets that listen already for a server that is about to start, opened by whoever started this
 * process. The server closes them at its end, and leaves the file of a Unix socket alone.
 *
 * @param tcp at the configured address, with TLS or without
 * @param unix at the configured path
 */
public record OpenListeners(Optional<ServerSocketChannel> tcp, Optional<ServerSocketChannel> unix) {
  /** The server opens all by itself. */
  public static final OpenListeners NONE = new OpenListeners(Optional.empty(), Optional.empty());
}
