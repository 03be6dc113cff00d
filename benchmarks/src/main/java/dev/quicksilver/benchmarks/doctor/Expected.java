package dev.quicksilver.benchmarks.doctor;

/**
 * A finding that has to come.
 *
 * @param level {@code warning} or {@code error}
 * @param check the check that has to have it
 * @param words what it has to say
 */
record Expected(String level, String check, String words) {
  static Expected error(String check, String words) {
    return new Expected("error", check, words);
  }

  static Expected warning(String check, String words) {
    return new Expected("warning", check, words);
  }

  boolean isMetBy(Line line) {
    return line.level().equals(level)
        && line.check().equals(check)
        && line.what().contains(words)
        && !line.cure().isBlank();
  }
}
