package dev.quicksilver.bridge.sql;

/**
 * A lexical element.
 *
 * @param text for identifiers folded to lower case unless quoted, for strings the value
 * @param start 0-based offset in the statement
 * @param end offset after the last character
 */
record Token(Kind kind, String text, int start, int end) {
  enum Kind {
    /** Unquoted word: keyword or identifier. */
    WORD,
    QUOTED_IDENTIFIER,
    STRING,
    INTEGER,
    DECIMAL,
    PARAMETER,
    OPERATOR,
    /** One of {@code ( ) [ ] , ; . :} and {@code ::}. */
    PUNCTUATION,
    END
  }

  boolean isWord(String word) {
    return kind == Kind.WORD && text.equals(word);
  }

  boolean isPunctuation(String mark) {
    return kind == Kind.PUNCTUATION && text.equals(mark);
  }

  boolean isOperator(String operator) {
    return kind == Kind.OPERATOR && text.equals(operator);
  }
}
