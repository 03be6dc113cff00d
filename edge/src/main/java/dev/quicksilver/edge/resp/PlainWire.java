package dev.quicksilver.edge.resp;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A socket as it is. The buffer between it and the heap is the loop's, for all its clients. */
final class PlainWire implements Wire {
  private static final Logger LOG = LoggerFactory.getLogger(PlainWire.class);

  private final SocketChannel channel;
  private final ByteBuffer buffer;

  PlainWire(SocketChannel channel, ByteBuffer buffer) {
    this.channel = channel;
    this.buffer = buffer;
  }

  @Override
  public int read(byte[] into) throws IOException {
    buffer.clear().limit(Math.min(buffer.capacity(), into.length));
    int length = channel.read(buffer);
    if (length > 0) {
      buffer.flip();
      buffer.get(into, 0, length);
    }
    return length;
  }

  @Override
  public boolean hasRead() {
    return false;
  }

  @Override
  public boolean isBusy() {
    return false;
  }

  @Override
  public int write(byte[] from, int at, int end) throws IOException {
    int sent = at;
    while (sent < end) {
      int part = Math.min(end - sent, buffer.capacity());
      buffer.clear();
      buffer.put(from, sent, part).flip();
      int taken = channel.write(buffer);
      sent += taken;
      if (taken < part) {
        break;
      }
    }
    return sent - at;
  }

  @Override
  public boolean hasUnsent() {
    return false;
  }

  @Override
  public long memory() {
    return 0;
  }

  @Override
  public Optional<SocketChannel> movable() {
    return Optional.of(channel);
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      LOG.debug("a socket could not be closed", e);
    }
  }
}
