package dev.quicksilver.storage.record;

/** What an entry does. The code is part of the chain hash and of the block format. */
public enum Operation {
  /** Gives a key a value, new or not. */
  SET(2),
  /** Takes a key away; nothing happens if it is not there. */
  DEL(3),
  /** Takes all keys away (SQL's TRUNCATE). */
  CLEAR(4);

  private final int code;

  Operation(int code) {
    this.code = code;
  }

  /** Returns the byte that stands for it in a block. */
  public int code() {
    return code;
  }
}
