package dev.quicksilver.replication;

import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Node names in which {@code *} stands for any number of characters. Immutable. */
final class NodePatterns {
  private final List<String> written;
  private final List<Pattern> patterns;

  /** One of these has to fit; an empty list fits every name. */
  NodePatterns(List<String> written) {
    this.written = List.copyOf(written);
    this.patterns = this.written.stream().map(NodePatterns::compile).toList();
  }

  private static Pattern compile(String pattern) {
    return Pattern.compile(
        Arrays.stream(pattern.split("\\*", -1))
            .map(Pattern::quote)
            .collect(Collectors.joining(".*")),
        Pattern.DOTALL);
  }

  boolean matches(String node) {
    return patterns.isEmpty() || patterns.stream().anyMatch(one -> one.matcher(node).matches());
  }

  @Override
  public String toString() {
    return String.join(", ", written);
  }
}
