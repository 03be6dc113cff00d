package dev.quicksilver.loader.compare;

import dev.quicksilver.loader.map.Mapping.Pair;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * Sorts pairs by their keys' bytes, in pieces that are written to a temporary folder, and hands out
 * each key once. First all are added, then all are taken. Not thread-safe.
 */
final class SortedPairs implements AutoCloseable {
  private static final int BUFFER = 1 << 14;
  private static final int OVERHEAD = 64;

  private final Path folder;
  private final long pieceBytes;
  private final boolean lastWins;
  private final List<Pair> piece = new ArrayList<>();
  private final List<Piece> pieces = new ArrayList<>();
  private final PriorityQueue<Piece> next =
      new PriorityQueue<>(
          Comparator.<Piece, byte[]>comparing(one -> one.pair().key(), Arrays::compareUnsigned)
              .thenComparingInt(one -> one.number));
  private long bytes;
  private long duplicates;
  private boolean merging;

  /**
   * Makes an empty one.
   *
   * @param temporary where its folder is made
   * @param pieceBytes how much is sorted at a time, in bytes of keys and values
   * @param lastWins whether of pairs with the same key the last one stays, or the first
   */
  SortedPairs(Path temporary, long pieceBytes, boolean lastWins) throws IOException {
    this.folder = Files.createTempDirectory(temporary, "quicksilver-compare-");
    this.pieceBytes = pieceBytes;
    this.lastWins = lastWins;
  }

  void add(Pair pair) throws IOException {
    piece.add(pair);
    bytes += pair.key().length + pair.value().length + OVERHEAD;
    if (bytes >= pieceBytes) {
      write();
    }
  }

  private void write() throws IOException {
    piece.sort(
        Comparator.comparing(Pair::key, Arrays::compareUnsigned)); // keeps equal ones in order
    Path file = folder.resolve(Integer.toString(pieces.size()));
    try (var out =
        new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(file), BUFFER))) {
      for (Pair pair : piece) {
        out.writeInt(pair.key().length);
        out.write(pair.key());
        out.writeInt(pair.value().length);
        out.write(pair.value());
      }
    }
    pieces.add(new Piece(pieces.size(), file));
    piece.clear();
    bytes = 0;
  }

  /** How many pairs were left out since their key was there; known once all are taken. */
  long duplicates() {
    return duplicates;
  }

  /** Returns the pair with the next key, or null at the end. */
  @Nullable Pair next() throws IOException {
    if (!merging) {
      merging = true;
      write();
      for (Piece one : pieces) {
        one.open();
        advance(one);
      }
    }
    Piece first = next.poll();
    if (first == null) {
      return null;
    }
    Pair pair = first.pair();
    advance(first);
    for (Piece other = next.peek();
        other != null && Arrays.equals(other.pair().key(), pair.key());
        other = next.peek()) {
      next.poll();
      duplicates++;
      pair = lastWins ? other.pair() : pair;
      advance(other);
    }
    return pair;
  }

  private void advance(Piece one) throws IOException {
    if (one.read()) {
      next.add(one);
    }
  }

  @Override
  public void close() throws IOException {
    for (Piece one : pieces) {
      one.close();
    }
    Files.delete(folder);
  }

  /** A sorted file. */
  private static final class Piece {
    private final int number;
    private final Path file;
    private @Nullable DataInputStream in;
    private @Nullable Pair pair;

    Piece(int number, Path file) {
      this.number = number;
      this.file = file;
    }

    void open() throws IOException {
      in = new DataInputStream(new BufferedInputStream(Files.newInputStream(file), BUFFER));
    }

    Pair pair() {
      Pair current = pair;
      if (current == null) {
        throw new IllegalStateException("nothing was read");
      }
      return current;
    }

    /** Reads the next pair; false at the end. */
    boolean read() throws IOException {
      DataInputStream from = in;
      if (from == null) {
        throw new IllegalStateException("it is not open");
      }
      from.mark(1);
      if (from.read() < 0) {
        return false;
      }
      from.reset();
      byte[] key = from.readNBytes(from.readInt());
      byte[] value = from.readNBytes(from.readInt());
      pair = new Pair(key, value);
      return true;
    }

    void close() throws IOException {
      if (in != null) {
        in.close();
      }
      Files.deleteIfExists(file);
    }
  }
}
