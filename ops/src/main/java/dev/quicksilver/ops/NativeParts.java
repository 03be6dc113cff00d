package dev.quicksilver.ops;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * What jars hold for one kind of machine: each brings its native libraries for a dozen, all but one
 * of which are of no use in a package.
 */
final class NativeParts {
  private static final Pattern NATIVE = Pattern.compile(".*\\.(so|dll|dylib|jnilib|a|txz)$");

  private final Pattern kept;

  private NativeParts(String... places) {
    List<String> quoted = new ArrayList<>();
    for (String place : places) {
      quoted.add(Pattern.quote(place));
    }
    this.kept = Pattern.compile("(.*/)?(" + String.join("|", quoted) + ")([./].*)");
  }

  /**
   * Those of the machine that runs this.
   *
   * @throws IllegalStateException if the product does not run there
   */
  static NativeParts ofThisMachine() {
    String system = System.getProperty("os.name", "");
    String architecture = System.getProperty("os.arch", "");
    return switch (system + " " + architecture) {
      case "Linux amd64" ->
          new NativeParts(
              "x86_64-Linux",
              "Linux/x86_64",
              "x86_64-linux-gnu",
              "linux/amd64",
              "postgres-linux-x86_64");
      case "Linux aarch64" ->
          new NativeParts(
              "aarch64-Linux",
              "Linux/aarch64",
              "Linux/arm64",
              "aarch64-linux-gnu",
              "linux/aarch64",
              "postgres-linux-arm_64");
      default ->
          throw new IllegalStateException(
              "packages are made on Linux, on amd64 or aarch64, and not on "
                  + system
                  + " "
                  + architecture);
    };
  }

  /**
   * Copies a jar without the parts for other machines; not at all if it holds nothing else. A jar
   * without native parts is copied as it is.
   *
   * @throws IOException if it has native parts for other machines only, and code that wants them
   */
  void copy(Path from, Path to, FileTime time) throws IOException {
    try (ZipFile jar = new ZipFile(from.toFile())) {
      List<ZipEntry> entries = new ArrayList<>();
      int natives = 0;
      int ours = 0;
      boolean code = false;
      for (ZipEntry entry : jar.stream().map(ZipEntry.class::cast).toList()) {
        boolean isNative = NATIVE.matcher(entry.getName()).matches();
        natives += isNative ? 1 : 0;
        code |= entry.getName().endsWith(".class");
        if (!isNative) {
          entries.add(entry);
        } else if (kept.matcher(entry.getName()).matches()) {
          ours++;
          entries.add(entry);
        }
      }
      if (natives == ours) {
        Files.copy(from, to);
      } else if (ours > 0) {
        write(jar, entries, to, time);
      } else if (code) {
        throw new IOException(
            from.getFileName() + " has native parts, and none for this machine: name its folder");
      }
    }
  }

  private static void write(ZipFile jar, List<ZipEntry> entries, Path to, FileTime time)
      throws IOException {
    try (OutputStream out = Files.newOutputStream(to);
        ZipOutputStream copy = new ZipOutputStream(out)) {
      for (ZipEntry entry : entries) {
        ZipEntry same = new ZipEntry(entry.getName());
        same.setTime(time.toMillis());
        copy.putNextEntry(same);
        try (InputStream in = jar.getInputStream(entry)) {
          in.transferTo(copy);
        }
        copy.closeEntry();
      }
    }
  }
}
