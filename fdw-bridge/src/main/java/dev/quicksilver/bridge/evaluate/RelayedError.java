package dev.quicksilver.bridge.evaluate;

/** An error of the evaluator's that the client has been told already. */
public final class RelayedError extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String state;
  private final boolean fatal;

  RelayedError(ServerMessage message) {
    super(message.text(), null, false, false);
    this.state = message.state();
    this.fatal = message.fatal();
  }

  /** SQLSTATE. */
  public String state() {
    return state;
  }

  /** Whether the evaluator ended the connection with it. */
  public boolean fatal() {
    return fatal;
  }
}
