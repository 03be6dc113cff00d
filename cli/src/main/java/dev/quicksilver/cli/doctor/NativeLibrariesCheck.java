package dev.quicksilver.cli.doctor;

import dev.quicksilver.cli.doctor.Finding.Level;
import dev.quicksilver.storage.lmdb.NativeLibraries;
import dev.quicksilver.storage.lmdb.StorageException;
import java.nio.file.Path;
import java.util.List;

/** Whether there is a folder from which native libraries can be loaded. */
final class NativeLibrariesCheck implements Check {
  @Override
  public String name() {
    return "native-code";
  }

  @Override
  public List<Finding> run(Context context) {
    try {
      Path folder = NativeLibraries.folderAfter(context.existingData());
      return List.of(Finding.ok(name(), "native libraries can be unpacked in " + folder));
    } catch (StorageException e) {
      return List.of(
          Finding.of(
              Level.ERROR,
              name(),
              String.valueOf(e.getMessage()),
              "mount a folder without noexec"));
    }
  }
}
