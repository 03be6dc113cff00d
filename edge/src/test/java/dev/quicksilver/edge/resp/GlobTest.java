package dev.quicksilver.edge.resp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Patterns and what they match. */
final class GlobTest {
  @ParameterizedTest
  @CsvSource({
    "*, '', true",
    "*, anything, true",
    "a*, a, true",
    "a*, ba, false",
    "a?c, abc, true",
    "a?c, ac, false",
    "*.example.*, www.example.org, true",
    "*.example.*, www.examples.org, false",
    "*a*b*c, xaybzc, true",
    "*a*b*c, xaybz, false",
    "[abc]x, bx, true",
    "[abc]x, dx, false",
    "[a-c]x, bx, true",
    "[c-a]x, bx, true",
    "[^a-c]x, bx, false",
    "[^a-c]x, dx, true",
    "[a, a, true",
    "\\*, *, true",
    "\\*, x, false",
    "[\\]]x, ]x, true",
    "abc, abcd, false",
    "'', '', true",
    "'', a, false",
    "**, a, true",
  })
  void matches(String pattern, String text, boolean expected) {
    byte[] bytes = text.getBytes(UTF_8);
    assertThat(new Glob(pattern.getBytes(UTF_8)).matches(bytes, 0, bytes.length))
        .isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({"abc*, abc", "*, ''", "a?, a", "a[bc], a", "a\\*b*, a*b", "abc, abc", "a\\, a\\"})
  void knowsWhatMatchesBeginWith(String pattern, String prefix) {
    assertThat(new String(new Glob(pattern.getBytes(UTF_8)).prefix(), UTF_8)).isEqualTo(prefix);
  }

  @Test
  void manyStarsTakeNoLongerThanBothLengthsMultiplied() {
    byte[] text = "a".repeat(511).getBytes(UTF_8);
    assertThat(new Glob("a*".repeat(200).concat("b").getBytes(UTF_8)).matches(text, 0, 511))
        .isFalse();
  }
}
