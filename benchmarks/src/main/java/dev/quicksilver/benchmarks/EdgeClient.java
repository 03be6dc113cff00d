package dev.quicksilver.benchmarks;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/** One connection that sends a command and waits for its reply, one after the other. */
final class EdgeClient implements AutoCloseable {
  private final SocketChannel channel;
  private final ByteBuffer out = ByteBuffer.allocateDirect(64 << 10);
  private final ByteBuffer in = ByteBuffer.allocateDirect(64 << 10);

  EdgeClient(int port) throws IOException {
    channel = SocketChannel.open(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  private void begin(String command, byte[] key, int words) {
    out.clear();
    out.put(ascii("*" + words + "\r\n$" + command.length() + "\r\n" + command + "\r\n"));
    bulk(key);
  }

  private void bulk(byte[] word) {
    out.put(ascii("$" + word.length + "\r\n")).put(word).put(ascii("\r\n"));
  }

  private void send() throws IOException {
    out.flip();
    while (out.hasRemaining()) {
      channel.write(out);
    }
  }

  private void receive(int length) throws IOException {
    in.clear().limit(length);
    while (in.hasRemaining()) {
      if (channel.read(in) < 0) {
        throw new EOFException("the server has closed the connection");
      }
    }
    in.flip();
  }

  /** Sets a key and waits for {@code OK}. */
  void set(byte[] key, byte[] value) throws IOException {
    begin("SET", key, 3);
    bulk(value);
    send();
    receive(5);
    if (in.get(0) != '+') {
      throw new IOException("SET was refused");
    }
  }

  /** Gets a key whose value has two bytes. */
  private void get(byte[] key) throws IOException {
    begin("GET", key, 2);
    send();
    receive(8); // $2 CR LF, two bytes, CR LF
    if (in.get(1) != '2') {
      throw new IOException("a key is missing or has another value");
    }
  }

  /** Reads random ones of some keys for a while; records the ns of each. */
  void read(byte[][] keys, int seconds, Histogram into) throws IOException {
    long random = 88172645463325252L;
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    long now = System.nanoTime();
    while (now < end) {
      random ^= random >>> 12;
      random ^= random << 25;
      random ^= random >>> 27;
      byte[] key = keys[(int) (((random * 2685821657736338717L) >>> 1) % keys.length)];
      long began = System.nanoTime();
      get(key);
      now = System.nanoTime();
      into.recordValue(now - began);
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
