package dev.quicksilver.bridge.types;

/** A row's place, derived from its sequence so that it is unique within a database. */
public record Tid(long block, int offset) implements Comparable<Tid> {
  /** The tid of the row with this sequence. */
  public static Tid ofSequence(long sequence) {
    return new Tid((sequence >>> 15) & 0xffffffffL, (int) (sequence & 0x7fff) + 1);
  }

  @Override
  public int compareTo(Tid other) {
    int blocks = Long.compare(block, other.block);
    return blocks != 0 ? blocks : Integer.compare(offset, other.offset);
  }

  @Override
  public String toString() {
    return "(" + block + "," + offset + ")";
  }
}
