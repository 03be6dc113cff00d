package dev.quicksilver.edge.handover;

import java.io.EOFException;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * Messages between two processes, each with a socket or without one. A message is 1 byte (1 if a
 * socket comes with it), the length of the rest as 4 bytes, and the rest: for the kind and then for
 * each field 2 bytes with the length of the name, the name, 4 bytes with the length of the value
 * and the value. Numbers have their highest byte first. One thread at a time.
 */
public final class HandoverChannel implements AutoCloseable {
  private static final int HEAD = 5;
  private static final int BUFFER = 64 << 10;

  /** Much more than a client can have; a longer message is none of ours. */
  private static final int LONGEST = 1 << 30;

  private final SocketChannel channel;
  private final Selector selector;
  private final SelectionKey key;
  private final SocketCalls calls;
  private final long patience;
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER);

  /**
   * Something that was received.
   *
   * @param descriptor of the socket that came with it; {@link #NO_SOCKET} if none has
   */
  public record Received(Message message, int descriptor) {}

  /** No socket. */
  public static final int NO_SOCKET = SocketCalls.NONE;

  /**
   * Uses a connected Unix socket, which is closed with this.
   *
   * @param patience each message is to come and to go within so much time
   */
  public HandoverChannel(SocketChannel channel, Duration patience) throws IOException {
    this.channel = channel;
    this.patience = patience.toNanos();
    channel.configureBlocking(false);
    this.selector = Selector.open();
    this.key = channel.register(selector, 0);
    this.calls = new SocketCalls(Sockets.descriptor(channel));
  }

  /** Connects to a process that listens on a path. */
  public static HandoverChannel connect(Path path, Duration patience) throws IOException {
    SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(path));
    try {
      return new HandoverChannel(channel, patience);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /** Sends a message. */
  public void send(Message message) throws IOException {
    send(message, SocketCalls.NONE);
  }

  /** Sends a message and a socket, which stays open here as well. */
  public void send(Message message, Channel socket) throws IOException {
    send(message, Sockets.descriptor(socket));
  }

  private void send(Message message, int descriptor) throws IOException {
    long until = System.nanoTime() + patience;
    byte[] kind = message.kind().getBytes(StandardCharsets.UTF_8);
    long length = 2L + kind.length;
    for (Message.Field field : message.fields()) {
      length += 6L + field.name().getBytes(StandardCharsets.UTF_8).length + field.length();
    }
    if (length > LONGEST) {
      throw new IOException("a message of " + length + " bytes is too long");
    }
    ByteBuffer head = ByteBuffer.allocate(HEAD);
    head.put((byte) (descriptor == SocketCalls.NONE ? 0 : 1)).putInt((int) length);
    int sent = 0;
    while (sent < HEAD) {
      int taken = calls.send(head.array(), sent, sent == 0 ? descriptor : SocketCalls.NONE);
      sent += taken;
      if (taken == 0) {
        await(SelectionKey.OP_WRITE, until);
      }
    }
    buffer.clear();
    put(kind, 2, 0, kind.length, until);
    for (Message.Field field : message.fields()) {
      byte[] name = field.name().getBytes(StandardCharsets.UTF_8);
      put(name, 2, 0, name.length, until);
      put(field.bytes(), 4, field.from(), field.to(), until);
    }
    drain(until);
  }

  /** Puts a length of 2 or 4 bytes and so many bytes. */
  private void put(byte[] from, int lengthBytes, int at, int end, long until) throws IOException {
    if (buffer.remaining() < 4) {
      drain(until);
    }
    if (lengthBytes == 2) {
      buffer.putShort((short) (end - at));
    } else {
      buffer.putInt(end - at);
    }
    int done = at;
    while (done < end) {
      if (!buffer.hasRemaining()) {
        drain(until);
      }
      int part = Math.min(buffer.remaining(), end - done);
      buffer.put(from, done, part);
      done += part;
    }
  }

  private void drain(long until) throws IOException {
    buffer.flip();
    while (buffer.hasRemaining()) {
      if (channel.write(buffer) == 0) {
        await(SelectionKey.OP_WRITE, until);
      }
    }
    buffer.clear();
  }

  /**
   * Receives a message. A descriptor that comes with it is the caller's to close.
   *
   * @throws EOFException if the other process has closed its end
   * @throws IOException if it says nothing for too long, or nothing that can be understood
   */
  public Received receive() throws IOException {
    long until = System.nanoTime() + patience;
    ByteBuffer head = ByteBuffer.allocate(HEAD);
    int descriptor = SocketCalls.NONE;
    try {
      int at = 0;
      while (at < HEAD) {
        SocketCalls.Received part = calls.receive(head.array(), at);
        if (part.length() < 0) {
          throw new EOFException("the other process has ended");
        }
        if (part.descriptor() != SocketCalls.NONE) {
          SocketCalls.close(descriptor);
          descriptor = part.descriptor();
        }
        at += part.length();
        if (part.length() == 0) {
          await(SelectionKey.OP_READ, until);
        }
      }
      if ((head.get(0) == 1) != (descriptor != SocketCalls.NONE)) {
        throw new IOException("a message came without its socket, or a socket without one");
      }
      int length = head.getInt(1);
      if (length < 2 || length > LONGEST) {
        throw new IOException("the other process sends what is no message");
      }
      return new Received(message(length, until), descriptor);
    } catch (IOException | RuntimeException e) {
      SocketCalls.close(descriptor);
      throw e;
    }
  }

  private Message message(int length, long until) throws IOException {
    var left = new Left(length, until);
    var message = new Message(new String(left.bytes(2), StandardCharsets.UTF_8));
    while (left.length > 0) {
      String name = new String(left.bytes(2), StandardCharsets.UTF_8);
      message.with(name, left.bytes(4));
    }
    return message;
  }

  /** What has not been read of a message. */
  private final class Left {
    private final long until;
    private int length;

    Left(int length, long until) {
      this.length = length;
      this.until = until;
      buffer.limit(0);
    }

    /** Reads a length of 2 or 4 bytes and so many bytes. */
    byte[] bytes(int lengthBytes) throws IOException {
      ByteBuffer size = ByteBuffer.wrap(exactly(lengthBytes));
      return exactly(lengthBytes == 2 ? Short.toUnsignedInt(size.getShort()) : size.getInt());
    }

    private byte[] exactly(int wanted) throws IOException {
      if (wanted < 0 || wanted > length) {
        throw new IOException("the other process sends what is no message");
      }
      length -= wanted;
      byte[] into = new byte[wanted];
      int at = 0;
      while (at < wanted) {
        if (!buffer.hasRemaining()) {
          fill(wanted - at + length);
        }
        int part = Math.min(wanted - at, buffer.remaining());
        buffer.get(into, at, part);
        at += part;
      }
      return into;
    }

    private void fill(int most) throws IOException {
      buffer.clear().limit(Math.min(BUFFER, most));
      int read = channel.read(buffer);
      while (read == 0) {
        await(SelectionKey.OP_READ, until);
        read = channel.read(buffer);
      }
      if (read < 0) {
        throw new EOFException("the other process has ended");
      }
      buffer.flip();
    }
  }

  private void await(int operation, long until) throws IOException {
    key.interestOps(operation);
    long left = (until - System.nanoTime()) / 1_000_000;
    if (left <= 0) {
      throw new IOException("the other process has not answered in time");
    }
    int ready = selector.select(left);
    selector.selectedKeys().clear();
    if (ready == 0 && Thread.currentThread().isInterrupted()) {
      throw new IOException("interrupted");
    }
  }

  /** Closes sockets that came and are not wanted; they live on where they came from. */
  public static void discard(List<Integer> descriptors) {
    descriptors.forEach(SocketCalls::close);
  }

  /** Idempotent. */
  @Override
  public void close() throws IOException {
    if (selector.isOpen()) {
      selector.close();
      channel.close();
      calls.close();
    }
  }
}
