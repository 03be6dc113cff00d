package dev.quicksilver.benchmarks;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One statement of a transaction of {@code gateway.model}, and how it may end. A table that is
 * moved stands in it as <code>{name}</code>.
 *
 * @param kind what it is counted as
 * @param csv what a COPY reads, null for other statements
 */
record GatewayModelStep(End end, String kind, String sql, @Nullable String csv) {
  /** How a statement may end. */
  enum End {
    DONE,
    /** Or it finds no partition or table for its rows, or their keys taken. */
    DONE_OR_UNFIT,
    /** The guards refuse it, with a hint, and all stays as it is. */
    REFUSED,
    /** The guards refuse it; what their hint says is done, and then it is done. */
    CURED,
    SAVEPOINT,
    ROLLED_BACK
  }

  static GatewayModelStep done(String kind, String sql) {
    return new GatewayModelStep(End.DONE, kind, sql, null);
  }

  static GatewayModelStep refused(String sql) {
    return new GatewayModelStep(End.REFUSED, "refused", sql, null);
  }

  /** As {@link #refused}, in a session that loads: its ordinary triggers do not stand. */
  static List<GatewayModelStep> refusedToLoaders(String sql) {
    return List.of(
        refused(sql),
        done("replica role", "SET LOCAL session_replication_role = replica"),
        refused(sql),
        done("replica role left", "SET LOCAL session_replication_role = origin"));
  }

  static GatewayModelStep savepoint() {
    return new GatewayModelStep(End.SAVEPOINT, "savepoint", "SAVEPOINT here", null);
  }

  static GatewayModelStep rolledBack() {
    return new GatewayModelStep(
        End.ROLLED_BACK, "savepoint rolled back", "ROLLBACK TO SAVEPOINT here", null);
  }
}
