package dev.quicksilver.loader.source;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Where records come from. */
public sealed interface Source permits Source.OfFile, Source.OfStream, PostgresRows, DatabasePairs {
  /** What messages, and the progress of a load, call it. */
  String name();

  /** What tells it from others wherever a command runs. */
  String identity();

  /** Opens it at its beginning; the caller closes the stream. */
  InputStream open() throws IOException;

  /** Its bytes as they are stored, or -1 if that is not known. */
  long size() throws IOException;

  /** Says in words why a source cannot be read. */
  static String explain(IOException e) {
    return switch (e) {
      case NoSuchFileException missing -> "there is no such file";
      case AccessDeniedException denied -> "there is no permission to read it";
      default -> String.valueOf(e.getMessage()).replaceAll("\\s*\\R\\s*", " ");
    };
  }

  /** A file. */
  record OfFile(Path path) implements Source {
    @Override
    public String name() {
      return path.toString();
    }

    @Override
    public String identity() {
      return path.toAbsolutePath().normalize().toString();
    }

    @Override
    public InputStream open() throws IOException {
      return Files.newInputStream(path);
    }

    @Override
    public long size() throws IOException {
      return Files.isRegularFile(path) ? Files.size(path) : -1;
    }
  }

  /** A stream that is there already, as standard input. */
  record OfStream(String name, InputStream stream) implements Source {
    @Override
    public String identity() {
      return name;
    }

    @Override
    public InputStream open() {
      return stream;
    }

    @Override
    public long size() {
      return -1;
    }
  }
}
