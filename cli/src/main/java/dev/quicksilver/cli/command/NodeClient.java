package dev.quicksilver.cli.command;

import dev.quicksilver.cli.config.Endpoint;
import dev.quicksilver.cli.process.CommandException;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.HttpEndpoint;
import dev.quicksilver.cli.process.ProcessFile;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Asks a running node over its HTTP address, in plain text or by TLS. With the JDK's old client: it
 * is started in a tenth of the time of its successor, and a command asks once.
 */
public final class NodeClient {
  private static final int CONNECT_MILLIS = 5_000;

  /** How long nothing may come. */
  private static final int READ_MILLIS = 30_000;

  /** The same of what is read by TLS: who speaks none waits in silence for the rest of a line. */
  private static final int READ_TLS_MILLIS = 10_000;

  /** What a node says instead of an answer is a line. */
  private static final int MOST_OF_REFUSAL = 4096;

  /** An answer has to fit into the heap with what is read from it. */
  private static final int PART_OF_HEAP = 6;

  private final String url;
  private final String host;
  private final Optional<Token> token;
  private final @Nullable NodeTls tls;
  private final int mostBytes;

  /**
   * What is sent with each request.
   *
   * @param place where it comes from, for messages
   */
  record Token(String value, String place) {}

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
   * Makes one that asks in plain text.
   *
   * @param address {@code host:port} of the node's http.listen
   */
  public NodeClient(String address) {
    this(address, mostBytes());
  }

  /**
   * Makes one that reads short answers only.
   *
   * @param mostBytes in an answer
   */
  NodeClient(String address, int mostBytes) {
    this("http://" + address, address, Optional.empty(), null, mostBytes);
  }

  /**
   * Makes one that proves who it is.
   *
   * @param tls for what is asked by TLS; null for plain text
   */
  NodeClient(Endpoint address, Optional<Token> token, @Nullable NodeTls tls) {
    this((tls == null ? "http://" : "https://") + address, address.host(), token, tls, mostBytes());
  }

  private NodeClient(
      String url, String host, Optional<Token> token, @Nullable NodeTls tls, int mostBytes) {
    this.url = url;
    this.host = host;
    this.token = token;
    this.tls = tls;
    this.mostBytes = mostBytes;
  }

  /** Returns who asks a process of this machine; empty if that serves no HTTP. */
  static Optional<NodeClient> of(ProcessFile.Content process) {
    return Optional.ofNullable(process.addresses().get("http")).map(NodeClient::new);
  }

  private static int mostBytes() {
    return (int) Math.min(Integer.MAX_VALUE - 1, Runtime.getRuntime().maxMemory() / PART_OF_HEAP);
  }

  /** Returns whether a host is this machine. */
  static boolean isLoopback(String host) {
    try {
      return InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false;
    }
  }

  /** Returns where it asks: {@code host:port}, with {@code https://} before it if by TLS. */
  public String address() {
    return tls == null ? url.substring("http://".length()) : url;
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
      URI uri = URI.create(url + path + (encoded.isEmpty() ? "" : "?" + encoded));
      HttpURLConnection request = (HttpURLConnection) uri.toURL().openConnection();
      if (tls != null) {
        tls.secure(request);
      }
      token.ifPresent(
          secret -> request.setRequestProperty("Authorization", "Bearer " + secret.value()));
      request.setConnectTimeout(CONNECT_MILLIS);
      request.setReadTimeout(tls != null && method.equals("GET") ? READ_TLS_MILLIS : READ_MILLIS);
      request.setInstanceFollowRedirects(false); // whoever that leads to would get the token
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
                    .readNBytes(status < 400 ? mostBytes + 1 : MOST_OF_REFUSAL),
                next);
      }
    } catch (IOException | IllegalArgumentException e) {
      throw new CommandException(ExitCode.FAILURE, silence(e));
    }
    if (status < 0) {
      throw new CommandException(ExitCode.FAILURE, noHttp());
    }
    if (answer.body().length > mostBytes) {
      throw new CommandException(
          ExitCode.FAILURE,
          "the answer of the node at "
              + address()
              + " to "
              + path
              + " has more than "
              + (mostBytes >> 20)
              + " MiB, a sixth of this command's heap: give it more (QUICKSILVER_JAVA_OPTS=-Xmx2g),"
              + " or ask a node with fewer nodes below it");
    }
    if (status != HttpURLConnection.HTTP_OK) {
      throw refusal(status, answer.text(), path);
    }
    return answer;
  }

  /** Says why no answer came. */
  private String silence(Exception e) {
    if (tls != null && e instanceof IOException failed) {
      Optional<String> why = tls.why(failed, host);
      if (why.isPresent()) {
        return "no TLS with " + address() + ": " + why.get();
      }
    }
    boolean isAbsent =
        e instanceof ConnectException
            || e instanceof UnknownHostException
            || e instanceof NoRouteToHostException
            || e instanceof SocketTimeoutException
            || e instanceof IllegalArgumentException;
    if (!isAbsent && tls == null) {
      return noHttp();
    }
    return "no answer from a node at "
        + address()
        + ": is it running, and is this its http.listen address?"
        + (tls != null && e instanceof SocketTimeoutException
            ? " If it has no TLS: leave https:// away"
            : "");
  }

  private String noHttp() {
    return "what is at "
        + address()
        + " does not answer in HTTP: "
        + (tls == null ? "give --node https://" + address() + " if it has TLS; else " : "")
        + "is this its http.listen address?";
  }

  private CommandException refusal(int status, String said, String path) {
    if (status == HttpURLConnection.HTTP_UNAUTHORIZED) {
      return new CommandException(
          ExitCode.FAILURE,
          "the node at "
              + address()
              + token
                  .map(
                      given ->
                          " does not take the token of "
                              + given.place()
                              + ": it is not the one of its http.token-file, which it read when it"
                              + " was started")
                  .orElse(
                      " wants a token: name the file with the one of its http.token-file ("
                          + NodeFlags.TOKEN_FILE
                          + " FILE)"));
    }
    if (said.equals(HttpEndpoint.NOTHING_HERE) && (tls != null || !isLoopback(host))) {
      return new CommandException(
          ExitCode.FAILURE,
          "the node at "
              + address()
              + " has no "
              + path
              + " for other machines: what shows keys and values or changes something is for its"
              + " own machine alone; run the command there, with --data-directory");
    }
    return new CommandException(
        switch (status) {
          case HttpURLConnection.HTTP_NOT_FOUND -> ExitCode.NOT_FOUND;
          case HttpURLConnection.HTTP_CONFLICT -> ExitCode.REFUSED;
          default -> ExitCode.FAILURE;
        },
        "the node at " + address() + " says: " + said.strip());
  }
}
