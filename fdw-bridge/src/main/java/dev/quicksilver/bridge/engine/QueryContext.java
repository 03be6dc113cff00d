package dev.quicksilver.bridge.engine;

import dev.quicksilver.bridge.catalog.CatalogView;
import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import java.time.ZoneId;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What a query needs from its session: catalog, parameters, time zone, cancellation and its memory
 * bound.
 */
public final class QueryContext {
  private final CatalogView catalog;
  private final List<@Nullable String> parameters;
  private final ZoneId zone;
  private final Supplier<@Nullable PgException> interruption;
  private final long maxRows;
  private long rowsHeld;
  private int ticks;

  /**
   * Makes a context for one execution.
   *
   * @param parameters in text format
   * @param interruption gives an error once the query must stop
   * @param maxRows how many rows sorts, joins and groups may hold together
   */
  public QueryContext(
      CatalogView catalog,
      List<@Nullable String> parameters,
      ZoneId zone,
      Supplier<@Nullable PgException> interruption,
      long maxRows) {
    this.catalog = catalog;
    this.parameters = parameters;
    this.zone = zone;
    this.interruption = interruption;
    this.maxRows = maxRows;
  }

  CatalogView catalog() {
    return catalog;
  }

  List<@Nullable String> parameters() {
    return parameters;
  }

  /** The session's time zone. */
  public ZoneId zone() {
    return zone;
  }

  /** Called for every row; now and then looks for a cancel request and lets other sessions run. */
  @SuppressWarnings("ThreadPriorityCheck") // virtual threads are not preempted
  void tick() {
    if ((++ticks & 0x3ff) == 0) {
      Thread.yield();
      PgException stop = interruption.get();
      if (stop != null) {
        throw stop;
      }
    }
  }

  /** Counts a row that is kept in memory. */
  void hold() {
    if (++rowsHeld > maxRows) {
      throw PgException.of(
              SqlState.CONFIGURATION_LIMIT_EXCEEDED,
              "the query would hold more than " + maxRows + " rows in the bridge's memory")
          .hint(
              "Narrow it by key, or let PostgreSQL sort and join: WITH t AS MATERIALIZED (SELECT"
                  + " …).");
    }
  }
}
