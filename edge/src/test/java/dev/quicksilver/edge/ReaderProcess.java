package dev.quicksilver.edge;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.quicksilver.storage.lmdb.StorageException;
import java.nio.file.Path;

/** A program that reads one key, {@code DATA KEY}, and prints its value or what was refused. */
final class ReaderProcess {
  private ReaderProcess() {}

  public static void main(String[] arguments) {
    try (EdgeReader reader = EdgeReader.open(Path.of(arguments[0]), "edge")) {
      System.out.println(
          reader
              .get(arguments[1].getBytes(UTF_8))
              .map(pair -> new String(pair.value(), UTF_8))
              .orElse("absent"));
    } catch (StorageException e) {
      System.out.println(e.code() + ": " + e.getMessage());
    }
  }
}
