package dev.quicksilver.loader.read;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Which columns of a delimited record are wanted: by number, 1 is the first, or by the name that
 * the first line gives them. Not thread-safe.
 */
final class Columns {
  private final List<Column> wanted;
  private final int[] places;

  /** How many columns there have to be; 0 until that is known. */
  private int width;

  private boolean named;

  Columns(List<Column> wanted) {
    this.wanted = List.copyOf(wanted);
    places = new int[wanted.size()];
    for (int i = 0; i < places.length; i++) {
      Column column = wanted.get(i);
      places[i] = column.isNumber() ? Integer.parseInt(column.name()) - 1 : -1;
    }
  }

  /** Lays down that there are two, which nothing names. */
  void requireKeyAndValue() throws SourceException {
    width = 2;
    for (int i = 0; i < places.length; i++) {
      if (places[i] < 0 || places[i] >= width) {
        throw new SourceException(
            "there is no column \""
                + wanted.get(i).name()
                + "\": column 1 is the key, column 2 the value");
      }
    }
  }

  /** Finds the columns by the first line's names. */
  void name(List<byte @Nullable []> header) throws SourceException {
    Map<String, Integer> names = new HashMap<>();
    List<String> all = new ArrayList<>();
    for (int i = 0; i < header.size(); i++) {
      byte[] name = header.get(i);
      String text = name == null ? "" : new String(name, StandardCharsets.UTF_8);
      all.add(text);
      if (names.putIfAbsent(text, i) != null && isWanted(text)) {
        throw new SourceException("line 1 names two columns \"" + text + "\": use their numbers");
      }
    }
    for (int i = 0; i < places.length; i++) {
      if (places[i] < 0) {
        Integer place = names.get(wanted.get(i).name());
        if (place == null) {
          throw new SourceException(
              "line 1 names no column \""
                  + wanted.get(i).name()
                  + "\"; it has: "
                  + String.join(", ", all));
        }
        places[i] = place;
      }
    }
    named = true;
    width = header.size();
    for (int i = 0; i < places.length; i++) {
      if (places[i] >= width) {
        throw new SourceException(
            "there is no column " + wanted.get(i).name() + ": line 1 has " + width + " columns");
      }
    }
  }

  private boolean isWanted(String name) {
    return wanted.stream().anyMatch(column -> column.name().equals(name));
  }

  /** Says why a record with so many columns is wrong, or null. */
  @Nullable String wrong(int columns) {
    if (width == 0) {
      width = columns;
      for (int place : places) {
        if (place >= columns) {
          width = 0;
          return "there " + count(columns) + ", and column " + (place + 1) + " is wanted";
        }
      }
    }
    return columns == width
        ? null
        : "there "
            + count(columns)
            + "; "
            + (named ? "line 1" : "the first record")
            + " has "
            + width;
  }

  private static String count(int columns) {
    return columns == 1 ? "is one column" : "are " + columns + " columns";
  }

  /** Picks the wanted ones. */
  List<byte @Nullable []> of(List<byte @Nullable []> row) {
    List<byte @Nullable []> picked = new ArrayList<>(places.length);
    for (int place : places) {
      picked.add(row.get(place));
    }
    return picked;
  }
}
