package dev.quicksilver.replication;

import dev.quicksilver.storage.record.ChainHash;

/**
 * A typed "no" from an upstream.
 *
 * @param oldestSequence the oldest sequence that the upstream's log holds; 0 if it does not apply
 * @param lastSequence the upstream's last sequence; 0 if it does not apply
 * @param chainHash the upstream's chain hash at its last sequence; all zero if it does not apply
 * @param message one line: cause and cure
 */
public record Refusal(
    RefusalCode code, long oldestSequence, long lastSequence, ChainHash chainHash, String message)
    implements Message {

  static Refusal of(RefusalCode code, String message) {
    return new Refusal(code, 0, 0, Protocol.NO_HASH, message);
  }
}
