package dev.quicksilver.ops;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.quicksilver.cli.Quicksilver;
import dev.quicksilver.cli.cluster.Folders;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import picocli.AutoComplete;
import picocli.CommandLine;

/**
 * Lays out what a package installs: {@code SOURCES JARS ROOT TIME}, with the folder of the sources,
 * the jars that the cli module collects, the folder to make, and the time that all files get (ISO
 * 8601), so that the same sources give the same files. But for the cache of classes, which the JVM
 * writes otherwise each time.
 */
public final class Assembly {
  /**
   * What the product and its libraries need of the JDK: character sets for the loader, Kerberos for
   * the driver of PostgreSQL, and jcmd and the recorder to look into processes.
   */
  private static final String MODULES =
      "java.base,java.desktop,java.logging,java.management,java.naming,java.net.http,"
          + "java.security.jgss,java.security.sasl,java.sql,java.xml,jdk.charsets,"
          + "jdk.httpserver,jdk.jcmd,jdk.jfr,jdk.management,jdk.naming.dns,jdk.net,"
          + "jdk.security.auth,jdk.security.jgss,jdk.unsupported,jdk.zipfs";

  private static final String HOME = "usr/lib/quicksilver";
  private static final String DOCUMENTS = "usr/share/doc/quicksilver";

  /** Units of which two instances take turns in an upgrade. */
  private static final List<String> IN_TURNS =
      List.of("quicksilver-replica.service", "quicksilver-serve.service");

  private final Path sources;
  private final Path root;
  private final FileTime time;

  private Assembly(Path sources, Path root, FileTime time) {
    this.sources = sources;
    this.root = root;
    this.time = time;
  }

  public static void main(String[] arguments) throws IOException, InterruptedException {
    Path root = Path.of(arguments[2]);
    FileTime time = FileTime.from(Instant.parse(arguments[3]));
    new Assembly(Path.of(arguments[0]), root, time).make(Path.of(arguments[1]));
  }

  private void make(Path jars) throws IOException, InterruptedException {
    Folders.remove(root);
    Path home = root.resolve(HOME);
    Files.createDirectories(home);
    runtime(home.resolve("runtime"));
    jars(jars, home.resolve("lib"));
    copy(sources.resolve("quicksilver"), home.resolve("quicksilver"));
    Files.writeString(home.resolve("jvm.flags"), flags(), UTF_8);
    configuration();
    units();
    documents();
    setTimes(); // before the cache, which knows the files that it was made of by their times
    cache(home);
    setTimes();
  }

  /** As a process: inside another one, jlink makes a file that depends on what that did before. */
  private static void runtime(Path folder) throws IOException, InterruptedException {
    Path jlink = Path.of(System.getProperty("java.home"), "bin", "jlink");
    if (!Files.isExecutable(jlink)) {
      throw new IllegalStateException("there is no " + jlink + ": use a whole JDK 25");
    }
    Process linking =
        new ProcessBuilder(
                jlink.toString(),
                "--add-modules",
                MODULES,
                "--output",
                folder.toString(),
                "--strip-debug",
                "--no-header-files",
                "--no-man-pages",
                "--compress=zip-6")
            .inheritIO()
            .start();
    if (linking.waitFor() != 0) {
      throw new IllegalStateException("jlink failed with " + linking.exitValue());
    }
  }

  private void jars(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    NativeParts parts = NativeParts.ofThisMachine();
    for (Path jar : sorted(from, "*.jar")) {
      parts.copy(jar, to.resolve(jar.getFileName()), time);
    }
  }

  /** The JVM's options, which the root pom has for the tests, too. */
  private String flags() throws IOException {
    String name = "quicksilver.jvm.flags>";
    String pom = Files.readString(sources.resolve("pom.xml"), UTF_8);
    int begin = pom.indexOf("<" + name);
    int end = pom.indexOf("</" + name);
    if (begin < 0 || end < 0) {
      throw new IllegalStateException("pom.xml has no " + name);
    }
    return pom.substring(begin + 1 + name.length(), end) + "\n";
  }

  private void configuration() throws IOException {
    Path folder = root.resolve("etc/quicksilver");
    Files.createDirectories(folder);
    for (Path sample : sorted(sources.resolve("ops/config"), "*.toml")) {
      write(folder.resolve(sample.getFileName()), installed(sample));
    }
  }

  private void units() throws IOException {
    Path folder = root.resolve("usr/lib/systemd/system");
    Files.createDirectories(folder);
    for (Path unit : sorted(sources.resolve("ops/systemd"), "*.service")) {
      String text = installed(unit);
      String name = unit.getFileName().toString();
      write(folder.resolve(name), text);
      if (IN_TURNS.contains(name)) {
        write(folder.resolve(name.replace(".service", "@.service")), text);
      }
    }
    for (Path unit : sorted(sources.resolve("ops/systemd"), "*.socket")) {
      write(folder.resolve(unit.getFileName()), installed(unit)); // for both instances, too
    }
    Path dashboards = root.resolve("usr/share/quicksilver/grafana");
    Files.createDirectories(dashboards);
    for (Path file : sorted(sources.resolve("ops/grafana"), "*.json")) {
      write(dashboards.resolve(file.getFileName()), Files.readString(file, UTF_8));
    }
    Path rules = root.resolve("usr/share/quicksilver/prometheus");
    Files.createDirectories(rules);
    for (Path file : sorted(sources.resolve("ops/prometheus"), "*.yml")) {
      write(rules.resolve(file.getFileName()), installed(file));
    }
    functions();
  }

  /** What an analyst loads into a PostgreSQL that is not the central one. */
  private void functions() throws IOException {
    Path folder = root.resolve("usr/share/quicksilver/sql");
    Files.createDirectories(folder);
    Path from = sources.resolve("sql/src/main/resources/dev/quicksilver/sql");
    for (String file : List.of("R__attach_edge.sql", "R__keys.sql")) {
      copy(from.resolve(file), folder.resolve(file));
    }
  }

  /** A text of ops/ as it reads on a machine with the package instead of the built project. */
  private static String installed(Path file) throws IOException {
    List<String> lines = new ArrayList<>();
    for (String line : Files.readAllLines(file, UTF_8)) {
      if (!line.startsWith("# Copy to ") && !line.startsWith("Environment=QUICKSILVER_SKIP_")) {
        lines.add(
            line.replace("/opt/quicksilver/quicksilver", "/usr/bin/quicksilver")
                .replace("file:///opt/quicksilver/docs", "file:///" + DOCUMENTS)
                .replace("docs/", "/" + DOCUMENTS + "/")
                .replace("/" + DOCUMENTS + "//", "/" + DOCUMENTS + "/"));
      }
    }
    return String.join("\n", lines) + "\n";
  }

  private void documents() throws IOException {
    Path folder = root.resolve(DOCUMENTS);
    Path pages = sources.resolve("docs");
    try (Stream<Path> all = Files.walk(pages)) {
      for (Path page : all.filter(Files::isRegularFile).toList()) {
        Path to = folder.resolve(pages.relativize(page).toString());
        Files.createDirectories(to.getParent());
        copy(page, to);
      }
    }
    for (String page : List.of("README.md", "CHANGELOG.md")) { // they are beside the others here
      String text = Files.readString(sources.resolve(page), UTF_8);
      write(folder.resolve(page), text.replace("](docs/", "]("));
    }
    copy(sources.resolve("ops/package/copyright"), folder.resolve("copyright"));
    CommandLine commands = Quicksilver.commandLine();
    Path manual = root.resolve("usr/share/man/man1");
    Files.createDirectories(manual);
    for (Map.Entry<String, String> page : ManualPages.of(commands).entrySet()) {
      try (OutputStream out =
          new GZIPOutputStream(Files.newOutputStream(manual.resolve(page.getKey() + ".1.gz")))) {
        out.write(page.getValue().getBytes(UTF_8));
      }
    }
    Path completions = root.resolve("usr/share/bash-completion/completions");
    Files.createDirectories(completions);
    write(completions.resolve("quicksilver"), AutoComplete.bash("quicksilver", commands));
  }

  /** The cache that spares each start the loading of classes, made as it will be used. */
  private static void cache(Path home) throws IOException, InterruptedException {
    Process making =
        new ProcessBuilder(home.resolve("quicksilver").toString(), "--make-cache")
            .inheritIO()
            .start();
    if (making.waitFor() != 0) {
      throw new IllegalStateException("no cache of classes could be made");
    }
  }

  private static List<Path> sorted(Path folder, String pattern) throws IOException {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(folder, pattern)) {
      all.forEach(files::add);
    }
    files.sort(Comparator.naturalOrder());
    if (files.isEmpty()) {
      throw new IOException(folder + " has no " + pattern);
    }
    return files;
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.copy(from, to, StandardCopyOption.COPY_ATTRIBUTES);
  }

  private static void write(Path file, String text) throws IOException {
    Files.writeString(file, text, UTF_8);
  }

  /** Gives all files the time and the rights that a package has; executables stay so. */
  private void setTimes() throws IOException {
    try (Stream<Path> all = Files.walk(root)) {
      for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
        if (!Files.isSymbolicLink(each)) {
          boolean runs = Files.isDirectory(each) || Files.isExecutable(each);
          Files.setPosixFilePermissions(
              each, PosixFilePermissions.fromString(runs ? "rwxr-xr-x" : "rw-r--r--"));
          Files.setLastModifiedTime(each, time);
        }
      }
    }
  }
}
