package dev.quicksilver.benchmarks;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The Debian package of these sources. */
final class DebianPackage {
  private DebianPackage() {}

  /** The package of these sources, made if it is missing or older than one of them. */
  static Path make(Path home) throws IOException, InterruptedException {
    Path made = newest(home);
    if (made == null || isOld(home, made)) {
      System.out.println("making the package");
      SystemPackages.run(
          List.of(
              "mvn",
              "--batch-mode",
              "--quiet",
              "--file",
              home.resolve("pom.xml").toString(),
              "-Dmaven.test.skip=true",
              "--projects",
              "ops",
              "--also-make",
              "package"));
      made = newest(home);
    }
    if (made == null) {
      throw new IOException("the build left no package in " + home.resolve("ops/target"));
    }
    return made;
  }

  private static @Nullable Path newest(Path home) throws IOException {
    Path target = home.resolve("ops/target");
    if (!Files.isDirectory(target)) {
      return null;
    }
    try (DirectoryStream<Path> all = Files.newDirectoryStream(target, "quicksilver_*.deb")) {
      Path newest = null;
      for (Path each : all) {
        if (newest == null
            || Files.getLastModifiedTime(each).compareTo(Files.getLastModifiedTime(newest)) > 0) {
          newest = each;
        }
      }
      return newest;
    }
  }

  private static boolean isOld(Path home, Path made) throws IOException {
    var time = Files.getLastModifiedTime(made);
    try (DirectoryStream<Path> modules = Files.newDirectoryStream(home)) {
      for (Path module : modules) {
        Path sources = module.resolve(module.endsWith("ops") ? "package" : "src/main");
        if (Files.isDirectory(sources)) {
          try (Stream<Path> all = Files.walk(sources)) {
            for (Path each : all.filter(Files::isRegularFile).toList()) {
              if (Files.getLastModifiedTime(each).compareTo(time) > 0) {
                return true;
              }
            }
          }
        }
      }
    }
    return Files.getLastModifiedTime(home.resolve("pom.xml")).compareTo(time) > 0
        || Files.getLastModifiedTime(home.resolve("quicksilver")).compareTo(time) > 0;
  }

  /** Makes a package that is newer than another, and otherwise the same; returns its version. */
  static String newer(Path deb, Path unpacked, Path newer)
      throws IOException, InterruptedException {
    SystemPackages.run(List.of("dpkg-deb", "--raw-extract", deb.toString(), unpacked.toString()));
    Path control = unpacked.resolve("DEBIAN/control");
    String text = Files.readString(control);
    String version = text.replaceFirst("(?s).*?(?m:^)Version: (\\S+).*", "$1") + "+1";
    Files.writeString(control, text.replaceFirst("(?m)^(Version: \\S+)", "$1+1"));
    SystemPackages.run(
        List.of("dpkg-deb", "-Zgzip", "--build", unpacked.toString(), newer.toString()));
    return version;
  }
}
