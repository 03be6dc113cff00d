package dev.quicksilver.replication;

import java.io.IOException;

/** An upstream refused, or this side refuses the upstream. */
public final class RefusedException extends IOException {
  private static final long serialVersionUID = 1L;

  private final transient Refusal refusal;

  RefusedException(Refusal refusal) {
    super(refusal.message());
    this.refusal = refusal;
  }

  RefusedException(RefusalCode code, String message) {
    this(Refusal.of(code, message));
  }

  /** Returns the typed reason. */
  public Refusal refusal() {
    return refusal;
  }
}
