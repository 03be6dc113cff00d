package dev.quicksilver.storage.lmdb;

import java.nio.charset.StandardCharsets;

/** The sub-databases of an environment. */
public enum Tree {
  META(0),
  DATA(1),
  CHUNKS(2),
  LOG(3);

  /** Its name in LMDB. */
  final String label = name().toLowerCase(java.util.Locale.ROOT);

  /** Its place in arrays of trees. */
  final int index;

  static final int COUNT = values().length;

  Tree(int index) {
    this.index = index;
  }

  byte[] labelBytes() {
    return label.getBytes(StandardCharsets.US_ASCII);
  }
}
