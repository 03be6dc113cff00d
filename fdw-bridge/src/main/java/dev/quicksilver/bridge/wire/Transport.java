package dev.quicksilver.bridge.wire;

import dev.quicksilver.tls.PeerCertificate;
import dev.quicksilver.tls.ServerTls;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.util.Arrays;
import java.util.Optional;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;

/**
 * The two byte streams of one client, and whether it is still there. Reads belong to one thread;
 * {@link #close} is safe for all.
 */
public final class Transport implements AutoCloseable {
  private static final int BUFFER = 8192;

  /** What the protocol is called in TLS (ALPN), since PostgreSQL 17. */
  private static final String PROTOCOL = "postgresql";

  private final Closeable socket;
  private final @Nullable Socket tcp;
  private final Outgoing out;
  private final Buffered in;
  private ServerTls.@Nullable Accepted secured;

  private Transport(Closeable socket, @Nullable Socket tcp, InputStream in, OutputStream out) {
    this.socket = socket;
    this.tcp = tcp;
    this.in = new Buffered(in);
    this.out = new Outgoing(out);
  }

  /** A client over TCP. */
  public static Transport of(Socket socket) throws IOException {
    socket.setTcpNoDelay(true);
    return new Transport(socket, socket, socket.getInputStream(), socket.getOutputStream());
  }

  /** A client over a Unix socket; the channel is blocking. */
  public static Transport of(SocketChannel channel) {
    return new Transport(
        channel, null, Channels.newInputStream(channel), Channels.newOutputStream(channel));
  }

  /** What the client sends. */
  public InputStream in() {
    return in;
  }

  /** What the client gets; unbuffered. */
  public OutputStream out() {
    return out;
  }

  /**
   * Does the server's part of a TLS handshake; from then on all bytes go through TLS. What the
   * client has sent already belongs to it.
   */
  public void secure(ServerTls tls) throws IOException {
    Socket plain = tcp;
    if (plain == null) {
      throw new IOException("no TLS over a Unix socket");
    }
    ServerTls.Accepted accepted = tls.accept(plain, in.takeAll(), PROTOCOL);
    in.source = accepted.socket().getInputStream();
    out.target = accepted.socket().getOutputStream();
    secured = accepted;
  }

  /** Whether the client has named PostgreSQL's protocol in the handshake (ALPN). */
  public boolean isOfProtocol() {
    return secured != null && PROTOCOL.equals(secured.socket().getApplicationProtocol());
  }

  /** Whether bytes go through TLS. */
  public boolean isSecure() {
    return secured != null;
  }

  /** Whether bytes have arrived that nobody has read; those that the system holds do not count. */
  public boolean holdsUnread() {
    return in.available() > 0;
  }

  /** The next byte, which stays there to be read; -1 at the end of the stream. */
  public int peek() throws IOException {
    return in.look() ? in.buffer[in.next] & 0xff : -1;
  }

  /** Whom the client's certificate names, if it has shown one that our authorities signed. */
  public Optional<PeerCertificate> certificate() {
    return secured == null ? Optional.empty() : secured.client();
  }

  /** What channel binding is about; empty without TLS. */
  public Optional<byte[]> endPoint() {
    return secured == null ? Optional.empty() : Optional.of(secured.endPoint());
  }

  /** Whether both ends are on this machine. */
  public boolean isLocal() {
    return tcp == null || tcp.getInetAddress().isLoopbackAddress();
  }

  /** Where the client is, for messages. */
  public String peer() {
    return tcp == null ? "a Unix socket" : String.valueOf(tcp.getRemoteSocketAddress());
  }

  /** Tells a client in TLS that nothing more comes; it would take the end for an attack else. */
  public void finish() throws IOException {
    ServerTls.Accepted now = secured;
    if (now != null) {
      SSLSocket tls = now.socket();
      if (!tls.isOutputShutdown()) {
        tls.shutdownOutput();
      }
    }
  }

  /** How long a read may wait, in ms; 0 for as long as it takes. Unix sockets wait forever. */
  public void timeout(int millis) throws IOException {
    Socket timed = tcp;
    if (timed != null) {
      timed.setSoTimeout(millis);
    }
  }

  /**
   * Waits until the client has sent something that was not read yet, or has left.
   *
   * @param millis how long, more than 0; a Unix socket is not waited for
   * @return whether a read returns something at once
   */
  public boolean arrived(int millis) throws IOException {
    Socket timed = tcp;
    if (timed == null || in.available() > 0) {
      return true;
    }
    timed.setSoTimeout(millis);
    try {
      in.look();
      return true;
    } catch (SocketTimeoutException e) {
      return false;
    } finally {
      timed.setSoTimeout(0);
    }
  }

  /** Whether the client has sent something that was not read yet, as far as can be seen at once. */
  public boolean hasArrived() {
    try {
      // What waits below TLS is not seen above it.
      return in.hasArrived()
          || (secured != null && tcp != null && tcp.getInputStream().available() > 0);
    } catch (IOException e) {
      return true; // the next read tells
    }
  }

  /**
   * Whether the client has closed its side. Looks for a millisecond; what arrives meanwhile is kept
   * for later reads. A client that has sent more than fits is taken to be there.
   */
  public boolean gone() {
    Socket timed = tcp;
    if (timed == null) {
      return false;
    }
    try {
      timed.setSoTimeout(1);
      try {
        return !in.lookBehind();
      } finally {
        timed.setSoTimeout(0);
      }
    } catch (SocketTimeoutException e) {
      return false;
    } catch (IOException e) {
      return true;
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }

  /** The client's side, in plain text or through TLS. */
  private static final class Outgoing extends OutputStream {
    private OutputStream target;

    Outgoing(OutputStream target) {
      this.target = target;
    }

    @Override
    public void write(int one) throws IOException {
      target.write(one);
    }

    @Override
    public void write(byte[] bytes, int from, int count) throws IOException {
      target.write(bytes, from, count);
    }

    @Override
    public void flush() throws IOException {
      target.flush();
    }
  }

  /** A buffer that can be filled before anybody asks. */
  private static final class Buffered extends InputStream {
    private InputStream source;
    private final byte[] buffer = new byte[BUFFER];
    private int next;
    private int end;

    Buffered(InputStream source) {
      this.source = source;
    }

    /** What was read ahead; nothing is left. */
    byte[] takeAll() {
      byte[] taken = Arrays.copyOfRange(buffer, next, end);
      next = end;
      return taken;
    }

    /** Reads behind what is left, as far as there is room; false at the end of the stream. */
    boolean lookBehind() throws IOException {
      if (next > 0) {
        System.arraycopy(buffer, next, buffer, 0, end - next);
        end -= next;
        next = 0;
      }
      if (end == buffer.length) {
        return true;
      }
      int read = source.read(buffer, end, buffer.length - end);
      end += Math.max(0, read);
      return read >= 0;
    }

    boolean hasArrived() throws IOException {
      return next < end || source.available() > 0;
    }

    /** Reads ahead if nothing is left; false at the end of the stream. */
    boolean look() throws IOException {
      if (next < end) {
        return true;
      }
      next = 0;
      end = 0;
      int read = source.read(buffer, 0, buffer.length);
      end = Math.max(0, read);
      return read >= 0;
    }

    @Override
    public int read() throws IOException {
      return look() ? buffer[next++] & 0xff : -1;
    }

    @Override
    public int read(byte[] into, int from, int count) throws IOException {
      if (count == 0) {
        return 0;
      }
      if (next == end && count >= buffer.length) {
        return source.read(into, from, count);
      }
      if (!look()) {
        return -1;
      }
      int taken = Math.min(count, end - next);
      System.arraycopy(buffer, next, into, from, taken);
      next += taken;
      return taken;
    }

    @Override
    public int available() {
      return end - next;
    }
  }
}
