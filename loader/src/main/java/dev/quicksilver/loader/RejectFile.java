package dev.quicksilver.loader;

import dev.quicksilver.loader.Batch.Reject;
import dev.quicksilver.loader.read.Comments;
import dev.quicksilver.loader.read.Extent;
import dev.quicksilver.loader.source.Source;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The file of rejects: each record as it was, or as a text if it was none, after a line that says
 * where it stood and why it was refused. Mended, it can be loaded as its source was, or as it says
 * itself: {@link Comments} are read over. There is no file as long as nothing was rejected. Not
 * thread-safe.
 */
final class RejectFile implements AutoCloseable {
  private final Path path;
  private final List<Source> sources;
  private @Nullable OutputStream out;
  private byte[] header = {};

  /**
   * Makes sure that the file can be written.
   *
   * @param anew whether it may be there: this load has made it
   */
  RejectFile(Path path, List<Source> sources, boolean anew) throws LoadException {
    this.path = path;
    this.sources = sources;
    try {
      if (!Files.exists(path)) {
        return;
      }
      if (anew && isOurs()) {
        Files.delete(path);
        return;
      }
    } catch (IOException e) {
      throw failed(e);
    }
    throw new LoadException(
        path
            + " is there already, and rejects are to be written to it: take it away, or name"
            + " another file with --rejects");
  }

  private boolean isOurs() throws IOException {
    try (InputStream in = Files.newInputStream(path)) {
      byte[] first = in.readNBytes(Comments.FIRST.length());
      return first.length == 0 || new String(first, StandardCharsets.UTF_8).equals(Comments.FIRST);
    }
  }

  private LoadException failed(IOException e) {
    return new LoadException(
        "the rejects cannot be written to " + path + " (--rejects): " + Source.explain(e), e);
  }

  /**
   * Writes rejects, and hands them to the system.
   *
   * @param headers the first lines of sources, by number
   */
  void write(List<Reject> rejects, IntFunction<byte[]> headers) throws LoadException {
    if (rejects.isEmpty()) {
      return;
    }
    try {
      OutputStream file = out;
      if (file == null) {
        file = new BufferedOutputStream(Files.newOutputStream(path, StandardOpenOption.CREATE_NEW));
        out = file;
        write(file, Comments.FIRST);
        header = headers.apply(rejects.getFirst().source());
        file.write(header);
      }
      for (Reject reject : rejects) {
        if (!Arrays.equals(header, headers.apply(reject.source()))) {
          throw new LoadException(
              sources.get(reject.source() - 1).name()
                  + " names its columns otherwise than the sources before it, and records of both"
                  + " are rejected: load it alone");
        }
        write(file, reject);
      }
      file.flush();
    } catch (FileAlreadyExistsException e) {
      throw new LoadException(path + " was made meanwhile by somebody else (--rejects)", e);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private void write(OutputStream file, Reject reject) throws IOException {
    Extent extent = reject.extent();
    String where =
        sources.get(reject.source() - 1).name()
            + ", "
            + extent.place()
            + ", byte "
            + extent.offset()
            + ": "
            + reject.reason();
    String line =
        (extent.isWhole() ? Comments.BEFORE_RECORD : Comments.ALONE)
            + " "
            + where.replaceAll("\\s*\\R\\s*", " ");
    if (!extent.isWhole()) {
      write(file, line + " (" + extent.length() + " bytes, not kept here)\n");
      return;
    }
    write(file, line + "\n");
    byte[] text = extent.text();
    file.write(text);
    if (text.length == 0 || text[text.length - 1] != '\n') {
      file.write('\n');
    }
  }

  private static void write(OutputStream file, String text) throws IOException {
    file.write(text.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void close() throws LoadException {
    OutputStream file = out;
    if (file != null) {
      try {
        file.close();
      } catch (IOException e) {
        throw failed(e);
      }
    }
  }
}
