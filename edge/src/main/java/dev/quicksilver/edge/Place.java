package dev.quicksilver.edge;

import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.FollowedDatabases.Followed;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;

/** What there is to read of a database at present. Never changed: another place comes instead. */
sealed interface Place {
  /** Returns the database to read, or says why there is none. */
  Database database();

  /** A generation that is in use and served. */
  record Served(Followed followed) implements Place {
    @Override
    public Database database() {
      return followed.database();
    }
  }

  /** Nothing, for a reason that each reader is told. */
  record Refused(ErrorCode code, String message) implements Place {
    @Override
    public Database database() {
      throw new StorageException(code, message);
    }
  }
}
