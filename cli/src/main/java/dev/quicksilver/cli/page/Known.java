package dev.quicksilver.cli.page;

import org.jspecify.annotations.Nullable;

/** What the page reckons with: a figure that is not known is negative there. Stateless. */
final class Known {
  private Known() {}

  static double number(@Nullable Double figure) {
    return figure == null ? -1 : figure;
  }

  static long number(@Nullable Long figure) {
    return figure == null ? -1 : figure;
  }
}
