package dev.quicksilver.cli.process;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;

/** Whether this user may look into a data directory, and who may. Stateless. */
public final class DirectoryAccess {
  private DirectoryAccess() {}

  /**
   * Does nothing if the directory can be looked into, or is not there.
   *
   * @throws CommandException if this user may not
   */
  public static void require(Path directory) {
    try {
      boolean isDirectory =
          Files.readAttributes(directory, BasicFileAttributes.class).isDirectory();
      if (isDirectory && !(Files.isReadable(directory) && Files.isExecutable(directory))) {
        throw refused(directory);
      }
    } catch (AccessDeniedException e) {
      throw refused(directory);
    } catch (IOException e) {
      // It is not there: whoever needs it says so.
    }
  }

  private static CommandException refused(Path directory) {
    return new CommandException(
        ExitCode.FAILURE,
        "user "
            + System.getProperty("user.name")
            + " may not look into the data directory "
            + directory
            + ": run this as the user who may"
            + owner(directory)
                .map(owner -> " (" + owner + "): sudo -u " + owner + " quicksilver …")
                .orElse(""));
  }

  /** The owner of the directory, or of the one above it that hides it. */
  private static Optional<String> owner(Path directory) {
    for (Path at = directory.toAbsolutePath(); at != null; at = at.getParent()) {
      try {
        return Optional.of(Files.getOwner(at).getName());
      } catch (IOException | UnsupportedOperationException e) {
        // Hidden by the one above.
      }
    }
    return Optional.empty();
  }
}
