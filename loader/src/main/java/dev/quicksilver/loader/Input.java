package dev.quicksilver.loader;

import dev.quicksilver.loader.map.Mapping;
import dev.quicksilver.loader.map.Template;
import dev.quicksilver.loader.read.Dialect;
import dev.quicksilver.loader.read.Format;
import dev.quicksilver.loader.read.Readers;
import dev.quicksilver.loader.read.RecordReader;
import dev.quicksilver.loader.read.SourceRecord;
import dev.quicksilver.loader.source.Source;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.Charset;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Sources, and how their records make pairs.
 *
 * @param sources in this order
 * @param format of all of them
 * @param dialect of all of them
 * @param charset of their text; without one UTF-8, or what a byte order mark says
 * @param key the template of keys
 * @param value the template of values
 * @param duplicates what to do with keys that the sources have twice
 * @param maxRecord bytes of a record at most, 1 or more
 */
public record Input(
    List<Source> sources,
    Format format,
    Dialect dialect,
    Optional<Charset> charset,
    String key,
    String value,
    Duplicates duplicates,
    int maxRecord) {
  /** What to do with a key that the sources have again. */
  public enum Duplicates {
    /** Rejects the later record. */
    ERROR,
    /** Leaves the later record out. */
    FIRST,
    /** Lets the later record win. */
    LAST
  }

  /** Copies the list. */
  public Input {
    sources = List.copyOf(sources);
  }

  /** How records make pairs of these types. */
  public Mapping mapping(Mapping.Type keyType, Mapping.Type valueType) {
    boolean json = format == Format.JSON_LINES && valueType == Mapping.Type.JSON;
    return new Mapping(Template.parse(key, false), Template.parse(value, json), keyType, valueType);
  }

  /**
   * Opens a source.
   *
   * @throws LoadException if it cannot be read, or its first line does not name what is wanted
   */
  public RecordReader open(Source source, Mapping mapping) throws LoadException {
    try {
      return open(source.open(), mapping);
    } catch (IOException e) {
      throw unreadable(source, e);
    }
  }

  /** Opens a source whose content is there. */
  RecordReader open(InputStream content, Mapping mapping) throws IOException {
    return Readers.open(content, format, dialect, charset, mapping.columns(), maxRecord);
  }

  /**
   * Returns the next record of a source, or null at its end.
   *
   * @throws LoadException if it cannot be read on
   */
  public static @Nullable SourceRecord next(RecordReader reader, Source source)
      throws LoadException {
    try {
      return reader.next();
    } catch (IOException e) {
      throw unreadable(source, e);
    }
  }

  /** What to tell of a source that cannot be read on. */
  static LoadException unreadable(Source source, IOException e) {
    return new LoadException(source.name() + ": " + Source.explain(e), e);
  }
}
