package dev.quicksilver.edge.resp;

import dev.quicksilver.edge.handover.Message;
import dev.quicksilver.storage.lmdb.StorageException;
import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client: what of its commands has come, and what of its replies it has not taken. While it
 * does not take them, or waits, no further command of it is run. For its loop's thread.
 */
final class Connection {
  private static final Logger LOG = LoggerFactory.getLogger(Connection.class);
  private static final byte[] EMPTY = {};

  /** Replies leave when they are so long, however many commands there are yet. */
  private static final int FLUSH = 256 << 10;

  /** A subscriber that has left so much untaken is closed. */
  private static final int MOST_UNTAKEN_EVENTS = 8 << 20;

  /** While a client waits, so much more of it is read. */
  private static final int READ_AHEAD = 64 << 10;

  final Session session;
  private final EventLoop loop;
  private final Wire wire;
  private final SelectionKey key;
  private byte[] in = EMPTY;
  private int inLength;
  private byte[] out = EMPTY;
  private int outAt;
  private int outEnd;
  private @Nullable Waiting waiting;
  private long deadline;
  private long stuckSince;
  private long lastRead;
  private int untakenEvents;
  private boolean paused;
  private boolean ending;
  private boolean closed;

  Connection(EventLoop loop, Wire wire, SelectionKey key, Session session) {
    this.loop = loop;
    this.wire = wire;
    this.key = key;
    this.session = session;
    loop.memory().addRequests(wire.memory());
  }

  // ---- what comes

  /** Reads what has come, runs the commands in it and sends the replies. */
  void ready(Call call) throws IOException {
    if (key.isWritable() && !sendPending()) {
      return;
    }
    if (closed) {
      return;
    }
    if (key.isReadable() || wire.hasRead()) {
      read(call);
    } else {
      proceed(call);
    }
  }

  /** Goes on after a part of a handshake that was done beside the loop. */
  void resumeTls(Call call, TlsWire tls) throws IOException {
    if (!closed) {
      tls.resumed();
      read(call);
    }
  }

  private void read(Call call) throws IOException {
    byte[] buffer = loop.readBuffer();
    do {
      int length = wire.read(buffer);
      if (length < 0) {
        close();
        return;
      }
      if (length == 0) {
        break; // a part of a record, or of a handshake
      }
      call.databases.renew();
      if (inLength == 0 && waiting == null && outEnd == 0) {
        int done = run(call, buffer, 0, length);
        if (!closed) {
          keep(buffer, done, length);
        }
      } else {
        append(buffer, length);
        proceed(call);
      }
    } while (!closed && wire.hasRead() && waiting == null && outEnd == 0);
    interest();
  }

  /** Runs what has come before, if nothing keeps it from that. */
  private void proceed(Call call) throws IOException {
    if (!closed && inLength > 0 && waiting == null && outEnd == 0) {
      call.databases.renew();
      int done = run(call, in, 0, inLength);
      if (done > 0 && !closed) {
        keep(in, done, inLength);
      }
    }
  }

  /** Goes on once there may be memory for it. */
  void retry(Call call) throws IOException {
    paused = false;
    if (!closed) {
      proceed(call);
      interest();
    }
  }

  @SuppressWarnings("ReferenceEquality") // whether it is the same array
  private void keep(byte[] buffer, int from, int to) {
    int left = to - from;
    if (left == 0) {
      setIn(EMPTY, 0);
    } else if (buffer == in && in.length <= 2 * left) {
      System.arraycopy(in, from, in, 0, left);
      inLength = left;
    } else {
      setIn(Arrays.copyOfRange(buffer, from, to), left);
    }
  }

  private void append(byte[] buffer, int length) throws IOException {
    if (inLength + length > READ_AHEAD && loop.memory().isFullOfRequests()) {
      throw new IOException("there is no memory for so long a command now");
    }
    byte[] room = in;
    if (room.length - inLength < length) {
      room = Arrays.copyOf(in, Math.max(inLength + length, 2 * in.length));
    }
    System.arraycopy(buffer, 0, room, inLength, length);
    setIn(room, inLength + length);
  }

  private void setIn(byte[] bytes, int length) {
    loop.memory().addRequests((long) bytes.length - in.length);
    in = bytes;
    inLength = length;
    lastRead = System.nanoTime();
  }

  /** Runs commands as far as they are complete; returns where the rest begins. */
  private int run(Call call, byte[] buffer, int from, int to) throws IOException {
    call.of(this);
    int at = from;
    try {
      while (at < to && waiting == null && outEnd == 0 && !ending && !closed) {
        if (loop.memory().isFullOfReplies()) {
          paused = true;
          loop.retryLater(this);
          break;
        }
        int took = loop.parser().parse(buffer, at, to, session.known, call.request);
        if (took == 0) {
          break;
        }
        at += took;
        if (call.request.count() > 0) {
          boolean ignored = isRefused(call, Commands::run); // either way it has its reply
        }
        if (call.reply.length() >= FLUSH) {
          flush(call.reply);
        }
      }
    } catch (RespException.Protocol e) {
      call.reply.error(String.valueOf(e.getMessage()));
      end();
    }
    flush(call.reply);
    call.tidy();
    return at;
  }

  /**
   * Runs something that replies; what it throws is the reply instead.
   *
   * @return whether it has thrown
   */
  private static boolean isRefused(Call call, Commands.Handler work) {
    int before = call.reply.length();
    try {
      work.run(call);
      return false;
    } catch (RespException e) {
      refuse(call, before, e.reply());
    } catch (StorageException e) {
      refuse(call, before, e.code() + " " + e.getMessage());
    } catch (RuntimeException e) {
      LOG.error("a command failed", e);
      refuse(call, before, "ERR this is a fault of ours, and the log says more: " + e);
    }
    return true;
  }

  private static void refuse(Call call, int before, String why) {
    call.reply.cutTo(before);
    call.reply.error(why);
    call.shared.count(why);
  }

  // ---- what leaves

  /** Sends what was replied, or keeps what the client does not take now. */
  void flush(Reply reply) {
    int length = reply.length();
    if (length == 0 || closed) {
      reply.clear();
      return;
    }
    if (outEnd > 0) {
      appendOut(reply);
      return;
    }
    try {
      int sent = wire.write(reply.bytes(), 0, length);
      if (sent == length) {
        reply.clear();
        if (ending && !wire.hasUnsent()) {
          close();
        } else if (wire.hasUnsent()) {
          stuckSince = System.nanoTime();
          interest();
        }
        return;
      }
      setOut(reply.take(), sent, length);
    } catch (IOException e) {
      reply.clear();
      broken(e);
    }
  }

  /** Only events come while a client has not taken what was sent before. */
  private void appendOut(Reply reply) {
    int length = reply.length();
    int left = outEnd - outAt;
    untakenEvents += length;
    if (untakenEvents > MOST_UNTAKEN_EVENTS || loop.memory().isFullOfReplies()) {
      LOG.warn(
          "client {} {} does not take its events and is closed; it can read on from the log with"
              + " XREAD",
          session.id,
          session.address);
      reply.clear();
      close();
      return;
    }
    byte[] both = Arrays.copyOfRange(out, outAt, outAt + left + length + (left + length) / 4);
    System.arraycopy(reply.bytes(), 0, both, left, length);
    reply.clear();
    long since = stuckSince;
    setOut(both, 0, left + length);
    stuckSince = since;
  }

  private void setOut(byte[] bytes, int at, int end) {
    loop.memory().addReplies((long) bytes.length - out.length);
    out = bytes;
    outAt = at;
    outEnd = end;
    stuckSince = System.nanoTime();
    interest();
  }

  /** Sends on; returns whether all has left. */
  private boolean sendPending() throws IOException {
    if (outEnd > 0) {
      int sent = wire.write(out, outAt, outEnd);
      if (sent > 0) {
        stuckSince = System.nanoTime();
      }
      outAt += sent;
      if (outAt < outEnd) {
        return false;
      }
      setOut(EMPTY, 0, 0);
      untakenEvents = 0;
    } else {
      int ignored = wire.write(EMPTY, 0, 0);
      assert ignored == 0;
    }
    if (wire.hasUnsent()) {
      return false;
    }
    interest();
    if (ending) {
      close();
      return false;
    }
    return true;
  }

  private void interest() {
    if (closed || !key.isValid()) {
      return;
    }
    boolean blocked =
        outEnd > 0 || wire.isBusy() || ((waiting != null || paused) && inLength > READ_AHEAD);
    boolean writes = outEnd > 0 || wire.hasUnsent();
    int wanted = (blocked ? 0 : SelectionKey.OP_READ) | (writes ? SelectionKey.OP_WRITE : 0);
    if (key.interestOps() != wanted) {
      key.interestOps(wanted);
    }
  }

  /** Says whether it has taken nothing of what it should, or left a command cut, for so long. */
  boolean isStuck(long now, long mostNanos) {
    boolean takesNothing = (outEnd > 0 || wire.hasUnsent()) && now - stuckSince > mostNanos;
    boolean saysNothing =
        inLength > 0 && waiting == null && outEnd == 0 && !paused && now - lastRead > mostNanos;
    return takesNothing || saysNothing;
  }

  // ---- waiting

  /** Has the next command wait; another thread ends it with {@link EventLoop#execute}. */
  void await(Waiting what, long until) {
    waiting = what;
    deadline = until;
    loop.waits(this);
  }

  @Nullable Waiting waiting() {
    return waiting;
  }

  long deadline() {
    return deadline;
  }

  /** Ends the waiting if it can, or if it is time; the client's next commands are run then. */
  void poll(Call call) throws IOException {
    Waiting what = waiting;
    if (what == null || closed) {
      return;
    }
    call.of(this);
    boolean over = System.nanoTime() - deadline >= 0;
    int before = call.reply.length();
    boolean refused =
        isRefused(
            call,
            later -> {
              if (!what.poll(later) && over) {
                what.timeOut(later);
              }
            });
    if (refused || call.reply.length() > before) {
      resume(call);
    }
  }

  /** Has it told soon of what has changed since it has subscribed. */
  void tellSoon() {
    loop.tellSoon(session);
  }

  /** Has its waiting looked at; any thread may say so. */
  void wake() {
    loop.wake(this);
  }

  /** Ends the waiting with what was replied. */
  void resume(Call call) throws IOException {
    waiting = null;
    flush(call.reply);
    call.tidy();
    interest();
    proceed(call);
    if (!closed && waiting == null && outEnd == 0 && wire.hasRead()) {
      read(call); // TLS has brought it with what came before
    }
  }

  // ---- another process

  /** Returns the socket, if another process could go on with it. */
  Optional<SocketChannel> movable() {
    return wire.movable();
  }

  /** Describes the client to another process, which is to go on with it. */
  Message describe() {
    Message message = MovedClient.describe(session);
    Waiting what = waiting;
    if (what != null) {
      message.with(MovedClient.IN, what.again(deadline - System.nanoTime()));
    }
    message.with(MovedClient.IN, in, 0, inLength);
    message.with(MovedClient.OUT, out, outAt, outEnd);
    return message.with(MovedClient.ENDING, ending ? 1 : 0);
  }

  /** Goes on with a client that another process has described. */
  void adopt(Call call, MovedClient client) throws IOException {
    if (closed) {
      return; // it has lost its rights
    }
    byte[] read = client.bytes(MovedClient.IN);
    byte[] unsent = client.bytes(MovedClient.OUT);
    ending = client.isEnding();
    setIn(read, read.length);
    if (unsent.length > 0) {
      setOut(unsent, 0, unsent.length);
    }
    proceed(call);
    interest();
  }

  // ---- the end

  /** Closes once all replies have left. */
  void end() {
    ending = true;
  }

  boolean isClosed() {
    return closed;
  }

  void broken(Exception e) {
    LOG.debug("client {} {}: {}", session.id, session.address, e.toString());
    close();
  }

  void close() {
    if (!closed) {
      letGo();
      wire.close();
    }
  }

  /** Forgets the client; its socket is not touched, since another process may have it. */
  void letGo() {
    closed = true;
    waiting = null;
    loop.memory().addRequests(-in.length - wire.memory());
    loop.memory().addReplies(-out.length);
    in = EMPTY;
    inLength = 0;
    out = EMPTY;
    outAt = 0;
    outEnd = 0;
    loop.left(this);
    key.cancel();
  }
}
