package dev.quicksilver.replication;

import java.util.Locale;

/**
 * How far the copy of a database is.
 *
 * @param source the name of the node it is copied from, or was last
 * @param verifying whether all pairs are here and are being verified
 * @param pairs durable here, or verified
 * @param pairsOfSource that the source held when it was last heard of
 * @param bytes of keys and values received by this process, before compression
 */
public record CopyStatus(
    String source, boolean verifying, long pairs, long pairsOfSource, long bytes) {
  @Override
  public String toString() {
    return (verifying ? "verified " : "copied ")
        + String.format(Locale.ROOT, "%,d of %,d pairs", pairs, Math.max(pairs, pairsOfSource))
        + (verifying ? "" : String.format(Locale.ROOT, ", received %,d MiB", bytes >> 20))
        + (source.isEmpty() ? "" : ", from node \"" + source + "\"");
  }
}
