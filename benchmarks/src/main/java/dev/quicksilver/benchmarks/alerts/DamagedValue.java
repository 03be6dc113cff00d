package dev.quicksilver.benchmarks.alerts;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.quicksilver.storage.DatabaseDirectory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;

/** What a bad disk does. */
record DamagedValue(AlertTree tree) implements Trial {
  @Override
  public String what() {
    return "a value is changed in the edge's file and read; then copied anew";
  }

  @Override
  public Set<String> alerts() {
    return Set.of("QuicksilverDamaged " + tree.instance(AlertTree.EDGE));
  }

  @Override
  public void cause() {}

  /** The page may be written again, sound, by a commit that comes just then. */
  @Override
  public void causeMore() throws Exception {
    damage();
    tree.cluster().ask(AlertTree.EDGE, "/get?database=dns&key=damaged");
  }

  private void damage() throws IOException {
    Path file =
        new DatabaseDirectory(tree.cluster().data(AlertTree.EDGE))
            .environment("dns")
            .orElseThrow()
            .resolve("data.mdb");
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      String bytes = new String(Files.readAllBytes(file), ISO_8859_1);
      String value = AlertTree.SOUND_VALUE;
      for (int at = bytes.indexOf(value); at >= 0; at = bytes.indexOf(value, at + 1)) {
        channel.write(ByteBuffer.wrap("T".getBytes(UTF_8)), at);
      }
    }
  }

  @Override
  public void cure() throws Exception {
    tree.copyAnew(AlertTree.EDGE);
  }
}
