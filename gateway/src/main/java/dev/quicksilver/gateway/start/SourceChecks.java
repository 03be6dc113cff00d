package dev.quicksilver.gateway.start;

import dev.quicksilver.gateway.GatewayException;
import dev.quicksilver.gateway.GatewayException.ErrorCode;
import dev.quicksilver.gateway.central.CentralDatabase;
import dev.quicksilver.gateway.central.ReplicationConnection;
import dev.quicksilver.storage.record.Position;
import java.util.UUID;

/** Whether a PostgreSQL is the one that a node's databases were read from. */
public final class SourceChecks {
  private SourceChecks() {}

  /**
   * Compares the ids of clusters.
   *
   * @param ours the id of this node's catalog
   * @param cluster what the central PostgreSQL says
   * @throws GatewayException WRONG_CLUSTER
   */
  public static void cluster(UUID ours, UUID cluster) {
    if (!ours.equals(cluster)) {
      throw new GatewayException(
          ErrorCode.WRONG_CLUSTER,
          "this node holds cluster "
              + ours
              + " but the central PostgreSQL is cluster "
              + cluster
              + "; give the right URL or the right data directory, an empty one if that cluster was"
              + " begun anew");
    }
  }

  /**
   * Looks for a position in the past of a PostgreSQL.
   *
   * @param position up to where this node has read; {@link Position#NONE} is in the past of any
   * @throws GatewayException WRONG_SYSTEM or TIMELINE_FORKED
   */
  static void past(Position position, ReplicationConnection.Identity source) {
    if (position.equals(Position.NONE)) {
      return;
    }
    if (position.systemId() != source.systemId()) {
      throw new GatewayException(
          ErrorCode.WRONG_SYSTEM,
          "this node's position was read from PostgreSQL system "
              + Long.toUnsignedString(position.systemId())
              + " but the central PostgreSQL is "
              + Long.toUnsignedString(source.systemId())
              + "; it was made anew or is another one: give the right URL; if there is none, "
              + CentralDatabase.BEGIN_ANEW);
    }
    if (position.timeline() == source.history().current()
        && Long.compareUnsigned(position.lsn(), source.walEnd()) > 0) {
      throw new GatewayException(
          ErrorCode.TIMELINE_FORKED,
          "the WAL of the central PostgreSQL ends at "
              + Position.formatLsn(source.walEnd())
              + ", before this node's position "
              + Position.formatLsn(position.lsn())
              + ": it was restored without the last writes, or lost them; use the PostgreSQL that"
              + " has them; if there is none, "
              + CentralDatabase.BEGIN_ANEW);
    }
    if (!source.history().contains(position.timeline(), position.lsn())) {
      throw new GatewayException(
          ErrorCode.TIMELINE_FORKED,
          "the central PostgreSQL is on timeline "
              + source.history().current()
              + ", which does not contain this node's position "
              + Position.formatLsn(position.lsn())
              + " on timeline "
              + position.timeline()
              + ": it was restored or promoted without the last writes; use the PostgreSQL that has"
              + " them; if there is none, "
              + CentralDatabase.BEGIN_ANEW);
    }
  }
}
