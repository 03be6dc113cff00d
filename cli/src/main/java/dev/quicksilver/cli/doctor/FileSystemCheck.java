package dev.quicksilver.cli.doctor;

import dev.quicksilver.cli.doctor.Finding.Level;
import dev.quicksilver.storage.LocalDisk;
import dev.quicksilver.storage.lmdb.StorageException;
import java.util.List;

/** What the data directory lies on: no network, and no layer of a container. */
final class FileSystemCheck implements Check {
  private static final String CURE = "set data.directory to a disk of this machine";

  @Override
  public String name() {
    return "file-system";
  }

  @Override
  public List<Finding> run(Context context) {
    try {
      return List.of(
          LocalDisk.doubt(context.data(), context.system().resolve("proc/self/mountinfo"))
              .map(doubt -> Finding.of(Level.WARNING, name(), doubt, CURE))
              .orElseGet(
                  () -> Finding.ok(name(), context.data() + " lies on a disk of this machine")));
    } catch (StorageException e) {
      return List.of(Finding.of(Level.ERROR, name(), String.valueOf(e.getMessage()), CURE));
    }
  }
}
