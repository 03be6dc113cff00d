package dev.quicksilver.gateway.status;

import dev.quicksilver.replication.NodeAck;
import dev.quicksilver.replication.NodeBelow;
import dev.quicksilver.replication.NodeProblem;
import dev.quicksilver.storage.record.ContentDigest;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import org.jooq.DSLContext;
import org.jooq.Param;
import org.jooq.Record;
import org.jooq.impl.DSL;

/**
 * PostgreSQL's tables of what the root knows: {@code quicksilver.sequenced}, {@code replica} and
 * {@code answer}. Rows replace older ones of the same database or instance, whoever wrote those.
 * Thread-safe.
 */
public final class StatusTables {
  /** Times are written as µs since 1970, so that no time zone comes between; 0 is none. */
  private static final String TIME = "to_timestamp(nullif(%s, 0) / 1e6)";

  /** The id that a node says while it has no copy, or does not say which. */
  private static final UUID NO_DATABASE = new UUID(0, 0);

  private final DSLContext sql;
  private final Supplier<String> slotName;

  /** Writes through a pool; the slot may become known later. */
  public StatusTables(DSLContext sql, Supplier<String> slotName) {
    this.sql = sql;
    this.slotName = slotName;
  }

  /**
   * What PostgreSQL says of the slot.
   *
   * @param holder the process that sends from it, 0 if none does
   * @param synchronous whether commits wait for who receives
   * @param retainedWal in bytes; -1 if there is no slot, or it is not known
   */
  record Slot(int holder, boolean synchronous, long retainedWal) {}

  /**
   * How far a database is.
   *
   * @param commitTime of that sequence, µs since 1970-01-01 UTC; 0 while there is none
   * @param digest of the pairs at that sequence
   */
  record SequencedRow(
      String database, UUID id, long sequence, long commitTime, ContentDigest digest) {}

  /**
   * What a node said last.
   *
   * @param lag in µs
   * @param age of what it said, in µs
   */
  record ReplicaRow(NodeBelow node, OptionalLong lag, long age) {
    NodeAck ack() {
      return node.ack();
    }
  }

  Slot slot() {
    Record row =
        sql.fetchOne(
            // pg_stat_replication would say so too, to those who have pg_monitor.
            "SELECT coalesce(s.active_pid, 0), EXISTS (SELECT FROM"
                + " regexp_matches(current_setting('synchronous_standby_names'),"
                + " '\"((?:[^\"]|\"\")*)\"|([^\\s,()\"]+)', 'g') AS name,"
                + " pg_stat_activity a WHERE a.pid = s.active_pid AND"
                + " lower(coalesce(replace(name[1], '\"\"', '\"'), name[2])) IN ('*',"
                + " lower(a.application_name))), coalesce(pg_wal_lsn_diff(CASE WHEN"
                + " pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn()"
                + " END, s.restart_lsn)::bigint, -1) FROM pg_replication_slots s WHERE s.slot_name"
                + " = {0}",
            DSL.val(slotName.get()));
    return row == null
        ? new Slot(0, false, -1)
        : new Slot(row.get(0, Integer.class), row.get(1, Boolean.class), row.get(2, Long.class));
  }

  void writeSequenced(List<SequencedRow> rows) {
    sql.execute(
        "INSERT INTO quicksilver.sequenced (database, id, sequence, commit_time, content_digest,"
            + " heard_at) SELECT"
            + " n.database, n.id::uuid, n.sequence, "
            + TIME.formatted("n.commit_time")
            + ", n.digest, clock_timestamp() FROM unnest({0}::text[], {1}::text[], {2}::bigint[],"
            + " {3}::bigint[], {4}::text[]) AS n(database, id, sequence, commit_time, digest) ON"
            + " CONFLICT (database) DO UPDATE SET id = excluded.id, sequence = excluded.sequence,"
            + " commit_time = excluded.commit_time, content_digest = excluded.content_digest,"
            + " heard_at = excluded.heard_at",
        texts(rows, SequencedRow::database),
        texts(rows, row -> row.id().toString()),
        numbers(rows, SequencedRow::sequence),
        numbers(rows, SequencedRow::commitTime),
        texts(rows, row -> row.digest().toString()));
  }

  /**
   * Gives the nodes that were there when the last root wrote a minute to be heard by this one: that
   * nobody listened meanwhile does not say that they are gone.
   */
  void expectReplicas() {
    sql.execute(
        "UPDATE quicksilver.replica SET heard_at = clock_timestamp() WHERE heard_at > (SELECT"
            + " max(heard_at) FROM quicksilver.replica) - interval '1 minute'");
  }

  void writeReplicas(List<ReplicaRow> rows) {
    sql.execute(
        "INSERT INTO quicksilver.replica (database, instance, node, location, upstream, state,"
            + " sequence, commit_time, lag, heard_at, database_id, problem) SELECT n.database,"
            + " n.instance::uuid, n.node, n.location, n.upstream, n.state, n.sequence, "
            + TIME.formatted("n.commit_time")
            + ", nullif(n.lag, -1) * interval '1 microsecond', clock_timestamp() - n.age * interval"
            + " '1 microsecond', nullif(n.database_id, {12})::uuid, nullif(n.problem, '') FROM"
            + " unnest({0}::text[], {1}::text[], {2}::text[], {3}::text[], {4}::text[],"
            + " {5}::text[], {6}::bigint[], {7}::bigint[], {8}::bigint[], {9}::bigint[],"
            + " {10}::text[], {11}::text[]) AS n(database, instance, node, location, upstream,"
            + " state, sequence, commit_time, lag, age, database_id, problem) ON CONFLICT"
            + " (database, instance) DO UPDATE SET node = excluded.node, location ="
            + " excluded.location, upstream = excluded.upstream, state = excluded.state, sequence ="
            + " excluded.sequence, commit_time = excluded.commit_time, lag = excluded.lag, heard_at"
            + " = excluded.heard_at, database_id = excluded.database_id, problem ="
            + " excluded.problem",
        texts(rows, row -> row.ack().database()),
        texts(rows, row -> row.node().instance().toString()),
        texts(rows, row -> row.ack().node()),
        texts(rows, row -> row.ack().location()),
        texts(rows, row -> row.ack().upstream()),
        texts(rows, row -> row.ack().state().name()),
        numbers(rows, row -> row.ack().sequence()),
        numbers(rows, row -> row.ack().commitTime()),
        numbers(rows, row -> row.lag().orElse(-1)),
        numbers(rows, ReplicaRow::age),
        texts(rows, row -> row.ack().databaseId().toString()),
        texts(rows, row -> row.node().problem().map(NodeProblem::name).orElse("")),
        DSL.val(NO_DATABASE.toString()));
  }

  /** Says which sequence of each database a question's LSN became; asked again, it stays so. */
  void answer(UUID question, Map<String, OptionalLong> sequences) {
    List<Map.Entry<String, OptionalLong>> rows = List.copyOf(sequences.entrySet());
    sql.execute(
        "INSERT INTO quicksilver.answer (id, database, sequence) SELECT {0}::uuid, n.database,"
            + " nullif(n.sequence, -1) FROM unnest({1}::text[], {2}::bigint[]) AS n(database,"
            + " sequence) ON CONFLICT (id, database) DO NOTHING",
        DSL.val(question.toString()),
        texts(rows, Map.Entry::getKey),
        numbers(rows, row -> row.getValue().orElse(-1)));
  }

  /** Removes what nobody looks at any more. */
  void clean() {
    sql.execute("DELETE FROM quicksilver.answer WHERE answered_at < now() - interval '1 minute'");
    sql.execute("DELETE FROM quicksilver.replica WHERE heard_at < now() - interval '1 hour'");
    sql.execute("DELETE FROM quicksilver.sequenced WHERE heard_at < now() - interval '1 hour'");
  }

  private static <T> Param<String[]> texts(List<T> rows, Function<T, String> text) {
    return DSL.val(rows.stream().map(text).toArray(String[]::new));
  }

  private static <T> Param<Long[]> numbers(List<T> rows, ToLongFunction<T> number) {
    return DSL.val(rows.stream().map(number::applyAsLong).toArray(Long[]::new));
  }
}
