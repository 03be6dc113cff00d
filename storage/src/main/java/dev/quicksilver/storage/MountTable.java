package dev.quicksilver.storage;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What Linux says of mounted file systems in {@code /proc/self/mountinfo}: a line each, with fields
 * separated by blanks. The fifth is the mount point, in which a blank is {@code \040}; after a
 * field that is "-" come type and source (proc_pid_mountinfo(5)).
 */
final class MountTable {
  private static final int POINT = 4;

  /**
   * A mounted file system.
   *
   * @param type as in {@code ext4} or {@code fuse.sshfs}
   * @param source a device, or what a network file system comes from
   */
  record Mount(Path point, String type, String source) {
    @Override
    public String toString() {
      return type + " (" + source + ", mounted at " + point + ")";
    }
  }

  private final List<Mount> mounts;

  private MountTable(List<Mount> mounts) {
    this.mounts = mounts;
  }

  /** Reads the text of the file; lines of another form are passed over. */
  static MountTable parse(String text) {
    List<Mount> mounts = new ArrayList<>();
    for (String line : text.split("\n", -1)) {
      List<String> fields = List.of(line.split(" ", -1));
      int dash = fields.indexOf("-");
      if (dash > POINT && fields.size() > dash + 2) {
        mounts.add(
            new Mount(
                Path.of(unescaped(fields.get(POINT))),
                fields.get(dash + 1),
                unescaped(fields.get(dash + 2))));
      }
    }
    return new MountTable(mounts);
  }

  private static String unescaped(String field) {
    return field
        .replace("\\040", " ")
        .replace("\\011", "\t")
        .replace("\\012", "\n")
        .replace("\\134", "\\");
  }

  /**
   * Returns the file system that a path lies on: of those that are mounted above it the one that is
   * nearest, and of several at one point the last, which hides the others.
   *
   * @param path without symbolic links
   */
  Optional<Mount> of(Path path) {
    Mount found = null;
    for (Mount mount : mounts) {
      if (path.startsWith(mount.point())
          && (found == null || mount.point().getNameCount() >= found.point().getNameCount())) {
        found = mount;
      }
    }
    return Optional.ofNullable(found);
  }
}
