package dev.quicksilver.bridge.evaluate;

import dev.quicksilver.bridge.wire.MessageWriter;
import dev.quicksilver.postgres.Autogroup;
import java.io.EOFException;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A connection to the evaluator, in PostgreSQL's protocol 3.0 over its Unix socket. Messages are
 * read one after the other: {@link #next}, then one of {@link #pass}, {@link #body} or {@link
 * #skip}. For one thread at a time; {@link #cancel} and {@link #close} are safe for all.
 */
final class Link implements AutoCloseable {
  private static final int PROTOCOL = 3 << 16;
  private static final int CANCEL_REQUEST = 80877102;
  private static final int CHUNK = 1 << 16;
  private static final int CANCEL_MILLIS = 1_000;

  /** Bodies that are looked into (errors, notices, parameters) are not longer than this. */
  private static final int LONGEST_BODY = 64 << 20;

  private final UnixDomainSocketAddress address;
  private final SocketChannel channel;
  private final Selector readable;
  private final Waiting waiting;
  private final ByteBuffer in = ByteBuffer.allocate(CHUNK).flip();
  private final Map<String, String> parameters = new HashMap<>();
  private volatile byte[] cancelKey = new byte[0];
  private final AtomicReference<@Nullable Runnable> onClose = new AtomicReference<>();
  private char type;
  private int left;

  /** Called every {@link #period} ms while nothing comes from the evaluator. */
  interface Waiting {
    /** May ask for the query's end, or throw to give the connection up. */
    void waiting() throws IOException;

    /** Milliseconds between two calls. */
    default long period() {
      return 50;
    }
  }

  private Link(UnixDomainSocketAddress address, SocketChannel channel, Waiting waiting)
      throws IOException {
    this.address = address;
    this.channel = channel;
    this.waiting = waiting;
    channel.configureBlocking(false);
    this.readable = Selector.open();
    channel.register(readable, SelectionKey.OP_READ);
  }

  /**
   * Connects, and waits until the evaluator is ready for a query.
   *
   * @param parameters of the start-up message, user and database among them
   * @throws Refused if the evaluator says no
   */
  static Link open(Path socket, Map<String, String> parameters, Waiting waiting)
      throws IOException {
    var address = UnixDomainSocketAddress.of(socket);
    SocketChannel channel = SocketChannel.open(address);
    Link link = null;
    try {
      link = new Link(address, channel, waiting);
      link.startUp(parameters);
      return link;
    } catch (IOException | RuntimeException e) {
      channel.close();
      if (link != null) {
        link.readable.close();
      }
      throw e;
    }
  }

  /** The evaluator's ErrorResponse to the start-up. */
  static final class Refused extends IOException {
    private static final long serialVersionUID = 1L;
    private final transient ServerMessage message;

    Refused(ServerMessage message) {
      super(message.text());
      this.message = message;
    }

    ServerMessage message() {
      return message;
    }
  }

  private void startUp(Map<String, String> wanted) throws IOException {
    var text = new StringBuilder();
    wanted.forEach((name, value) -> text.append(name).append('\0').append(value).append('\0'));
    byte[] body = text.append('\0').toString().getBytes(StandardCharsets.UTF_8);
    write(ByteBuffer.allocate(8 + body.length).putInt(8 + body.length).putInt(PROTOCOL).put(body));
    while (true) {
      switch (next()) {
        case 'K' -> {
          cancelKey = body();
          Autogroup.follow(ByteBuffer.wrap(cancelKey).getInt()); // it begins with its process
        }
        case 'S' -> noteParameter(body());
        case 'E' -> throw new Refused(ServerMessage.parse(body(), StandardCharsets.UTF_8));
        case 'Z' -> {
          skip();
          return;
        }
        default -> skip();
      }
    }
  }

  /** Reads a ParameterStatus. */
  String noteParameter(byte[] body) {
    String[] parts = new String(body, StandardCharsets.UTF_8).split("\0", -1);
    if (parts.length > 1) {
      parameters.put(parts[0], parts[1]);
    }
    return parts[0];
  }

  /** What the evaluator has reported, by name as it spells them. */
  Map<String, String> parameters() {
    return parameters;
  }

  /** Sends messages: a type, then the body. */
  void send(Message... messages) throws IOException {
    int size = 0;
    for (Message message : messages) {
      size = Math.addExact(size, 5 + message.body().length);
    }
    ByteBuffer out = ByteBuffer.allocate(size);
    for (Message message : messages) {
      out.put((byte) message.type()).putInt(4 + message.body().length).put(message.body());
    }
    write(out);
  }

  /** A frontend message. */
  record Message(char type, byte[] body) {
    static final Message FLUSH = new Message('H', new byte[0]);
    static final Message SYNC = new Message('S', new byte[0]);

    static Message query(String sql, Charset charset) {
      return new Message('Q', (sql + '\0').getBytes(charset));
    }
  }

  /**
   * Runs statements of which nobody wants the rows, as one transaction.
   *
   * @throws Refused if one fails
   */
  void run(String sql) throws IOException {
    send(Message.query(sql, StandardCharsets.UTF_8));
    ServerMessage error = null;
    for (char next = next(); next != 'Z'; next = next()) {
      if (next == 'E') {
        error = ServerMessage.parse(body(), StandardCharsets.UTF_8);
      } else {
        skip();
      }
    }
    skip();
    if (error != null) {
      throw new Refused(error);
    }
  }

  private void write(ByteBuffer out) throws IOException {
    out.flip();
    while (out.hasRemaining()) {
      if (channel.write(out) == 0) {
        awaitWritable();
      }
    }
  }

  private void awaitWritable() throws IOException {
    try (Selector writable = Selector.open()) {
      channel.register(writable, SelectionKey.OP_WRITE);
      if (writable.select(waiting.period()) == 0) {
        waiting.waiting();
      }
    }
  }

  /** The type of the next message; waits for it. */
  char next() throws IOException {
    if (left != 0) {
      throw new IllegalStateException("the message before was not read");
    }
    need(5);
    type = (char) in.get();
    left = in.getInt() - 4;
    if (left < 0) {
      throw new IOException("the evaluator sent a message of " + left + " bytes");
    }
    return type;
  }

  private void need(int count) throws IOException {
    if (in.remaining() < count) {
      in.compact();
      try {
        while (in.position() < count) {
          fill();
        }
      } finally {
        in.flip();
      }
    }
  }

  /** Reads at least a byte behind what is there. */
  private void fill() throws IOException {
    while (true) {
      int read = channel.read(in);
      if (read > 0) {
        return;
      }
      if (read < 0) {
        throw new EOFException("the evaluator has closed the connection");
      }
      awaitReadable();
    }
  }

  private void awaitReadable() throws IOException {
    try {
      if (readable.select(waiting.period()) == 0) {
        waiting.waiting();
      }
      readable.selectedKeys().clear();
    } catch (ClosedSelectorException e) {
      throw new IOException("it could not be asked to stop", e);
    }
  }

  /** Whether the evaluator has ended the connection; what it sent before can still be read. */
  boolean ended() {
    return !look();
  }

  /** The type of the next message if it has come already, else 0. */
  char peek() {
    look();
    return in.hasRemaining() ? (char) in.get(in.position()) : 0;
  }

  /** Reads what has come, as far as there is room, and never waits; false at the end. */
  private boolean look() {
    in.compact();
    try {
      int read = 1;
      while (read > 0 && in.hasRemaining()) {
        read = channel.read(in);
      }
      return read >= 0;
    } catch (IOException e) {
      return false;
    } finally {
      in.flip();
    }
  }

  /** Hands the message on as it came, however long it is. */
  void pass(MessageWriter out, Flusher flusher) throws IOException {
    out.begin(type, left);
    while (left > 0) {
      if (!in.hasRemaining()) {
        need(1);
      }
      int count = Math.min(left, in.remaining());
      out.framed(in.array(), in.position(), count);
      in.position(in.position() + count);
      left -= count;
      if (out.pending() > CHUNK) {
        flusher.flush();
      }
    }
  }

  /** Sends what a writer has pending. */
  interface Flusher {
    void flush();
  }

  /** Reads the message's body. */
  byte[] body() throws IOException {
    if (left > LONGEST_BODY) {
      throw new IOException("the evaluator sent a message of " + left + " bytes");
    }
    byte[] body = new byte[left];
    int at = 0;
    while (left > 0) {
      if (!in.hasRemaining()) {
        need(1);
      }
      int count = Math.min(left, in.remaining());
      in.get(body, at, count);
      at += count;
      left -= count;
    }
    return body;
  }

  /** Drops the message. */
  void skip() throws IOException {
    while (left > 0) {
      if (!in.hasRemaining()) {
        need(1);
      }
      int count = Math.min(left, in.remaining());
      in.position(in.position() + count);
      left -= count;
    }
  }

  /** The evaluator's process that serves this connection. */
  int pid() {
    return ByteBuffer.wrap(cancelKey).getInt();
  }

  /** Asks the evaluator to stop what this connection is doing. */
  void cancel() throws IOException {
    byte[] key = cancelKey;
    try (SocketChannel other = SocketChannel.open(address);
        Selector closed = Selector.open()) {
      ByteBuffer request = ByteBuffer.allocate(8 + key.length);
      request.putInt(8 + key.length).putInt(CANCEL_REQUEST).put(key).flip();
      while (request.hasRemaining()) {
        other.write(request);
      }
      other.configureBlocking(false);
      other.register(closed, SelectionKey.OP_READ);
      closed.select(CANCEL_MILLIS); // it closes once the signal is sent
    }
  }

  /** What is done once when the connection is closed here. */
  void onClose(Runnable action) {
    onClose.set(action);
  }

  @Override
  public void close() {
    Runnable action = onClose.getAndSet(null);
    if (action != null) {
      action.run();
    }
    try (channel;
        readable) {
      if (channel.isOpen() && channel.isConnected()) {
        channel.write(ByteBuffer.wrap(new byte[] {'X', 0, 0, 0, 4}));
      }
    } catch (IOException e) {
      // It is gone already.
    }
  }
}
