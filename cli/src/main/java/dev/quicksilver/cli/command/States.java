package dev.quicksilver.cli.command;

import dev.quicksilver.cli.process.NodeStatus.DatabaseState;
import dev.quicksilver.gateway.GatewayStatus;
import dev.quicksilver.replication.FollowerState;

/** What the parts of a node do, as its status says it. Stateless. */
final class States {
  private States() {}

  static DatabaseState of(FollowerState state) {
    return switch (state) {
      case CONNECTING -> DatabaseState.CONNECTING;
      case STREAMING -> DatabaseState.STREAMING;
      case COPYING -> DatabaseState.COPYING;
      case BACKING_OFF -> DatabaseState.BACKING_OFF;
      case REFUSED -> DatabaseState.REFUSED;
      case DIVERGED -> DatabaseState.DIVERGED;
      case ENDED -> DatabaseState.ENDED;
      case STOPPED -> DatabaseState.STOPPED;
    };
  }

  static DatabaseState of(GatewayStatus.State state) {
    return switch (state) {
      case CONNECTING -> DatabaseState.CONNECTING;
      case COPYING -> DatabaseState.COPYING;
      case WAITING_FOR_SLOT -> DatabaseState.WAITING_FOR_SLOT;
      case STREAMING -> DatabaseState.SEQUENCING;
      case WAITING_FOR_SPACE -> DatabaseState.WAITING_FOR_SPACE;
      case FAILED -> DatabaseState.FAILED;
      case CLOSED -> DatabaseState.STOPPED;
    };
  }
}
