package dev.quicksilver.gateway;

import dev.quicksilver.storage.Position;

/** What the sequencer thread lets others see. Written by it alone, read by any thread. */
final class Progress {
  private volatile GatewayStatus status =
      new GatewayStatus(GatewayStatus.State.CONNECTING, Position.NONE, 0, 0, 0, "");

  GatewayStatus status() {
    return status;
  }

  void state(GatewayStatus.State state) {
    GatewayStatus s = status;
    status =
        new GatewayStatus(
            state, s.position(), s.confirmedLsn(), s.transactions(), s.entries(), s.lastProblem());
  }

  void problem(String problem) {
    GatewayStatus s = status;
    status =
        new GatewayStatus(
            s.state(), s.position(), s.confirmedLsn(), s.transactions(), s.entries(), problem);
  }

  void durable(Position position, long transactions, long entries) {
    GatewayStatus s = status;
    status =
        new GatewayStatus(
            s.state(),
            position,
            s.confirmedLsn(),
            s.transactions() + transactions,
            s.entries() + entries,
            s.lastProblem());
  }

  void confirmed(long lsn) {
    GatewayStatus s = status;
    status =
        new GatewayStatus(
            s.state(), s.position(), lsn, s.transactions(), s.entries(), s.lastProblem());
  }
}
