package dev.quicksilver.cli.process;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.quicksilver.cli.config.Endpoint;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP side of a process, on loopback only: {@code /healthz} (200 or 503), {@code /status}
 * (JSON) and {@code /metrics} (Prometheus text). Thread-safe.
 */
public final class HttpEndpoint implements AutoCloseable {
  /** The header that every request to do something has. */
  public static final String ACTION = "Quicksilver-Action";

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

  private final HttpServer server;
  private final ExecutorService threads;

  private HttpEndpoint(HttpServer server, ExecutorService threads) {
    this.server = server;
    this.threads = threads;
  }

  /**
   * Starts it.
   *
   * @param listen a loopback address; port 0 for a free one
   * @throws CommandException if the address is not loopback or the port is taken
   */
  public static HttpEndpoint start(Endpoint listen, Supplier<NodeStatus> status) {
    HttpServer server;
    try {
      InetAddress address = InetAddress.getByName(listen.host());
      if (!address.isLoopbackAddress()) {
        throw new CommandException(
            ExitCode.USAGE,
            "http.listen = "
                + listen
                + " is not a loopback address, and it has neither TLS nor passwords: use"
                + " 127.0.0.1");
      }
      server = HttpServer.create(new InetSocketAddress(address, listen.port()), 64);
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
    ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    server.setExecutor(threads);
    HttpEndpoint endpoint = new HttpEndpoint(server, threads);
    NodeMetrics metrics = new NodeMetrics(status);
    endpoint.serve(
        "/healthz",
        exchange -> {
          NodeStatus now = status.get();
          return now.healthy() ? Answer.text(200, "ok\n") : Answer.text(503, now.problem() + "\n");
        });
    endpoint.serve(
        "/status",
        exchange ->
            new Answer(200, "application/json", Json.MAPPER.writeValueAsBytes(status.get())));
    endpoint.serve(
        "/metrics",
        exchange -> {
          ByteArrayOutputStream body = new ByteArrayOutputStream();
          metrics.write(body);
          return new Answer(200, metrics.contentType(), body.toByteArray());
        });
    server.start();
    return endpoint;
  }

  /** Serves everything below a path; only GET. */
  public void serve(String path, Handler handler) {
    server.createContext(path, exchange -> handle(exchange, "GET", handler));
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
                asked ->
                    asked.getRequestHeaders().containsKey(ACTION)
                        ? handler.answer(asked)
                        : Answer.text(403, "the header " + ACTION + " is missing\n")));
  }

  private static void handle(HttpExchange exchange, String method, Handler handler)
      throws IOException {
    try (exchange) {
      Answer answer;
      if (!exchange.getRequestMethod().equals(method)) {
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
