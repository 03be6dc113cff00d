package dev.quicksilver.cli.command;

import dev.quicksilver.cli.process.HttpEndpoint;
import dev.quicksilver.cli.process.HttpEndpoint.Answer;
import java.util.function.Predicate;

/** What {@code copy-anew} asks a running node for: {@code POST /copy-anew?database=D}. */
final class CopyRequests {
  static final String PATH = "/copy-anew";

  private CopyRequests() {}

  /** Serves them on a replica; the predicate begins a copy, and says whether it knows the name. */
  static void serve(HttpEndpoint http, Predicate<String> copyAnew) {
    http.serveAction(
        PATH,
        exchange -> {
          String database = RemoteReads.query(exchange).getOrDefault("database", "");
          return copyAnew.test(database)
              ? Answer.text(200, database + " is being copied anew; `status` shows how far it is\n")
              : Answer.text(404, "no database \"" + database + "\" is followed here\n");
        });
  }

  /** Refuses them on a node that follows nobody. */
  static void refuse(HttpEndpoint http) {
    http.serveAction(
        PATH,
        _ ->
            Answer.text(
                409, "this node is a root: it has no upstream to copy from; ask a replica\n"));
  }
}
