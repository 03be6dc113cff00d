package dev.quicksilver.cli.doctor;

import dev.quicksilver.cli.config.Settings;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Optional;

/** The Unix socket of a RESP server: whether it can be made where it is to be. */
final class UnixSocketCheck implements Check {
  /** What sun_path has room for on Linux, but for the byte that ends it: unix(7). */
  private static final int LONGEST_BYTES = 107;

  private static final String ELSEWHERE = "set resp.unix-socket to another path";

  @Override
  public String name() {
    return "unix-socket";
  }

  @Override
  public List<Finding> run(Context context) {
    return context
        .configuration()
        .find(Settings.RESP_UNIX_SOCKET)
        .map(path -> List.of(judge(context, path)))
        .orElse(List.of());
  }

  private Finding judge(Context context, Path path) {
    String where = "resp.unix-socket = " + path;
    boolean own =
        context
            .running()
            .filter(running -> path.toString().equals(running.addresses().get("resp-unix")))
            .isPresent();
    if (own) {
      return Finding.ok(name(), where + " is this server's");
    }
    int bytes = path.toString().getBytes(StandardCharsets.UTF_8).length;
    if (bytes > LONGEST_BYTES) {
      return Finding.error(
          name(),
          where + " has " + bytes + " bytes, and a socket's path may have " + LONGEST_BYTES,
          "set resp.unix-socket to a shorter path, as /run/quicksilver/resp.sock");
    }
    Path folder = path.toAbsolutePath().normalize().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      return Finding.error(
          name(),
          where + " lies in no folder that is there",
          "mkdir -p " + folder + "; or " + ELSEWHERE);
    }
    return taken(path, where).orElseGet(() -> writable(folder, where));
  }

  /** A server takes the place of a socket that nobody listens at, and of nothing else. */
  private Optional<Finding> taken(Path path, String where) {
    try {
      if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
        return Optional.empty();
      }
      if (!Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
          .isOther()) {
        return Optional.of(
            Finding.error(
                name(), where + " is no socket", ELSEWHERE + ", or move away what is there"));
      }
      try (SocketChannel other = SocketChannel.open(StandardProtocolFamily.UNIX)) {
        var _ = other.connect(UnixDomainSocketAddress.of(path));
      }
      return Optional.of(
          Finding.error(
              name(),
              "another process listens at " + where,
              "end it (ss -lxp 'src = "
                  + path
                  + "' names it; systemd listens there for a socket unit, which is well if it is"
                  + " this server's), or "
                  + ELSEWHERE));
    } catch (IOException e) {
      return Optional.empty(); // nobody listens, or the probe of the folder says what is missing
    }
  }

  private Finding writable(Path folder, String where) {
    try {
      Files.delete(Files.createTempFile(folder, ".doctor-", ".probe"));
      return Finding.ok(name(), where + " can be made");
    } catch (IOException e) {
      String user = System.getProperty("user.name");
      return Finding.error(
          name(),
          where + " cannot be made: user " + user + " cannot write to " + folder + " (" + e + ")",
          "as root: chown " + user + " " + folder + "; or " + ELSEWHERE);
    }
  }
}
