package dev.quicksilver.cli.top;

import java.util.Optional;

/**
 * What is known of the node that is looked at.
 *
 * @param address {@code host:port}, or what is known instead while there is none
 * @param last the last look that was answered
 * @param before the one before it, from which rates are counted
 * @param silence why the node does not answer, and since when; empty if it does
 */
record Seen(String address, Optional<Look> last, Optional<Look> before, Optional<String> silence) {
  /** Before the first look. */
  static final Seen NOTHING = new Seen("", Optional.empty(), Optional.empty(), Optional.empty());
}
