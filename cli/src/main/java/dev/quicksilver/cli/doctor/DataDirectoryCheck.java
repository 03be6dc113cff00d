package dev.quicksilver.cli.doctor;

import dev.quicksilver.storage.DatabaseDirectory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The data directory: there, writable, and all of it one user's. */
final class DataDirectoryCheck implements Check {
  /** Deep enough for {@code databases/NAME/GENERATION/data.mdb}. */
  private static final int DEPTH = 5;

  private static final int MOST_FILES = 20_000;

  @Override
  public String name() {
    return "data-directory";
  }

  @Override
  public List<Finding> run(Context context) throws IOException {
    Path data = context.data();
    if (!context.ownsData() && !new DatabaseDirectory(data).exists()) {
      return List.of(
          Finding.error(
              name(),
              data + (Files.exists(data) ? " holds no databases" : " is not there"),
              "set data.directory to that of a replica on this machine, and start the replica"
                  + " first"));
    }
    Path there = context.existingData();
    if (!Files.isDirectory(there)) {
      return List.of(
          Finding.error(
              name(), there + " is a file", "move it away, or set data.directory to a folder"));
    }
    Path written = there.equals(data) && !context.ownsData() ? data.resolve("run") : there;
    Path folder = Files.isDirectory(written) ? written : there;
    UserPrincipal user;
    try {
      user = probe(folder);
    } catch (IOException e) {
      return List.of(notWritable(data, folder, e));
    }
    if (!there.equals(data)) {
      return List.of(Finding.ok(name(), data + " is not there yet, and " + user + " may make it"));
    }
    return owners(context, data, user);
  }

  /** Writes what a node would write, and returns as whom. */
  private static UserPrincipal probe(Path folder) throws IOException {
    Path probe = Files.createTempFile(folder, ".doctor-", ".probe");
    try {
      Files.write(probe, new byte[4096]);
      return Files.getOwner(probe);
    } finally {
      Files.deleteIfExists(probe);
    }
  }

  private Finding notWritable(Path data, Path folder, IOException e) {
    String user = System.getProperty("user.name");
    return Finding.error(
        name(),
        "user " + user + " cannot write to " + folder + " (" + e + ")",
        "as root: mkdir -p "
            + data
            + " && chown -R "
            + user
            + " "
            + data
            + "; if the file system is read-only or full, set data.directory to another; or run"
            + " doctor as the user that the node runs as");
  }

  private List<Finding> owners(Context context, Path data, UserPrincipal user) throws IOException {
    UserPrincipal owner = Files.getOwner(data);
    List<Finding> findings = new ArrayList<>();
    if (context.ownsData()) {
      foreign(data, owner)
          .ifPresent(
              other ->
                  findings.add(
                      Finding.error(
                          name(),
                          other.path()
                              + " belongs to "
                              + other.owner()
                              + ", "
                              + data
                              + " to "
                              + owner,
                          "as root: chown -R "
                              + owner.getName()
                              + " "
                              + data
                              + "; run commands that write there as "
                              + owner.getName())));
      if (!owner.equals(user)) {
        findings.add(
            Finding.warning(
                name(),
                data + " belongs to " + owner.getName() + ", and this is " + user.getName(),
                "run doctor as the node's user: sudo -u "
                    + owner.getName()
                    + " quicksilver doctor"));
      }
    }
    if (findings.isEmpty()) {
      findings.add(Finding.ok(name(), data + " is writable for " + user.getName()));
    }
    return findings;
  }

  private record Foreign(Path path, UserPrincipal owner) {}

  /** The first file that another user than the directory's has made, as a command run by root. */
  private static Optional<Foreign> foreign(Path data, UserPrincipal owner) throws IOException {
    try (Stream<Path> all = Files.walk(data, DEPTH)) {
      return all.limit(MOST_FILES)
          .flatMap(path -> owner(path).map(its -> new Foreign(path, its)).stream())
          .filter(each -> !each.owner().equals(owner))
          .findFirst();
    } catch (UncheckedIOException e) {
      throw e.getCause() == null ? new IOException(e) : e.getCause();
    }
  }

  private static Optional<UserPrincipal> owner(Path path) {
    try {
      return Optional.of(Files.getOwner(path));
    } catch (IOException e) {
      return Optional.empty(); // deleted meanwhile
    }
  }
}
