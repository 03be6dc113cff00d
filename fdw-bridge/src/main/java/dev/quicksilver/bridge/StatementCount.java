package dev.quicksilver.bridge;

import dev.quicksilver.bridge.BridgeStatus.Outcome;
import dev.quicksilver.bridge.BridgeStatus.Way;
import dev.quicksilver.bridge.sql.SqlState;
import java.util.function.LongSupplier;

/** Counts the statements of one session, by what they were and how they ended. For its thread. */
final class StatementCount {
  private final Counters counters;
  private final LongSupplier nanoClock;
  private final Way seeks;
  private boolean running;
  private Way way = Way.OTHER;
  private long since;

  /**
   * Makes one of a session in which no statement runs.
   *
   * @param evaluators whether it is one of the evaluator's own
   */
  StatementCount(Counters counters, LongSupplier nanoClock, boolean evaluators) {
    this.counters = counters;
    this.nanoClock = nanoClock;
    this.seeks = evaluators ? Way.EVALUATORS_SEEK : Way.SEEK;
  }

  /** A statement begins; the one before, if any, has ended well. */
  void begin() {
    ended(Outcome.OK);
    counters.queries.increment();
    running = true;
    way = Way.OTHER;
    since = nanoClock.getAsLong();
  }

  /** It is done by seeks. */
  void seeks() {
    way = seeks;
  }

  /** It is evaluated. */
  void evaluates() {
    counters.evaluated.increment();
    way = Way.EVALUATED;
  }

  /** It has ended with an error, if one runs. */
  void failed(String sqlState) {
    ended(sqlState.equals(SqlState.QUERY_CANCELED.code()) ? Outcome.CANCELED : Outcome.ERROR);
  }

  /** It has ended, if one runs. */
  void ended(Outcome outcome) {
    if (running) {
      running = false;
      counters.statement(way, outcome, nanoClock.getAsLong() - since);
    }
  }
}
