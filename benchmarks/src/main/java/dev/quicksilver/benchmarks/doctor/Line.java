package dev.quicksilver.benchmarks.doctor;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;

/**
 * One finding, as {@code doctor --json} prints it.
 *
 * @param level {@code ok}, {@code warning} or {@code error}
 * @param check the name of the check
 * @param what what is so, and where
 * @param cure what to do; empty if there is nothing to do
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record Line(String level, String check, String what, String cure) {
  boolean isBad() {
    return !level.equals("ok");
  }

  @Override
  public String toString() {
    return level + " " + check + ": " + what + ". Cure: " + cure;
  }
}
