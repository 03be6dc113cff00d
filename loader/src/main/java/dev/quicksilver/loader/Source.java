package dev.quicksilver.loader;

import java.io.InputStream;

/**
 * Where pairs come from: UTF-8 text with two columns, key and value.
 *
 * @param name what messages call it, as a file's name
 * @param content read once, to its end; the caller closes it
 */
public record Source(String name, InputStream content, Format format) {
  /** How a source is written. */
  public enum Format {
    /** PostgreSQL's COPY text: tab between the columns, backslash escapes, one row a line. */
    TSV,
    /** RFC 4180: comma between the columns, double quotes around those that need them. */
    CSV
  }
}
