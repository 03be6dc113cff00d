package dev.quicksilver.edge.resp;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Optional;
import java.util.concurrent.Executor;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A socket with TLS. What takes milliseconds in a handshake, signatures above all, is done beside
 * the loop; meanwhile nothing is read.
 */
final class TlsWire implements Wire {
  private static final Logger LOG = LoggerFactory.getLogger(TlsWire.class);

  private final SocketChannel channel;
  private final SSLEngine engine;
  private final Executor slow;
  private final Runnable resume;
  private ByteBuffer received; // from the socket; written to, flipped while it is read
  private ByteBuffer plain = ByteBuffer.allocate(0); // to be read
  private final ByteBuffer sealed; // to the socket, to be read
  private boolean needsMore = true;
  private boolean busy;
  private boolean ended;
  private final long memory;

  /**
   * Begins as the server.
   *
   * @param resume is run by the executor when reading can go on
   */
  TlsWire(SocketChannel channel, SSLEngine engine, Executor slow, Runnable resume) {
    this.channel = channel;
    this.engine = engine;
    this.slow = slow;
    this.resume = resume;
    this.received = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
    this.sealed = ByteBuffer.allocate(engine.getSession().getPacketBufferSize()).limit(0);
    this.memory = 3L * received.capacity();
  }

  @Override
  public int read(byte[] into) throws IOException {
    while (!plain.hasRemaining() && !busy) {
      if (needsMore) {
        int length = channel.read(received);
        if (length <= 0) {
          return length;
        }
        needsMore = false;
      }
      unwrap();
      if (ended && !plain.hasRemaining()) {
        return -1;
      }
    }
    int length = Math.min(into.length, plain.remaining());
    plain.get(into, 0, length);
    return length;
  }

  private void unwrap() throws IOException {
    if (!plain.hasRemaining() && plain.capacity() == 0) {
      plain = ByteBuffer.allocate(engine.getSession().getApplicationBufferSize());
    }
    plain.clear();
    received.flip();
    SSLEngineResult result;
    try {
      result = engine.unwrap(received, plain);
    } finally {
      received.compact();
      plain.flip();
    }
    switch (result.getStatus()) {
      case BUFFER_UNDERFLOW -> {
        needsMore = true;
        if (!received.hasRemaining()) {
          received = larger(received, engine.getSession().getPacketBufferSize());
        }
      }
      case BUFFER_OVERFLOW ->
          plain = ByteBuffer.allocate(engine.getSession().getApplicationBufferSize()).limit(0);
      case CLOSED -> ended = true;
      case OK -> needsMore = received.position() == 0;
    }
    proceed(result.getHandshakeStatus());
  }

  private static ByteBuffer larger(ByteBuffer full, int least) throws SSLException {
    if (least <= full.capacity()) {
      throw new SSLException("a record is longer than TLS allows");
    }
    full.flip();
    return ByteBuffer.allocate(least).put(full);
  }

  private void proceed(HandshakeStatus status) throws IOException {
    switch (status) {
      case NEED_TASK -> {
        Runnable task = engine.getDelegatedTask();
        if (task != null) {
          busy = true;
          slow.execute(
              () -> {
                for (Runnable next = task; next != null; next = engine.getDelegatedTask()) {
                  next.run();
                }
                resume.run();
              });
        }
      }
      case NEED_WRAP -> {
        while (engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP && !hasUnsent()) {
          wrap(ByteBuffer.allocate(0));
          flush();
        }
        if (engine.getHandshakeStatus() == HandshakeStatus.NEED_TASK) {
          proceed(HandshakeStatus.NEED_TASK);
        }
      }
      case FINISHED, NOT_HANDSHAKING, NEED_UNWRAP, NEED_UNWRAP_AGAIN -> {}
    }
  }

  /** Goes on after what was done beside the loop; to be called on the loop. */
  void resumed() throws IOException {
    busy = false;
    needsMore = received.position() == 0;
    proceed(engine.getHandshakeStatus());
  }

  @Override
  public boolean isBusy() {
    return busy;
  }

  @Override
  public boolean hasRead() {
    return !busy && (plain.hasRemaining() || !needsMore);
  }

  private SSLEngineResult wrap(ByteBuffer from) throws IOException {
    sealed.clear();
    try {
      return engine.wrap(from, sealed);
    } finally {
      sealed.flip();
    }
  }

  private void flush() throws IOException {
    while (sealed.hasRemaining() && channel.write(sealed) > 0) {}
  }

  @Override
  public int write(byte[] from, int at, int end) throws IOException {
    flush();
    if (!hasUnsent() && engine.getHandshakeStatus() == HandshakeStatus.NEED_WRAP) {
      proceed(HandshakeStatus.NEED_WRAP);
    }
    ByteBuffer all = ByteBuffer.wrap(from, at, end - at);
    while (all.hasRemaining() && !hasUnsent()) {
      SSLEngineResult result = wrap(all);
      if (result.getStatus() == SSLEngineResult.Status.CLOSED) {
        throw new SSLException("the client has ended TLS");
      }
      flush();
      if (result.bytesConsumed() == 0) {
        break; // a handshake goes on
      }
    }
    return all.position() - at;
  }

  @Override
  public boolean hasUnsent() {
    return sealed.hasRemaining();
  }

  /** Its three buffers, each of a record at most. */
  @Override
  public long memory() {
    return memory;
  }

  @Override
  public Optional<SocketChannel> movable() {
    return Optional.empty();
  }

  @Override
  public void close() {
    try {
      engine.closeOutbound();
      if (!hasUnsent()) {
        wrap(ByteBuffer.allocate(0));
        flush();
      }
    } catch (IOException e) {
      LOG.debug("TLS was not ended", e);
    }
    try {
      channel.close();
    } catch (IOException e) {
      LOG.debug("a socket could not be closed", e);
    }
  }
}
