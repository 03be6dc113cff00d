package dev.quicksilver.replication;

import dev.quicksilver.replication.Message.ClientHello;
import dev.quicksilver.replication.Message.ServerHello;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;

/**
 * The client's end of one connection: hello, then messages through a bounded queue. Any thread may
 * close it.
 */
final class UpstreamLink implements AutoCloseable {
  private static final Duration CONNECT = Duration.ofSeconds(5);
  private static final long QUEUE_BYTES = 8L << 20;

  private final Connection connection = new Connection(new Socket());
  private final Upstream upstream;
  private final Transport transport;
  private final Duration connect;
  private final FrameQueue queue = new FrameQueue(QUEUE_BYTES);
  private volatile long receivedBytes;

  /** Makes a link that is not yet connected, so that it can be closed while it connects. */
  UpstreamLink(Upstream upstream, Transport transport) {
    this(upstream, transport, CONNECT);
  }

  /** The same that allows TCP another time. */
  UpstreamLink(Upstream upstream, Transport transport, Duration connect) {
    this.upstream = upstream;
    this.transport = transport;
    this.connect = connect;
  }

  Upstream upstream() {
    return upstream;
  }

  /**
   * Connects, says hello and starts reading.
   *
   * @param silence an upstream that sends nothing for this long is given up, and so is one whose
   *     hello is not there this long after the 5 s that TCP may take
   * @throws RefusedException if the upstream refuses, or this side has to
   */
  Session open(ClientHello hello, Duration silence) throws IOException {
    Duration limit = silence.plus(connect);
    try (Deadline deadline = Deadline.start(limit, connection::close)) {
      try {
        return greet(hello, silence, deadline);
      } catch (IOException e) {
        if (deadline.missed()) {
          throw tooSlow(limit, e);
        }
        throw transport.explain(e, "upstream " + upstream);
      }
    }
  }

  private static IOException tooSlow(Duration limit, IOException cause) {
    return new IOException(
        "no connection and hello within " + limit.toMillis() / 1000.0 + " s", cause);
  }

  private Session greet(ClientHello hello, Duration silence, Deadline deadline) throws IOException {
    connection.connect(
        transport.resolve(upstream.host(), upstream.port(), "the upstream"),
        Math.toIntExact(connect.toMillis()));
    connection.noDelay();
    connection.timeout(silence);
    transport.connect(connection, upstream);
    FrameOutput out = new FrameOutput(connection.out());
    FrameInput in = new FrameInput(connection.in());
    out.writeMagic();
    out.write(hello);
    out.flush();
    in.readMagic();
    ServerHello server =
        switch (in.read()) {
          case ServerHello accepted -> accepted;
          case Refusal refusal -> throw new RefusedException(refusal);
          case Message _ ->
              throw new ProtocolException("the upstream's first message is not a hello");
        };
    transport.checkUpstream(connection, upstream, server.node());
    check(hello, server);
    in.handshakeDone(server.version());
    out.speak(server.version());
    if (!deadline.met()) {
      throw new SocketTimeoutException("too late");
    }
    Thread.ofVirtual().name("replication-read").start(() -> read(in));
    return new Session(server, queue, out);
  }

  private static void check(ClientHello hello, ServerHello server) throws IOException {
    if (server.version() < hello.minVersion() || server.version() > hello.maxVersion()) {
      throw new RefusedException(
          RefusalCode.VERSION,
          "the upstream chose protocol version "
              + server.version()
              + ", this node speaks "
              + hello.minVersion()
              + " to "
              + hello.maxVersion()
              + "; upgrade the older of the two");
    }
    if (server.processId().equals(hello.processId())) {
      throw new RefusedException(
          RefusalCode.SELF,
          "node \"" + hello.node() + "\" is connected to itself; give it another upstream");
    }
    if ((server.codec() & hello.codecs()) == 0) {
      throw new RefusedException(
          RefusalCode.CODEC,
          "the upstream chose compression " + server.codec() + ", which this node cannot read");
    }
    if (!hello.databaseId().equals(Protocol.ANY_DATABASE)
        && !server.database().identity().id().equals(hello.databaseId())) {
      throw new RefusedException(
          RefusalCode.WRONG_DATABASE,
          "database \""
              + hello.database()
              + "\" of upstream \""
              + server.node()
              + "\" has id "
              + server.database().identity().id()
              + ", this node expects "
              + hello.databaseId()
              + "; correct the upstream, or remove this node's data directory");
    }
    if (!server.database().identity().name().equals(hello.database())) {
      throw new ProtocolException(
          "asked for database "
              + hello.database()
              + ", was offered "
              + server.database().identity().name());
    }
  }

  private void read(FrameInput in) {
    try {
      while (true) {
        long before = in.bytes();
        Message message = in.read();
        receivedBytes = in.bytes();
        if (!queue.put(message, in.bytes() - before)) {
          return;
        }
      }
    } catch (SocketTimeoutException e) {
      queue.close(new IOException("the upstream sent nothing, not even a heartbeat", e));
    } catch (IOException e) {
      queue.close(transport.explain(e, "upstream " + upstream));
    } catch (InterruptedException e) {
      queue.close(new IOException("interrupted", e));
    } catch (RuntimeException | Error e) {
      // Nobody else would tell the thread that waits for messages.
      queue.close(new IOException("reading from the upstream failed: " + e, e));
      throw e;
    } finally {
      connection.close();
    }
  }

  /** Returns the bytes received after the hello. */
  long receivedBytes() {
    return receivedBytes;
  }

  @Override
  public void close() {
    queue.close(new IOException("closed"));
    connection.close();
  }

  /**
   * An accepted connection.
   *
   * @param out for acks, by one thread
   */
  record Session(ServerHello server, FrameQueue queue, FrameOutput out) {}
}
