package dev.quicksilver.cli;

import dev.quicksilver.storage.log.BlockHeader;
import dev.quicksilver.storage.record.ChainHash;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.zip.CRC32C;

/**
 * Stands in front of a node and, as long as it lies, gives every block from a sequence on another
 * chain hash, with checksums that are right: what an upstream with another history sends.
 */
final class LyingProxy implements AutoCloseable {
  private static final int MAGIC = 8;
  private static final int BLOCK_START = 4;

  private final ServerSocket listener;
  private final int target;
  private final long fromSequence;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private volatile boolean lies = true;

  LyingProxy(int target, long fromSequence) throws IOException {
    this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    this.target = target;
    this.fromSequence = fromSequence;
    Thread.ofVirtual().start(this::accept);
  }

  int port() {
    return listener.getLocalPort();
  }

  /** Says the truth from now on. */
  void repent() {
    lies = false;
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket down = listener.accept();
        sockets.add(down);
        Socket up = new Socket(InetAddress.getLoopbackAddress(), target);
        sockets.add(up);
        Thread.ofVirtual().start(() -> pass(up, down, true));
        Thread.ofVirtual().start(() -> pass(down, up, false));
      } catch (IOException e) {
        if (!listener.isClosed()) {
          throw new UncheckedIOException(e);
        }
      }
    }
  }

  private void pass(Socket from, Socket to, boolean frames) {
    try (from;
        to) {
      if (frames) {
        frames(from, to);
      } else {
        from.getInputStream().transferTo(to.getOutputStream());
      }
    } catch (IOException e) {
      // The other side is gone; closing both is all there is to do.
    }
  }

  private void frames(Socket from, Socket to) throws IOException {
    DataInputStream in = new DataInputStream(from.getInputStream());
    DataOutputStream out = new DataOutputStream(to.getOutputStream());
    out.write(in.readNBytes(MAGIC));
    while (true) {
      int length = in.readInt();
      byte[] content = in.readNBytes(1 + length);
      int crc = in.readInt();
      if (lies && content.length > 0 && content[0] == BLOCK_START) {
        content = changed(content);
        CRC32C right = new CRC32C();
        right.update(content);
        crc = (int) right.getValue();
      }
      out.write(
          ByteBuffer.allocate(4 + content.length + 4)
              .putInt(length)
              .put(content)
              .putInt(crc)
              .array());
      out.flush();
    }
  }

  private byte[] changed(byte[] content) {
    BlockHeader right = BlockHeader.decode(Arrays.copyOfRange(content, 1, 1 + BlockHeader.LENGTH));
    if (right.firstSequence() < fromSequence) {
      return content;
    }
    BlockHeader wrong =
        new BlockHeader(
            right.firstSequence(),
            right.lastSequence(),
            right.before(),
            ChainHash.of(new byte[32], 0),
            right.digestAfter(),
            right.positionAfter(),
            right.commitTime(),
            right.bodyLength(),
            right.uncompressedLength(),
            right.transactions());
    byte[] result = content.clone();
    System.arraycopy(wrong.encode(), 0, result, 1, BlockHeader.LENGTH);
    return result;
  }

  @Override
  public void close() throws IOException {
    listener.close();
    for (Socket socket : sockets) {
      socket.close();
    }
  }
}
