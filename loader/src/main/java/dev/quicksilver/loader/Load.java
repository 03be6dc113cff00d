package dev.quicksilver.loader;

import dev.quicksilver.loader.Batch.Reject;
import dev.quicksilver.loader.BatchWriter.Refused;
import dev.quicksilver.loader.BatchWriter.Written;
import dev.quicksilver.loader.map.Mapping;
import dev.quicksilver.storage.record.ContentDigest;
import dev.quicksilver.storage.record.ContentDigester;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Loads sources into a database. Not thread-safe. */
public final class Load {
  private static final Logger LOG = LoggerFactory.getLogger(Load.class);

  /** Serialization failure and deadlock: the same transaction may do when tried again. */
  private static final Set<String> AGAIN = Set.of("40001", "40P01");

  private static final int ATTEMPTS = 10;

  private final Connection connection;
  private final LoadOptions options;
  private final LoadListener listener;
  private final BooleanSupplier stop;
  private final Pace pace;
  private final ContentDigester notHeld = new ContentDigester();
  private Counts counts = Counts.NONE;

  /** Why a load came to its end. */
  public enum End {
    /** All sources are loaded. */
    FINISHED,
    /** It was asked to stop: the same command goes on. */
    STOPPED,
    /** More records than allowed were rejected: the same command goes on if it allows more. */
    TOO_MANY_REJECTS,
    /** All sources are loaded, and nothing was deleted, since records were rejected. */
    NOT_REPLACED
  }

  /**
   * What became of a load.
   *
   * @param counts of all its runs
   * @param before of the runs before this one
   * @param digest the content digest of the pairs that are loaded or unchanged, once all sources
   *     are read: empty if it cannot be told, of jsonb, which PostgreSQL writes in its own way, and
   *     where the last of several records wins
   */
  public record Result(End end, Counts counts, Counts before, Optional<ContentDigest> digest) {}

  private Load(
      Connection connection, LoadOptions options, LoadListener listener, BooleanSupplier stop) {
    this.connection = connection;
    this.options = options;
    this.listener = listener;
    this.stop = stop;
    pace = new Pace(connection, options.database(), options.limits(), listener::paused);
  }

  /**
   * Loads, or goes on where the same load ended early.
   *
   * @param connection of a role that may write to the database's table, and is used by nobody else;
   *     left without a transaction open
   * @param stop asked after each batch, and while a source, the root or replicas take their time
   * @throws LoadException if a source cannot be read, or something is not as it has to be
   * @throws SQLException if PostgreSQL fails; what was committed stays
   */
  public static Result run(
      Connection connection, LoadOptions options, LoadListener listener, BooleanSupplier stop)
      throws LoadException, SQLException, InterruptedException {
    return new Load(connection, options, listener, stop).run();
  }

  private Result run() throws LoadException, SQLException, InterruptedException {
    connection.setAutoCommit(false);
    Target target = Target.find(connection, options.database());
    Mapping mapping =
        options
            .input()
            .mapping(target.keyType(), target.valueType())
            .withKeyCharacters(target.keyCharacters());
    if (options.dryRun()) {
      return load(mapping, target, null);
    }
    lock(target);
    try {
      return load(mapping, target, new Progress(connection, options, target));
    } finally {
      unlock();
    }
  }

  /** One load of a database at a time: two would wait for each other's keys. */
  private void lock(Target target) throws SQLException, LoadException {
    String sql = "SELECT pg_try_advisory_lock(hashtextextended('quicksilver.load:' || ?::text, 0))";
    try (PreparedStatement query = connection.prepareStatement(sql)) {
      query.setString(1, target.id().toString());
      try (ResultSet row = query.executeQuery()) {
        row.next();
        if (!row.getBoolean(1)) {
          throw new LoadException(
              "another load into \""
                  + options.database()
                  + "\" is running: wait for its end, or end it");
        }
      }
    }
    connection.commit();
  }

  private void unlock() {
    try {
      connection.rollback();
      try (Statement statement = connection.createStatement()) {
        statement.execute("SELECT pg_advisory_unlock_all()");
      }
      connection.commit();
    } catch (SQLException e) {
      LOG.debug("the lock goes with the connection: {}", e.toString());
    }
  }

  private Result load(Mapping mapping, Target target, @Nullable Progress progress)
      throws LoadException, SQLException, InterruptedException {
    Progress.State before = progress == null ? Progress.State.NONE : progress.begin();
    if (before.isBegun()) {
      listener.resumes(before.counts());
    }
    counts = before.counts();
    var writer = new BatchWriter(connection, target, options.mode(), options.dryRun());
    try (var rejects =
            new RejectFile(options.rejects(), options.input().sources(), isKnown(progress));
        var batches = new Batches(options, mapping, before, pace::rows)) {
      End end = loadAll(batches, writer, rejects, progress);
      if (end == End.FINISHED && options.mode() == LoadOptions.Mode.REPLACE_ALL) {
        end = deleteTheRest(batches, target, progress);
      }
      if (end != End.STOPPED) {
        listener.expirations(batches.expirations());
      }
      if (progress != null && (end == End.FINISHED || end == End.NOT_REPLACED)) {
        progress.finish();
      }
      Optional<ContentDigest> digest =
          end == End.STOPPED || end == End.TOO_MANY_REJECTS || !canBeDigested(target)
              ? Optional.empty()
              : Optional.of(batches.digest().minus(notHeld.digest()));
      return new Result(end, counts, before.counts(), digest);
    }
  }

  private static boolean isKnown(@Nullable Progress progress) {
    return progress != null && progress.isKnown();
  }

  /** Whether the pairs that are read say which bytes the replicas will have. */
  private boolean canBeDigested(Target target) {
    return !target.jsonb() && options.input().duplicates() != Input.Duplicates.LAST;
  }

  private End loadAll(
      Batches batches, BatchWriter writer, RejectFile rejects, @Nullable Progress progress)
      throws LoadException, SQLException, InterruptedException {
    if (!waitForOthers()) {
      return End.STOPPED;
    }
    for (Batch batch = batches.next(stop); batch != null; batch = batches.next(stop)) {
      if (batch.isReplayed()) {
        rejects.write(batch.rejects(), batches::header);
        continue;
      }
      Batch next = batch;
      List<Refused> refused = new ArrayList<>();
      add(
          transaction(
              () -> {
                Written written = writer.write(next.rows());
                refused.clear(); // of an attempt before this one
                refused.addAll(written.refused());
                Counts done = next.counts(written.loaded(), refused);
                if (progress != null) {
                  progress.add(next, done, refused);
                }
                // Before the commit: a load that is killed in between writes its rejects anew.
                rejects.write(all(next.rejects(), refused), batches::header);
                return done;
              }));
      for (Refused one : refused) {
        notHeld.add(one.row().pair().key(), one.row().pair().value());
      }
      listener.committed(counts, batch.storedBytes());
      // A dry run tells all that is wrong.
      if (!options.dryRun() && options.maxRejects().exceeded(counts, false)) {
        return End.TOO_MANY_REJECTS;
      }
      if (!waitForOthers() || stop.getAsBoolean()) {
        return End.STOPPED;
      }
    }
    if (batches.wasStopped()) {
      return End.STOPPED;
    }
    return options.maxRejects().exceeded(counts, true) ? End.TOO_MANY_REJECTS : End.FINISHED;
  }

  /** Waits until the next batch may be written; false if it was asked to stop meanwhile. */
  private boolean waitForOthers() throws SQLException, InterruptedException {
    return options.dryRun() || pace.await(stop);
  }

  /** Deletes what the sources lack; a record that was rejected may be one that is not lacking. */
  private End deleteTheRest(Batches batches, Target target, @Nullable Progress progress)
      throws LoadException, SQLException, InterruptedException {
    if (counts.rejected() > 0) {
      return End.NOT_REPLACED;
    }
    var additional = new AdditionalKeys(connection, target, keys(batches), pace::rows);
    long before = counts.deleted();
    while (additional.next()) {
      add(transaction(() -> delete(additional, progress)));
      listener.deleting(additional.looked(), counts.deleted() - before);
      if (!waitForOthers() || stop.getAsBoolean()) {
        return End.STOPPED;
      }
    }
    return End.FINISHED;
  }

  /** The keys of the sources; a source that is empty by mistake shall not empty a database. */
  private static SeenKeys keys(Batches batches) throws LoadException {
    if (batches.keys().size() == 0) {
      throw new LoadException(
          "the sources hold no pair, and --mode replace-all would delete all that is there:"
              + " TRUNCATE does that");
    }
    return batches.keys();
  }

  private Counts delete(AdditionalKeys additional, @Nullable Progress progress)
      throws SQLException, LoadException {
    if (progress == null) {
      return Counts.ofDeleted(additional.found());
    }
    Counts deleted = Counts.ofDeleted(additional.delete());
    progress.add(deleted);
    return deleted;
  }

  private interface Work {
    Counts run() throws SQLException, LoadException;
  }

  /** Adds what became of a batch. */
  private void add(Counts done) {
    counts = counts.plus(done);
    pace.committed(done.loaded() + done.deleted());
  }

  /** Commits some work, which is done again if another transaction is in its way. */
  private Counts transaction(Work work) throws SQLException, LoadException {
    for (int attempt = 1; ; attempt++) {
      try {
        Counts done = work.run();
        pace.committing();
        connection.commit();
        return done;
      } catch (SQLException e) {
        connection.rollback();
        if (attempt == ATTEMPTS || !AGAIN.contains(String.valueOf(e.getSQLState()))) {
          throw e;
        }
        LOG.info("a batch is written again: {}", e.getMessage());
      }
    }
  }

  private static List<Reject> all(List<Reject> unfit, List<Refused> refused) {
    List<Reject> all = new ArrayList<>(unfit);
    refused.forEach(one -> all.add(one.row().reject(one.reason())));
    all.sort(Comparator.comparingInt(Reject::source).thenComparingLong(Reject::number));
    return all;
  }
}
