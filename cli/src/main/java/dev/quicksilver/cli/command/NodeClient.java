package dev.quicksilver.cli.command;

import dev.quicksilver.cli.process.CommandException;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.HttpEndpoint;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Asks a running node over its HTTP address. With the JDK's old client: it is started in a tenth of
 * the time of its successor, and a command asks once.
 */
public final class NodeClient {
  private static final int CONNECT_MILLIS = 5_000;

  /** How long nothing may come. */
  private static final int READ_MILLIS = 30_000;

  /** An answer has to fit into the heap with what is read from it. */
  private static final int PART_OF_HEAP = 6;

  private final String address;
  private final int mostBytes;

  /**
   * What a node answers.
   *
   * @param next up to where a part of the log goes; empty with all else
   */
  @SuppressWarnings("ArrayRecordComponent") // read once, never compared
  public record Answer(byte[] body, @Nullable String next) {
    /** The body as text. */
    public String text() {
      return new String(body, StandardCharsets.UTF_8);
    }
  }

  /**
   * Makes one.
   *
   * @param address {@code host:port} of the node's http.listen
   */
  public NodeClient(String address) {
    this(
        address,
        (int) Math.min(Integer.MAX_VALUE - 1, Runtime.getRuntime().maxMemory() / PART_OF_HEAP));
  }

  /**
   * Makes one that reads short answers only.
   *
   * @param mostBytes in an answer
   */
  NodeClient(String address, int mostBytes) {
    this.address = address;
    this.mostBytes = mostBytes;
  }

  /**
   * Asks for a path.
   *
   * @throws CommandException if nothing answers there, if the answer is larger than a sixth of the
   *     heap, or with the node's own words if it has not got what was asked for
   */
  public Answer get(String path, Map<String, String> query) {
    return send("GET", path, query);
  }

  /**
   * Tells it to do something; returns its answer.
   *
   * @throws CommandException as {@link #get} does
   */
  String post(String path, Map<String, String> query) {
    return send("POST", path, query).text();
  }

  private Answer send(String method, String path, Map<String, String> query) {
    String encoded =
        query.entrySet().stream()
            .map(e -> e.getKey() + "=" + URLEncoder.encode(e.getValue(), StandardCharsets.UTF_8))
            .collect(Collectors.joining("&"));
    int status;
    Answer answer;
    try {
      URI uri = URI.create("http://" + address + path + (encoded.isEmpty() ? "" : "?" + encoded));
      HttpURLConnection request = (HttpURLConnection) uri.toURL().openConnection();
      request.setConnectTimeout(CONNECT_MILLIS);
      request.setReadTimeout(READ_MILLIS);
      request.setInstanceFollowRedirects(false);
      request.setRequestMethod(method);
      if (method.equals("POST")) {
        request.setRequestProperty(HttpEndpoint.ACTION, "yes");
        request.setDoOutput(true);
        request.setFixedLengthStreamingMode(0); // or it would be sent once more by itself
      }
      status = request.getResponseCode();
      String next = request.getHeaderField(RemoteReads.NEXT);
      try (InputStream body = status < 400 ? request.getInputStream() : request.getErrorStream()) {
        answer =
            new Answer(
                Objects.requireNonNullElse(body, InputStream.nullInputStream())
                    .readNBytes(mostBytes + 1),
                next);
      }
    } catch (IOException | IllegalArgumentException e) {
      throw new CommandException(
          ExitCode.FAILURE,
          "no answer from a node at "
              + address
              + ": is it running, and is this its http.listen address?");
    }
    if (answer.body().length > mostBytes) {
      throw new CommandException(
          ExitCode.FAILURE,
          "the answer of the node at "
              + address
              + " to "
              + path
              + " has more than "
              + (mostBytes >> 20)
              + " MiB, a sixth of this command's heap: give it more (QUICKSILVER_JAVA_OPTS=-Xmx2g),"
              + " or ask a node with fewer nodes below it");
    }
    if (status != HttpURLConnection.HTTP_OK) {
      throw new CommandException(
          switch (status) {
            case HttpURLConnection.HTTP_NOT_FOUND -> ExitCode.NOT_FOUND;
            case HttpURLConnection.HTTP_CONFLICT -> ExitCode.REFUSED;
            default -> ExitCode.FAILURE;
          },
          "the node at " + address + " says: " + answer.text().strip());
    }
    return answer;
  }
}
