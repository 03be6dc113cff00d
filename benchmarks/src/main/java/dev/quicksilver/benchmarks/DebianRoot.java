package dev.quicksilver.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.quicksilver.cli.cluster.Folders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A Debian of the least that it can be, in a folder, made by debootstrap; programs run in it with
 * chroot. No systemd runs there: units are started by their own lines, as it would; {@link
 * BootedDebian} has one. Needs root.
 */
final class DebianRoot implements AutoCloseable {
  /** What dpkg and the tools for users write about what they did. */
  private static final Pattern BOOKS =
      Pattern.compile(
          "(proc|dev|sys|var/lib/dpkg|var/log)(/.*)?|etc/(passwd|group|shadow|gshadow|subuid|subgid)-?");

  private static final Pattern SETTING = Pattern.compile("^(\\w+)=(.*)$");

  private final Path root;
  private final List<Process> running = new ArrayList<>();

  private DebianRoot(Path root) {
    this.root = root;
  }

  /**
   * Makes one.
   *
   * @param root a folder that does not exist; it goes when this is closed
   * @param packages what it has besides the least
   */
  static DebianRoot make(Path root, String... packages) throws IOException, InterruptedException {
    if (!"root".equals(System.getProperty("user.name"))) {
      throw new IOException("packages are installed by root: run this as root");
    }
    SystemPackages.attempt(
        () -> SystemPackages.run(List.of("debootstrap", "--version")), "debootstrap");
    String source =
        SystemPackages.run(
                List.of("apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME)"))
            .lines()
            .filter(line -> line.contains("debian") && !line.contains("security"))
            .filter(line -> !line.endsWith("-updates"))
            .findFirst()
            .orElseThrow(
                () -> new IOException("apt knows no package lists: apt-get update, then again"));
    int space = source.indexOf(' ');
    var debian = new DebianRoot(root);
    List<String> command = new ArrayList<>(List.of("debootstrap", "--variant=minbase"));
    if (packages.length > 0) {
      command.add("--include=" + String.join(",", packages));
    }
    command.addAll(
        List.of(source.substring(space + 1), root.toString(), source.substring(0, space)));
    try {
      SystemPackages.run(command);
      return debian;
    } catch (IOException | InterruptedException e) {
      debian.close();
      throw e;
    }
  }

  /** Where a path of the Debian is. */
  Path at(String path) {
    return root.resolve(path.replaceFirst("^/", ""));
  }

  /** All files and folders, but for the books that dpkg keeps. */
  Set<String> files() throws IOException {
    try (Stream<Path> all = Files.walk(root)) {
      Set<String> files = new TreeSet<>();
      all.map(each -> root.relativize(each).toString())
          .filter(each -> !BOOKS.matcher(each).matches())
          .forEach(files::add);
      return files;
    }
  }

  /** Runs a command of a shell as root; returns what it printed. */
  String run(String command) throws IOException, InterruptedException {
    Process process = start("root", Map.of(), ProcessBuilder.Redirect.PIPE, "sh", "-c", command);
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    if (process.waitFor() != 0) {
      throw new IOException(command + " failed: " + output);
    }
    return output;
  }

  /**
   * Starts a unit's service, with the folders that systemd would make for it.
   *
   * @param changed words of its ExecStart and what stands there instead
   */
  Process startUnit(String unit, Map<String, String> changed, Path log)
      throws IOException, InterruptedException {
    Map<String, List<String>> settings = new HashMap<>();
    for (String line : Files.readAllLines(at("usr/lib/systemd/system/" + unit))) {
      Matcher setting = SETTING.matcher(line);
      if (setting.matches()) {
        settings.computeIfAbsent(setting.group(1), name -> new ArrayList<>()).add(setting.group(2));
      }
    }
    String user = settings.getOrDefault("User", List.of("root")).getFirst();
    Map<String, String> folders =
        Map.of(
            "StateDirectory", "/var/lib/",
            "CacheDirectory", "/var/cache/",
            "RuntimeDirectory", "/run/");
    for (Map.Entry<String, String> each : folders.entrySet()) {
      for (String folder : settings.getOrDefault(each.getKey(), List.of())) {
        run("install -d -o " + user + " -g " + user + " -m 0750 " + each.getValue() + folder);
      }
    }
    Map<String, String> variables = new HashMap<>();
    for (String variable : settings.getOrDefault("Environment", List.of())) {
      int equals = variable.indexOf('=');
      variables.put(variable.substring(0, equals), variable.substring(equals + 1));
    }
    String[] words =
        Arrays.stream(settings.getOrDefault("ExecStart", List.of()).getFirst().split(" ", -1))
            .map(word -> changed.getOrDefault(word, word))
            .toArray(String[]::new);
    Process process = start(user, variables, ProcessBuilder.Redirect.appendTo(log.toFile()), words);
    running.add(process);
    return process;
  }

  /** Replaces itself with the program, so that signals reach it; its mounts go with it. */
  private Process start(
      String user, Map<String, String> variables, ProcessBuilder.Redirect output, String... words)
      throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                "unshare",
                "--mount",
                "sh",
                "-c",
                "mount --bind /proc \"$0/proc\" && mount --bind /dev \"$0/dev\" && user=$1 && shift"
                    + " && exec chroot --userspec=\"$user\" \"$0\" \"$@\"",
                root.toString(),
                user + ":" + user));
    command.addAll(List.of(words));
    var builder = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(output);
    builder.environment().clear();
    builder.environment().put("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    builder.environment().put("DEBIAN_FRONTEND", "noninteractive");
    builder.environment().putAll(variables);
    return builder.start();
  }

  /** Ends what still runs, and removes the folder. */
  @Override
  public void close() throws IOException {
    for (Process each : running) {
      each.destroyForcibly();
    }
    try {
      for (Process each : running) {
        each.waitFor(1, TimeUnit.MINUTES);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Folders.remove(root);
  }
}
