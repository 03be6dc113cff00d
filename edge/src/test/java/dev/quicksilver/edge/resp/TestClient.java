package dev.quicksilver.edge.resp;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A client that shows replies as they are: texts, numbers as Long, null, lists, maps, and {@link
 * Failed} for an error. Bytes are characters of ISO 8859-1.
 */
final class TestClient implements AutoCloseable {
  private final Socket socket;
  private final InputStream in;
  private final OutputStream out;

  /** An error reply. */
  record Failed(String message) {}

  TestClient(int port) throws IOException {
    this(new Socket("127.0.0.1", port));
  }

  TestClient(Socket socket) throws IOException {
    this.socket = socket;
    socket.setSoTimeout(20_000);
    in = new BufferedInputStream(socket.getInputStream());
    out = socket.getOutputStream();
  }

  Object call(String... words) throws IOException {
    send(words);
    return reply();
  }

  void send(String... words) throws IOException {
    var request = new StringBuilder("*" + words.length + "\r\n");
    for (String word : words) {
      request.append('$').append(word.length()).append("\r\n").append(word).append("\r\n");
    }
    raw(request.toString());
  }

  void raw(String bytes) throws IOException {
    out.write(bytes.getBytes(ISO_8859_1));
    out.flush();
  }

  Object reply() throws IOException {
    String line = line();
    String rest = line.substring(1);
    return switch (line.charAt(0)) {
      case '+' -> rest;
      case '-' -> new Failed(rest);
      case ':' -> Long.parseLong(rest);
      case '_' -> null;
      case '$' -> bulk(Integer.parseInt(rest));
      case '=' -> String.valueOf(bulk(Integer.parseInt(rest))).substring(4);
      case '*', '~', '>' -> list(Integer.parseInt(rest));
      case '%' -> map(Integer.parseInt(rest));
      default -> throw new IOException("no reply begins so: " + line);
    };
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
          throw new IOException("a line ends wrongly: " + line);
        }
        return line.toString();
      }
      line.append((char) each);
    }
  }

  private String bulk(int length) throws IOException {
    if (length < 0) {
      return null;
    }
    byte[] bytes = in.readNBytes(length + 2);
    if (bytes.length < length + 2 || bytes[length] != '\r' || bytes[length + 1] != '\n') {
      throw new IOException("a bulk string is cut");
    }
    return new String(bytes, 0, length, ISO_8859_1);
  }

  private List<Object> list(int size) throws IOException {
    if (size < 0) {
      return null;
    }
    List<Object> list = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      list.add(reply());
    }
    return list;
  }

  private Map<Object, Object> map(int size) throws IOException {
    Map<Object, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < size; i++) {
      map.put(reply(), reply());
    }
    return map;
  }

  /** Whether the server has closed the connection. */
  boolean isEnded() throws IOException {
    try {
      return in.read() < 0;
    } catch (java.net.SocketException e) {
      return true;
    }
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
