package dev.quicksilver.storage.lmdb;

/**
 * Stable names of everything that can go wrong in storage. The same name appears in the log, on the
 * command line and, if it is not the caller's own, in {@code Database.errors} and the label of the
 * metric made of them; names are never reused.
 */
public enum ErrorCode {
  /** The caller broke a rule of the API or of the data (a key too long, an unknown database). */
  INVALID_ARGUMENT(Owner.USER),
  /** There is no environment at the given place. */
  NOT_FOUND(Owner.USER),
  /** There is already an environment at the given place. */
  ALREADY_EXISTS(Owner.USER),
  /** The files are not Quicksilver's, or of a format version this program does not know. */
  WRONG_FORMAT(Owner.USER),
  /** The environment is an unfinished copy or load; resume it or remove its folder. */
  UNFINISHED(Owner.USER),
  /** LMDB does not work where the files lie, or from where they are opened. */
  UNSUPPORTED(Owner.USER),
  /** A block does not continue this database's history: wrong sequence, chain hash or digest. */
  DIVERGED(Owner.INTERNAL),
  /** Stored bytes do not match their checksum. */
  CORRUPT(Owner.INTERNAL),
  /** A log sequence that has been garbage-collected, or that does not exist yet, was asked for. */
  NOT_IN_LOG(Owner.USER),
  /** The map, the disk or the reader table is full. */
  NO_SPACE(Owner.RESOURCES),
  /** A snapshot was held longer than allowed and has been taken back. */
  SNAPSHOT_TOO_OLD(Owner.RESOURCES),
  /** Any other failure of LMDB or of the file system. */
  IO(Owner.RESOURCES);

  /** Who can do something about an error. */
  public enum Owner {
    /** The person or program that asked. */
    USER,
    /** Us: a bug or damaged data. */
    INTERNAL,
    /** Whoever runs the machine: disk, memory, limits. */
    RESOURCES
  }

  private final Owner owner;

  ErrorCode(Owner owner) {
    this.owner = owner;
  }

  /** Returns who can do something about it. */
  public Owner owner() {
    return owner;
  }
}
