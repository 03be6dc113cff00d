package dev.quicksilver.benchmarks;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.List;

/** A connection to a RESP server that shows each byte's meaning. For one thread. */
final class RespSocket implements AutoCloseable {
  private static final int LONGEST_WAIT_MS = 30_000;

  private final Socket socket;
  private final InputStream in;

  RespSocket(int port) throws IOException {
    socket = new Socket(InetAddress.getLoopbackAddress(), port);
    socket.setTcpNoDelay(true);
    socket.setSoTimeout(LONGEST_WAIT_MS);
    in = new BufferedInputStream(socket.getInputStream(), 1 << 16);
  }

  static byte[] request(List<byte[]> words) {
    var request = new ByteArrayOutputStream();
    request.writeBytes(("*" + words.size() + "\r\n").getBytes(ISO_8859_1));
    for (byte[] word : words) {
      request.writeBytes(("$" + word.length + "\r\n").getBytes(ISO_8859_1));
      request.writeBytes(word);
      request.writeBytes(new byte[] {'\r', '\n'});
    }
    return request.toByteArray();
  }

  void send(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
    socket.getOutputStream().flush();
  }

  RespAnswer call(List<byte[]> words) throws IOException {
    send(request(words));
    return read();
  }

  RespAnswer call(String... words) throws IOException {
    List<byte[]> bytes = new ArrayList<>();
    for (String word : words) {
      bytes.add(word.getBytes(ISO_8859_1));
    }
    return call(bytes);
  }

  /** Waits longer, or less long, for what comes next; 0 for ever. */
  void longestWait(int millis) throws IOException {
    socket.setSoTimeout(millis);
  }

  /** Reads one answer. */
  RespAnswer read() throws IOException {
    String line;
    try {
      line = line();
    } catch (EOFException | SocketException e) {
      return new RespAnswer.Ended();
    }
    String rest = line.substring(1);
    return switch (line.charAt(0)) {
      case '+' -> new RespAnswer.Text("simple", rest);
      case '-' -> new RespAnswer.Failed(rest);
      case ':' -> new RespAnswer.Int(Long.parseLong(rest));
      case '_' -> new RespAnswer.None("null");
      case '$' -> bulk("bulk", Integer.parseInt(rest));
      case '=' -> bulk("verbatim", Integer.parseInt(rest));
      case '*' -> group("array", Integer.parseInt(rest));
      case '~' -> group("set", Integer.parseInt(rest));
      case '>' -> group("push", Integer.parseInt(rest));
      case '%' -> group("map", 2 * Integer.parseInt(rest));
      case '#', ',' -> new RespAnswer.Text(line.substring(0, 1), rest);
      default -> throw new IOException("no answer begins so: " + line);
    };
  }

  private RespAnswer group(String kind, int size) throws IOException {
    if (size < 0) {
      return new RespAnswer.None("null array");
    }
    List<RespAnswer> parts = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      parts.add(read());
    }
    return new RespAnswer.Group(kind, parts);
  }

  private RespAnswer bulk(String kind, int length) throws IOException {
    if (length < 0) {
      return new RespAnswer.None("null bulk");
    }
    byte[] bytes = in.readNBytes(length);
    if (bytes.length < length || in.read() != '\r' || in.read() != '\n') {
      throw new EOFException("in the middle of a text");
    }
    return new RespAnswer.Text(kind, new String(bytes, ISO_8859_1));
  }

  private String line() throws IOException {
    var line = new StringBuilder();
    while (true) {
      int each = in.read();
      if (each < 0) {
        throw new EOFException();
      }
      if (each == '\r') {
        if (in.read() != '\n') {
          throw new IOException("a line that does not end: " + line);
        }
        return line.toString();
      }
      line.append((char) each);
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
