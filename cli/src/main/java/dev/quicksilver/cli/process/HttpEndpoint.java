package dev.quicksilver.cli.process;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import dev.quicksilver.cli.config.Endpoint;
import dev.quicksilver.cli.config.SettingType;
import dev.quicksilver.cli.process.NodeStatus.Verdict;
import dev.quicksilver.tls.ServerTls;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP side of a process: {@code /livez}, {@code /readyz}, {@code /freshz} and {@code /healthz}
 * (200, or 503 with the reason), {@code /status} (JSON) and {@code /metrics} (Prometheus text), and
 * what is added. Connections are bounded in number and in time. Thread-safe.
 */
public final class HttpEndpoint implements AutoCloseable {
  /** The header that every request to do something has. */
  public static final String ACTION = "Quicksilver-Action";

  private static final int BACKLOG = 64;
  private static final String WITHIN_IS = "within=";
  private static final SettingType.Span WITHIN = new SettingType.Span("0", "3650d");

  static { // the JDK's server has no other way to be told, and no bounds by itself
    System.setProperty("jdk.httpserver.maxConnections", "200");
    System.setProperty("sun.net.httpserver.maxReqTime", "30");
    System.setProperty("sun.net.httpserver.maxRspTime", "120");
  }

  private static final Logger LOG = LoggerFactory.getLogger(HttpEndpoint.class);

  /** Answers one path. */
  public interface Handler {
    /** Returns the answer; an exception becomes status 500. */
    Answer answer(HttpExchange exchange) throws IOException;
  }

  /** A whole answer. */
  @SuppressWarnings("ArrayRecordComponent") // written once to the socket, never compared
  public record Answer(int status, String contentType, byte[] body) {
    /** Makes a plain text answer. */
    public static Answer text(int status, String text) {
      return new Answer(status, "text/plain; charset=utf-8", text.getBytes(StandardCharsets.UTF_8));
    }
  }

  /** What is said with 404 of a path that is not served. */
  public static final String NOTHING_HERE = "there is nothing at this address\n";

  private static final Answer NOTHING = Answer.text(404, NOTHING_HERE);

  private final HttpServer server;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Optional<String> token;

  /** The host that is listened at, where only this machine may ask. */
  private final Optional<String> localHost;

  private HttpEndpoint(HttpServer server, Optional<String> token, Optional<String> localHost) {
    this.server = server;
    this.token = token;
    this.localHost = localHost;
    server.setExecutor(threads);
  }

  /**
   * Starts it for this machine. A request whose header {@code Host} is neither a loopback address,
   * {@code localhost} nor the host that is listened at gets 421, so that no web page reads what is
   * here by a name of its own; {@code /healthz} and {@code /metrics} answer by any name.
   *
   * @param listen a loopback address; port 0 for a free one
   * @throws CommandException if the port is taken
   */
  public static HttpEndpoint local(Endpoint listen, Health health, Supplier<NodeStatus> status) {
    return begin(
        HttpServer::create, listen, Optional.empty(), Optional.of(listen.host()), health, status);
  }

  /**
   * Starts it for other machines: the paths above and the status page without values, and nothing
   * else, should be served there.
   *
   * @param tls empty for plain text
   * @param token that each request has to bear; empty for none
   * @throws CommandException if the port is taken
   */
  public static HttpEndpoint open(
      Endpoint listen,
      Optional<ServerTls> tls,
      Optional<String> token,
      Health health,
      Supplier<NodeStatus> status) {
    return begin(
        (address, backlog) ->
            tls.isPresent()
                ? secure(address, backlog, tls.get())
                : HttpServer.create(address, backlog),
        listen,
        token,
        Optional.empty(),
        health,
        status);
  }

  private interface Making {
    HttpServer make(InetSocketAddress address, int backlog) throws IOException;
  }

  private static HttpServer secure(InetSocketAddress address, int backlog, ServerTls tls)
      throws IOException {
    HttpsServer server = HttpsServer.create(address, backlog);
    server.setHttpsConfigurator(new HttpsConfigurator(tls.context()));
    return server;
  }

  private static HttpEndpoint begin(
      Making making,
      Endpoint listen,
      Optional<String> token,
      Optional<String> localHost,
      Health health,
      Supplier<NodeStatus> status) {
    HttpServer server;
    try {
      InetAddress address = InetAddress.getByName(listen.host());
      server = making.make(new InetSocketAddress(address, listen.port()), BACKLOG);
    } catch (UnknownHostException e) {
      throw new CommandException(
          ExitCode.USAGE, "http.listen = " + listen + ": unknown host: use 127.0.0.1");
    } catch (IOException e) {
      throw new CommandException(
          ExitCode.FAILURE,
          "cannot listen on http.listen = "
              + listen
              + " ("
              + e.getMessage()
              + "): stop the program that uses the port, or choose another one");
    }
    HttpEndpoint endpoint = new HttpEndpoint(server, token, localHost);
    NodeMetrics metrics = new NodeMetrics(status);
    endpoint.serveAnyName(
        "/healthz",
        exchange -> {
          NodeStatus now = status.get();
          return now.healthy() ? Answer.text(200, "ok\n") : Answer.text(503, now.problem() + "\n");
        });
    endpoint.serveAnyName("/livez", _ -> answer(health.live()));
    endpoint.serveAnyName("/readyz", _ -> answer(health.ready()));
    endpoint.serveAnyName("/freshz", exchange -> fresh(health, exchange));
    endpoint.serve(
        "/status",
        exchange ->
            new Answer(200, "application/json", Json.MAPPER.writeValueAsBytes(status.get())));
    endpoint.serveAnyName(
        "/metrics",
        exchange -> {
          ByteArrayOutputStream body = new ByteArrayOutputStream();
          metrics.write(body);
          return new Answer(200, metrics.contentType(), body.toByteArray());
        });
    server.start();
    return endpoint;
  }

  private static Answer answer(Verdict verdict) {
    return verdict.holds() ? Answer.text(200, "ok\n") : Answer.text(503, verdict.why() + "\n");
  }

  private static Answer fresh(Health health, HttpExchange exchange) {
    String query = exchange.getRequestURI().getQuery();
    if (query == null) {
      return answer(health.fresh());
    }
    try {
      return answer(health.fresh(WITHIN.parse(within(query))));
    } catch (IllegalArgumentException e) {
      return Answer.text(400, "only ?" + WITHIN_IS + " " + WITHIN.describe() + "\n");
    }
  }

  private static String within(String query) {
    if (!query.startsWith(WITHIN_IS)) {
      throw new IllegalArgumentException(query);
    }
    return query.substring(WITHIN_IS.length());
  }

  /** Serves everything below a path; only GET. */
  public void serve(String path, Handler handler) {
    server.createContext(path, exchange -> handle(exchange, "GET", guarded(handler)));
  }

  /**
   * Serves {@code /} itself with GET, and says of all that nothing else serves that it is not
   * there.
   */
  public void serveStart(Handler handler) {
    server.createContext(
        "/",
        exchange -> {
          if ("/".equals(exchange.getRequestURI().getPath())) {
            handle(exchange, "GET", guarded(handler));
          } else {
            handle(exchange, exchange.getRequestMethod(), guarded(_ -> NOTHING));
          }
        });
  }

  private void serveAnyName(String path, Handler handler) {
    server.createContext(path, exchange -> handle(exchange, "GET", handler));
  }

  private Handler guarded(Handler handler) {
    return exchange ->
        localHost.isEmpty()
                || HostHeader.isLocal(exchange.getRequestHeaders().get("Host"), localHost.get())
            ? handler.answer(exchange)
            : Answer.text(
                421,
                "this address answers this machine alone, and not by that name: ask for 127.0.0.1,"
                    + " [::1] or localhost\n");
  }

  /**
   * Does something when asked to with POST and the header {@link #ACTION}, which a web page of
   * another origin cannot send.
   */
  public void serveAction(String path, Handler handler) {
    server.createContext(
        path,
        exchange ->
            handle(
                exchange,
                "POST",
                guarded(
                    asked ->
                        asked.getRequestHeaders().containsKey(ACTION)
                            ? handler.answer(asked)
                            : Answer.text(403, "the header " + ACTION + " is missing\n"))));
  }

  private boolean bearsToken(HttpExchange exchange) {
    if (token.isEmpty()) {
      return true;
    }
    String given = exchange.getRequestHeaders().getFirst("Authorization");
    byte[] wanted = ("Bearer " + token.get()).getBytes(StandardCharsets.UTF_8);
    return given != null && MessageDigest.isEqual(wanted, given.getBytes(StandardCharsets.UTF_8));
  }

  private void handle(HttpExchange exchange, String method, Handler handler) throws IOException {
    try (exchange) {
      Answer answer;
      if (!bearsToken(exchange)) {
        exchange.getResponseHeaders().set("WWW-Authenticate", "Bearer");
        answer =
            Answer.text(
                401, "send the header Authorization: Bearer and the token of http.token-file\n");
      } else if (!exchange.getRequestMethod().equals(method)) {
        answer = Answer.text(405, "only " + method + "\n");
      } else {
        try {
          answer = handler.answer(exchange);
        } catch (IOException | RuntimeException e) {
          LOG.warn("{} failed: {}", exchange.getRequestURI(), e.toString());
          answer = Answer.text(500, e.getMessage() + "\n");
        }
      }
      exchange.getResponseHeaders().set("Content-Type", answer.contentType());
      exchange.getResponseHeaders().set("X-Content-Type-Options", "nosniff");
      exchange.sendResponseHeaders(
          answer.status(), answer.body().length == 0 ? -1 : answer.body().length);
      exchange.getResponseBody().write(answer.body());
    }
  }

  /** Returns where it listens, as {@code host:port}. */
  public String address() {
    InetSocketAddress address = server.getAddress();
    return new Endpoint(address.getAddress().getHostAddress(), address.getPort()).toString();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
