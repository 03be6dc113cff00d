package dev.quicksilver.cli.command;

import dev.quicksilver.cli.process.HttpEndpoint;
import dev.quicksilver.cli.process.HttpEndpoint.Answer;
import java.util.function.Function;

/** What {@code copy-anew} asks a running node for: {@code POST /copy-anew?database=D}. */
final class CopyRequests {
  static final String PATH = "/copy-anew";

  private CopyRequests() {}

  /** What becomes of a request. */
  enum Result {
    /** A copy begins. */
    BEGUN,
    /** No database of that name is followed. */
    UNKNOWN,
    /** The node follows nobody. */
    ROOT;

    static Result of(boolean begun) {
      return begun ? BEGUN : UNKNOWN;
    }
  }

  /** Serves them; the function begins a copy of the database of a name. */
  static void serve(HttpEndpoint http, Function<String, Result> copyAnew) {
    http.serveAction(
        PATH,
        exchange -> {
          String database = RemoteReads.query(exchange).getOrDefault("database", "");
          return switch (copyAnew.apply(database)) {
            case BEGUN ->
                Answer.text(
                    200, database + " is being copied anew; `status` shows how far it is\n");
            case UNKNOWN -> Answer.text(404, "no database \"" + database + "\" is followed here\n");
            case ROOT ->
                Answer.text(
                    409, "this node is the root: it has no upstream to copy from; ask a replica\n");
          };
        });
  }
}
