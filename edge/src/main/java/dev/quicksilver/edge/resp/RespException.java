package dev.quicksilver.edge.resp;

import java.util.Locale;
import java.util.Set;

/** An error reply: its message begins with a code, as in {@code ERR unknown command}. */
final class RespException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  RespException(String reply) {
    super(reply, null, false, false);
  }

  /** A client that breaks the protocol is told so and closed. */
  static final class Protocol extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Protocol(String what) {
      super("ERR Protocol error: " + what, null, false, false);
    }
  }

  /** Returns the reply without the dash. */
  String reply() {
    return String.valueOf(getMessage());
  }

  static RespException syntax() {
    return new RespException("ERR syntax error");
  }

  static RespException notAnInteger() {
    return new RespException("ERR value is not an integer or out of range");
  }

  /** What is wrong with a subcommand that there is not, or not with so many words. */
  static RespException subcommand(Request request, Set<String> known) {
    String command = request.text(0).toUpperCase(Locale.ROOT);
    String what = request.text(1);
    return new RespException(
        known.contains(what.toUpperCase(Locale.ROOT))
            ? "ERR wrong number of arguments for '"
                + command.toLowerCase(Locale.ROOT)
                + "|"
                + what.toLowerCase(Locale.ROOT)
                + "' command"
            : "ERR unknown subcommand '" + what + "'. Try " + command + " HELP.");
  }
}
