package dev.quicksilver.loader.read;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;

/** What all that reads JSON here has in common. Stateless. */
public final class JsonTexts {
  /** The length of a record bounds that of its strings and numbers; nesting stays bounded. */
  public static final StreamReadConstraints CONSTRAINTS =
      StreamReadConstraints.builder()
          .maxStringLength(Integer.MAX_VALUE)
          .maxNumberLength(Integer.MAX_VALUE)
          .build();

  private JsonTexts() {}

  /** Says in one line what is wrong with a text. */
  public static String explain(JsonProcessingException e) {
    return e.getOriginalMessage().replaceAll("\\s*\\R\\s*", " ");
  }
}
