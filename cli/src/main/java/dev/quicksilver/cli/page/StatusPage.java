package dev.quicksilver.cli.page;

import com.sun.net.httpserver.HttpExchange;
import dev.quicksilver.cli.process.HttpEndpoint;
import dev.quicksilver.cli.process.HttpEndpoint.Answer;
import dev.quicksilver.cli.process.NodeStatus;
import dev.quicksilver.storage.DatabaseSet;
import java.net.URI;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * The status page of a process, at {@code /}; where values may be shown also {@code /page/log} and
 * {@code /page/key}. Thread-safe.
 */
public final class StatusPage {
  private static final String CONTENT_TYPE = "text/html; charset=utf-8";
  private static final int SHORTEST_REFRESH = 2;
  private static final int LONGEST_REFRESH = 3_600;
  private static final String LOG = "/page/log";
  private static final String KEY = "/page/key";

  private final Supplier<NodeStatus> status;
  private final Optional<DatabaseSet> databases;
  private final InstantSource clock;
  private final Remembered remembered = new Remembered();

  /** The first page makes it, so that a start does not wait for it. */
  private static final class Writer {
    static final Html HTML = new Html();
  }

  private StatusPage(
      Supplier<NodeStatus> status, Optional<DatabaseSet> databases, InstantSource clock) {
    this.status = status;
    this.databases = databases;
    this.clock = clock;
  }

  /**
   * Makes the page of a process.
   *
   * @param databases whose logs and keys may be looked at from this machine; empty for a process
   *     that serves none
   */
  public static StatusPage of(
      Supplier<NodeStatus> status, Optional<DatabaseSet> databases, InstantSource clock) {
    return new StatusPage(status, databases, clock);
  }

  /** Serves all of it to this machine. */
  public void serveHere(HttpEndpoint http) {
    databases.ifPresent(
        set -> {
          Reads reads = new Reads(set, this::look);
          http.serve(
              LOG,
              exchange ->
                  page(
                      exchange,
                      LOG,
                      Set.of("database"),
                      query -> log(reads, query.get("database"))));
          http.serve(
              KEY,
              exchange ->
                  page(exchange, KEY, Set.of("database", "as", "key"), query -> key(reads, query)));
        });
    serve(http, databases.isPresent() ? Reach.READS : Reach.NO_READS);
  }

  /** Serves what other machines may see: no value, no key. */
  public void serveOthers(HttpEndpoint http) {
    serve(http, Reach.OTHERS);
  }

  private void serve(HttpEndpoint http, Reach reach) {
    http.serveStart(
        exchange -> page(exchange, "/", Set.of("refresh"), query -> overview(query, reach)));
  }

  /** What one page is made of. */
  private record Page(
      int status, String template, String title, int refresh, Map<String, Object> shown) {}

  private Page overview(Query query, Reach reach) {
    int refresh = query.find("refresh").map(StatusPage::refresh).orElse(0);
    Overview overview = Overview.of(status.get(), clock.instant(), remembered);
    Map<String, Object> shown = new LinkedHashMap<>();
    shown.put("page", overview);
    shown.put("reach", reach);
    return new Page(
        200,
        "overview",
        (overview.problem().isEmpty() ? "" : "Not healthy: ") + overview.node(),
        refresh,
        shown);
  }

  /** How the nodes below stand with a database, and those of which nothing is heard. */
  private Reads.Look look() {
    NodeStatus now = status.get();
    return new Reads.Look(
        now.subtree(), Tree.of(now.subtree(), clock.instant(), remembered).gone());
  }

  private static int refresh(String seconds) {
    if (seconds.matches("[0-9]{1,4}")) {
      int number = Integer.parseInt(seconds);
      if (number >= SHORTEST_REFRESH && number <= LONGEST_REFRESH) {
        return number;
      }
    }
    throw new Refusal(
        400,
        "refresh has to be a number of seconds from "
            + SHORTEST_REFRESH
            + " to "
            + LONGEST_REFRESH
            + ".");
  }

  private static Page log(Reads reads, String database) {
    Reads.Log log = reads.log(database);
    return new Page(200, "log", "Log of " + log.database(), 0, Map.of("log", log));
  }

  private static Page key(Reads reads, Query query) {
    Reads.Found found = reads.key(query.get("database"), query.get("as"), query.get("key"));
    return new Page(
        200, "key", "Key " + found.key() + " of " + found.database(), 0, Map.of("found", found));
  }

  private Answer page(
      HttpExchange exchange, String path, Set<String> known, Function<Query, Page> maker) {
    URI uri = exchange.getRequestURI();
    Page page;
    try {
      if (!uri.getPath().equals(path)) {
        throw new Refusal(404, "There is nothing at this address.");
      }
      page = maker.apply(Query.of(uri, known));
    } catch (Refusal e) {
      page =
          new Page(
              e.status(),
              "problem",
              "Not found or not understood",
              0,
              Map.of("status", e.status(), "problem", Shown.cut(e.sentence(), 1_000)));
    }
    Html html = Writer.HTML;
    html.headers.forEach(exchange.getResponseHeaders()::set);
    return new Answer(
        page.status(),
        CONTENT_TYPE,
        html.write(page.template(), page.title(), page.refresh(), page.shown()));
  }
}
