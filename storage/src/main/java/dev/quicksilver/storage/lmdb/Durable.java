package dev.quicksilver.storage.lmdb;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** File operations that survive a power cut, or leave nothing. Stateless. */
public final class Durable {
  private Durable() {}

  /** Makes a file durable. */
  public static void syncFile(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
  }

  /** Makes a file with a line of text, durably: the whole file is there or it is not. */
  public static void writeLine(Path folder, String name, String line) throws IOException {
    Path next = folder.resolve(name + ".next");
    Files.writeString(next, line + "\n");
    syncFile(next);
    Files.move(next, folder.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    syncFolder(folder);
  }

  /** Makes the names in a folder durable. */
  public static void syncFolder(Path folder) throws IOException {
    try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /** Removes a folder with all that is in it; nothing happens if it is not there. */
  public static void deleteTree(Path tree) throws IOException {
    if (!Files.exists(tree)) {
      return;
    }
    List<Path> files;
    try (Stream<Path> walk = Files.walk(tree)) {
      files = walk.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path file : files) {
      Files.deleteIfExists(file);
    }
  }
}
