package dev.quicksilver.cli.config;

import java.util.Optional;

/**
 * Where another node is.
 *
 * @param name the name it must have; empty for any
 */
public record NodeAddress(Optional<String> name, Endpoint endpoint) {
  /** Returns {@code name@host:port}, or without the name. */
  @Override
  public String toString() {
    return name.map(n -> n + "@").orElse("") + endpoint;
  }
}
