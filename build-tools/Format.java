import com.google.googlejavaformat.java.Main;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;

/**
 * Checks or repairs the format of every Java source below a directory with google-java-format. Run
 * by the build as a single-file program: {@code java -cp google-java-format-all-deps.jar
 * Format.java check|fix DIRECTORY}.
 */
final class Format {
  private Format() {}

  public static void main(String[] arguments) throws Exception {
    boolean fix = arguments[0].equals("fix");
    Path root = Path.of(arguments[1]);
    List<Path> sources = sources(root);
    List<String> options = new ArrayList<>();
    if (fix) {
      options.add("--replace");
    } else {
      options.addAll(List.of("--dry-run", "--set-exit-if-changed"));
    }
    sources.forEach(source -> options.add(source.toString()));

    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code =
        new Main(new PrintWriter(out), new PrintWriter(err), System.in)
            .format(options.toArray(String[]::new));
    if (code == 0) {
      System.out.println("format: " + sources.size() + " files " + (fix ? "formatted" : "checked"));
      return;
    }
    System.err.print(err);
    out.toString()
        .lines()
        .map(line -> "not formatted: " + root.relativize(Path.of(line)))
        .forEach(System.err::println);
    System.err.println("format: run ./quicksilver-format and commit what it changes.");
    System.exit(1);
  }

  private static List<Path> sources(Path root) throws IOException {
    List<Path> found = new ArrayList<>();
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
            String name = directory.getFileName().toString();
            boolean skip =
                !directory.equals(root) && (name.equals("target") || name.startsWith("."));
            return skip ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (file.toString().endsWith(".java")) {
              found.add(file);
            }
            return FileVisitResult.CONTINUE;
          }
        });
    found.sort(null);
    return found;
  }
}
