package dev.quicksilver.gateway;

import org.jspecify.annotations.Nullable;

/**
 * A refusal: going on would lose, double or fork entries. The message is one line with the cure.
 */
public final class GatewayException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Stable names of the refusals; the same in the log, in metrics and on the command line. */
  public enum ErrorCode {
    /** The user may not connect or not replicate, or the database does not exist. */
    ACCESS_DENIED,
    /** {@code wal_level} is not {@code logical}. */
    WRONG_WAL_LEVEL,
    /** The schema {@code quicksilver} is not there, or cannot be brought to this version. */
    SCHEMA_MISSING,
    /** The publication is not there. */
    PUBLICATION_MISSING,
    /** The slot is gone although this node has read from it before. */
    SLOT_MISSING,
    /** The slot is physical, of another plugin or of another database. */
    SLOT_FOREIGN,
    /** PostgreSQL has removed WAL that the slot still needed. */
    SLOT_LOST,
    /** It is not known, or not true any more, that this node has all that came before. */
    NOT_COMPLETE,
    /** The slot has been confirmed beyond this node's position: entries would be missing. */
    SLOT_AHEAD,
    /** The central database was restored from a dump or is a copy: its cluster is another's. */
    RESTORED,
    /** The role or database has {@code default_transaction_read_only}. */
    READ_ONLY,
    /** {@code max_replication_slots} or {@code max_wal_senders} leaves none for this node. */
    NO_SLOT_LEFT,
    /** PostgreSQL gives an error again and again that no code here knows. */
    POSTGRES_ERROR,
    /** The catalog here belongs to another cluster. */
    WRONG_CLUSTER,
    /** The PostgreSQL is not the one that the position was read from. */
    WRONG_SYSTEM,
    /** The timeline left the one of the position before the position. */
    TIMELINE_FORKED,
    /** A database that the catalog lists is missing or another one on this node. */
    DATABASE_MISSING,
    /** A published table has no longer the columns that its database needs. */
    TABLE_CHANGED,
    /** The stream holds what this program does not understand. */
    PROTOCOL,
    /** LMDB or the disk failed. */
    STORAGE
  }

  private final ErrorCode code;

  /** Makes a refusal. */
  public GatewayException(ErrorCode code, String message) {
    this(code, message, null);
  }

  /** Makes a refusal that follows from something. */
  public GatewayException(ErrorCode code, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.code = code;
  }

  /** Returns the stable name of the refusal. */
  public ErrorCode code() {
    return code;
  }
}
