package dev.quicksilver.cli.doctor;

import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.storage.DatabaseDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The room that the databases have: on the disk, and in their maps. */
final class DiskCheck implements Check {
  private static final String NAME = "disk";
  private static final long MIB = 1 << 20;

  /** With less a node may stop within minutes. */
  private static final long LEAST = 256 * MIB;

  private static final long LITTLE = 2048 * MIB;

  /**
   * The largest database.
   *
   * @param bytes of its file
   */
  record Largest(String name, long bytes) {}

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public List<Finding> run(Context context) throws IOException {
    if (!context.ownsData()) {
      return List.of(); // they write nothing there
    }
    return judge(
        context.data(),
        // Not Files.getFileStore, which looks for the mount: within a chroot there may be none.
        context.existingData().toFile().getUsableSpace(),
        context.configuration().get(Settings.DATA_MAP_SIZE) * MIB,
        largest(context.data()));
  }

  /** Judges what is free, in bytes. */
  static List<Finding> judge(Path data, long usable, long mapSize, Optional<Largest> largest) {
    List<Finding> findings = new ArrayList<>();
    String free = usable / MIB + " MiB are free for " + data;
    if (usable < LEAST) {
      findings.add(
          Finding.error(NAME, "only " + free, "make room, or set data.directory to a larger disk"));
    } else if (usable < LITTLE) {
      findings.add(
          Finding.warning(
              NAME, "only " + free, "make room, or set data.directory to a larger disk"));
    }
    if (largest.isPresent()) {
      String name = "database \"" + largest.get().name() + "\"";
      long bytes = largest.get().bytes();
      if (bytes > mapSize / 10 * 9) {
        findings.add(
            Finding.error(
                NAME,
                name + " has " + bytes / MIB + " MiB of the " + mapSize / MIB + " of its map",
                "set data.map-size to " + 2 * (mapSize / MIB) + ", and start the node again"));
      }
      if (bytes > usable) {
        findings.add(
            Finding.warning(
                NAME,
                name
                    + " has "
                    + bytes / MIB
                    + " MiB, and "
                    + free
                    + ": there is no room to copy it anew beside itself",
                "make room for the largest database once more"));
      }
    }
    if (findings.isEmpty()) {
      findings.add(Finding.ok(NAME, free));
    }
    return findings;
  }

  private static Optional<Largest> largest(Path data) throws IOException {
    DatabaseDirectory directory = new DatabaseDirectory(data);
    if (!directory.exists()) {
      return Optional.empty();
    }
    Largest largest = null;
    for (String name : directory.names()) {
      Optional<Path> file = directory.environment(name).map(at -> at.resolve("data.mdb"));
      if (file.isPresent() && Files.exists(file.get())) {
        long bytes = Files.size(file.get());
        if (largest == null || bytes > largest.bytes()) {
          largest = new Largest(name, bytes);
        }
      }
    }
    return Optional.ofNullable(largest);
  }
}
