package dev.quicksilver.cli.top;

/**
 * What is shown of the tree.
 *
 * @param order of the nodes below one upstream
 * @param all whether each database of a node has a row
 * @param top the first row that is shown, from 0
 */
record Controls(Order order, boolean all, int top) {
  /** How it begins. */
  static final Controls FIRST = new Controls(Order.WORST, false, 0);

  /**
   * Returns what a key makes of it.
   *
   * @param rows how many there are
   * @param page how many are shown at once, at least 1
   */
  Controls after(Key key, int rows, int page) {
    return switch (key) {
      case UP -> at(top - 1, rows, page);
      case DOWN -> at(top + 1, rows, page);
      case PAGE_UP -> at(top - page, rows, page);
      case PAGE_DOWN -> at(top + page, rows, page);
      case FIRST -> at(0, rows, page);
      case LAST -> at(rows, rows, page);
      case BY_WORST -> new Controls(Order.WORST, all, 0);
      case BY_SECONDS -> new Controls(Order.SECONDS, all, 0);
      case BY_ENTRIES -> new Controls(Order.ENTRIES, all, 0);
      case BY_NAME -> new Controls(Order.NAME, all, 0);
      case ALL_DATABASES -> new Controls(order, !all, 0);
      case QUIT, NONE -> at(top, rows, page);
    };
  }

  private Controls at(int row, int rows, int page) {
    return new Controls(order, all, Math.clamp(row, 0, Math.max(0, rows - page)));
  }
}
