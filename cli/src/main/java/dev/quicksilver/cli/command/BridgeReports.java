package dev.quicksilver.cli.command;

import dev.quicksilver.bridge.Bridge;
import dev.quicksilver.bridge.BridgeStatus;
import dev.quicksilver.cli.process.NodeStatus;
import dev.quicksilver.cli.process.NodeStatus.BridgeReport;
import dev.quicksilver.storage.FollowedDatabases;
import java.nio.file.Path;

/** What a bridge says of itself. */
final class BridgeReports {
  private BridgeReports() {}

  static NodeStatus report(Bridge bridge, Path data, StatusReporter reporter) {
    BridgeStatus counted = bridge.status();
    try (FollowedDatabases.View databases = bridge.look()) {
      return LocalReports.report(databases, data, reporter)
          .withBridge(
              new BridgeReport(
                  counted.connections(),
                  counted.connectionsTotal(),
                  counted.queries(),
                  counted.evaluated(),
                  counted.statements(),
                  counted.rows(),
                  counted.errors(),
                  counted.oldestSnapshot().toMillis() / 1e3,
                  counted.evaluatorRuns(),
                  counted.evaluatorStarts(),
                  counted.waiting()));
    }
  }
}
