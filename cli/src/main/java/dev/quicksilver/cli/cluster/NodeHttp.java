package dev.quicksilver.cli.cluster;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

/** Asks nodes over HTTP, and waits ten seconds at most: one that hangs accepts and says nothing. */
final class NodeHttp implements AutoCloseable {
  private static final Duration LONGEST = Duration.ofSeconds(10);

  private final HttpClient client = HttpClient.newBuilder().connectTimeout(LONGEST).build();

  /**
   * Asks for a path.
   *
   * @throws IOException if no answer comes
   */
  HttpResponse<String> ask(String address, String path) throws IOException, InterruptedException {
    return client.send(
        HttpRequest.newBuilder(URI.create("http://" + address + path)).timeout(LONGEST).build(),
        BodyHandlers.ofString());
  }

  /** Gives up what is being asked. */
  @Override
  public void close() {
    client.shutdownNow();
  }
}
