package dev.quicksilver.replication;

import dev.quicksilver.replication.Message.ClientHello;
import dev.quicksilver.replication.Message.DatabaseInfo;
import dev.quicksilver.replication.Message.Purpose;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.record.ChainHash;
import dev.quicksilver.storage.record.Head;
import java.util.Optional;

/** Decides whether a follower may be served, and from where. Stateless. */
final class Admission {
  /**
   * A follower that may come in.
   *
   * @param fromSequence where its stream begins
   * @param info the database's range at the time of the decision
   */
  record Admitted(Database database, long fromSequence, DatabaseInfo info) {}

  private Admission() {}

  /** Checks what does not depend on a database. */
  static void checkPeer(ClientHello hello, NodeIdentity self) throws RefusedException {
    if (hello.processId().equals(self.processId())) {
      throw new RefusedException(
          RefusalCode.SELF,
          "node \""
              + self.name()
              + "\" is connected to itself; give it another node as its upstream");
    }
    if ((hello.codecs() & Protocol.CODEC_SNAPPY) == 0) {
      throw new RefusedException(
          RefusalCode.CODEC,
          "the follower does not accept Snappy, the only compression of node \""
              + self.name()
              + "\"; upgrade the older of the two");
    }
  }

  /** Finds the database and compares histories. */
  static Admitted admit(ClientHello hello, DatabaseSet databases, NodeIdentity self)
      throws RefusedException {
    Database database =
        databases
            .get(hello.database())
            .orElseThrow(
                () ->
                    new RefusedException(
                        RefusalCode.UNKNOWN_DATABASE,
                        "node \""
                            + self.name()
                            + "\" has no database \""
                            + hello.database()
                            + "\" yet; "
                            + (hello.database().equals(CatalogPair.CATALOG)
                                ? "it comes from the root, once that has read from PostgreSQL"
                                : "it is created in SQL with quicksilver.create_database")));
    if (!hello.databaseId().equals(Protocol.ANY_DATABASE)
        && !hello.databaseId().equals(database.identity().id())) {
      throw new RefusedException(
          RefusalCode.WRONG_DATABASE,
          wrongDatabase(hello.database(), self.name(), database, hello.databaseId()));
    }
    requireServed(hello.database(), databases, self);
    Head head = database.head();
    DatabaseInfo info = info(database, head);
    if (hello.purpose() == Purpose.READ_LOG && hello.newestOnly()) {
      return new Admitted(database, head.lastSequence() + 1, info);
    }
    if (hello.purpose() == Purpose.COPY && hello.chainHash().equals(Protocol.NO_HASH)) {
      return new Admitted(database, 1, info); // it begins, from here
    }
    checkRange(hello, info, self);
    if (hello.purpose() == Purpose.READ_LOG) {
      // It may ask for the middle of a transaction: it is given all, and drops what it did not
      // want.
      return new Admitted(database, database.transactionStart(hello.lastSequence() + 1), info);
    }
    if (hello.lastSequence() > 0) {
      checkHistory(hello, database, self);
    }
    return new Admitted(database, hello.lastSequence() + 1, info);
  }

  /**
   * Refuses a copy that may be wrong and is withheld for that, so that followers turn to another
   * upstream.
   */
  static void requireServed(String database, DatabaseSet databases, NodeIdentity self)
      throws RefusedException {
    Optional<String> withheld = databases.withheld(database);
    if (withheld.isPresent()) {
      throw new RefusedException(
          RefusalCode.WITHHELD,
          "node \""
              + self.name()
              + "\" does not serve database \""
              + database
              + "\": "
              + withheld.get());
    }
  }

  private static String wrongDatabase(
      String name, String node, Database database, java.util.UUID wanted) {
    return "database \""
        + name
        + "\" of node \""
        + node
        + "\" has id "
        + database.identity().id()
        + ", the follower has id "
        + wanted
        + "; it belongs to another central PostgreSQL: correct the upstream, or remove the"
        + " follower's data directory";
  }

  private static void checkRange(ClientHello hello, DatabaseInfo info, NodeIdentity self)
      throws RefusedException {
    String where = where(hello, self);
    if (hello.lastSequence() > info.lastSequence()) {
      throw new RefusedException(
          refusal(
              RefusalCode.UPSTREAM_BEHIND,
              info,
              where
                  + " is at sequence "
                  + info.lastSequence()
                  + ", the follower is already at "
                  + hello.lastSequence()
                  + "; it waits until this upstream has caught up"));
    }
    if (hello.lastSequence() + 1 < info.oldestSequence()) {
      throw new RefusedException(snapshotNeeded(hello, self, hello.lastSequence() + 1, info));
    }
  }

  private static String where(ClientHello hello, NodeIdentity self) {
    return "database \"" + hello.database() + "\" of node \"" + self.name() + "\"";
  }

  static Refusal snapshotNeeded(
      ClientHello hello, NodeIdentity self, long wanted, DatabaseInfo info) {
    return refusal(
        RefusalCode.SNAPSHOT_NEEDED,
        info,
        "the log of "
            + where(hello, self)
            + " holds sequences "
            + info.oldestSequence()
            + " to "
            + info.lastSequence()
            + ", the follower needs "
            + wanted
            + "; give it an upstream with a longer log (data.log-max-age), or it copies the"
            + " database");
  }

  private static void checkHistory(ClientHello hello, Database database, NodeIdentity self)
      throws RefusedException {
    String where = where(hello, self);
    String ours;
    try {
      ChainHash hash = database.chainHashAt(hello.lastSequence());
      if (hash.equals(hello.chainHash())) {
        return;
      }
      ours = hash.toString();
    } catch (StorageException e) {
      if (e.code() != ErrorCode.NOT_IN_LOG) {
        throw e;
      }
      DatabaseInfo now = info(database, database.head());
      if (hello.lastSequence() + 1 < now.oldestSequence()) {
        throw new RefusedException(snapshotNeeded(hello, self, hello.lastSequence() + 1, now));
      }
      ours = "no end of a transaction there";
    }
    throw new RefusedException(
        refusal(
            RefusalCode.FORK,
            info(database, database.head()),
            "the follower's history is not that of "
                + where
                + ": at sequence "
                + hello.lastSequence()
                + " it has chain hash "
                + hello.chainHash()
                + ", the upstream "
                + ours
                + "; find out which is right, then have the wrong one copy it anew (quicksilver"
                + " copy-anew "
                + hello.database()
                + ")"));
  }

  private static Refusal refusal(RefusalCode code, DatabaseInfo info, String message) {
    return new Refusal(code, info.oldestSequence(), info.lastSequence(), info.chainHash(), message);
  }

  static DatabaseInfo info(Database database, Head head) {
    return new DatabaseInfo(
        database.identity(), head.oldestSequence(), head.lastSequence(), head.chainHash());
  }
}
