package dev.quicksilver.cli.command;

import dev.quicksilver.cli.process.CommandException;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.HttpEndpoint;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Collectors;

/** Asks a running node over its HTTP address. */
final class NodeClient implements AutoCloseable {
  private final HttpClient http =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
  private final String address;

  /**
   * Makes one.
   *
   * @param address {@code host:port} of the node's http.listen
   */
  NodeClient(String address) {
    this.address = address;
  }

  /**
   * Asks for a path.
   *
   * @throws CommandException if nothing answers there, or with the node's own words if it has not
   *     got what was asked for
   */
  HttpResponse<byte[]> get(String path, Map<String, String> query) throws InterruptedException {
    return send(path, query, HttpRequest.newBuilder().GET());
  }

  /**
   * Tells it to do something; returns its answer.
   *
   * @throws CommandException as {@link #get} does
   */
  String post(String path, Map<String, String> query) throws InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder().POST(BodyPublishers.noBody()).header(HttpEndpoint.ACTION, "yes");
    return new String(send(path, query, request).body(), StandardCharsets.UTF_8);
  }

  private HttpResponse<byte[]> send(
      String path, Map<String, String> query, HttpRequest.Builder builder)
      throws InterruptedException {
    String encoded =
        query.entrySet().stream()
            .map(e -> e.getKey() + "=" + URLEncoder.encode(e.getValue(), StandardCharsets.UTF_8))
            .collect(Collectors.joining("&"));
    HttpResponse<byte[]> response;
    try {
      URI uri = URI.create("http://" + address + path + (encoded.isEmpty() ? "" : "?" + encoded));
      HttpRequest request = builder.uri(uri).timeout(Duration.ofSeconds(30)).build();
      response = http.send(request, BodyHandlers.ofByteArray());
    } catch (IOException | IllegalArgumentException e) {
      throw new CommandException(
          ExitCode.FAILURE,
          "no answer from a node at "
              + address
              + ": is it running, and is this its http.listen address?");
    }
    if (response.statusCode() != 200) {
      String words = new String(response.body(), StandardCharsets.UTF_8).strip();
      throw new CommandException(
          switch (response.statusCode()) {
            case 404 -> ExitCode.NOT_FOUND;
            case 409 -> ExitCode.REFUSED;
            default -> ExitCode.FAILURE;
          },
          "the node at " + address + " says: " + words);
    }
    return response;
  }

  @Override
  public void close() {
    http.close();
  }
}
