package dev.quicksilver.cli.demo;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Callable;

/** What the demo prints: headings, steps with their time, plain lines. */
final class Console {
  private final PrintWriter out;
  private final boolean colours;
  private volatile boolean quiet;

  Console(PrintWriter out) {
    this.out = out;
    this.colours = isTerminal() && System.getenv("NO_COLOR") == null;
  }

  @SuppressWarnings("SystemConsoleNull") // never null in JDK 25, but declared so
  private static boolean isTerminal() {
    java.io.Console console = System.console();
    return console != null && console.isTerminal();
  }

  PrintWriter writer() {
    return out;
  }

  /** Prints nothing any more: what fails while everything is being stopped is of no interest. */
  void quieten() {
    quiet = true;
  }

  void heading(String text) {
    line("");
    line(style("1", text));
  }

  void line(String text) {
    if (!quiet) {
      out.println(text);
      out.flush();
    }
  }

  /** Shows what is done while it is being done, and then how long it took. */
  <T> T step(String what, Callable<T> work) throws Exception {
    if (colours) {
      out.print("  … " + what);
      out.flush();
    }
    long start = System.nanoTime();
    T result;
    try {
      result = work.call();
    } catch (Exception e) {
      line((colours ? "\r" : "") + "  " + style("31", "✗") + " " + what);
      throw e;
    }
    Duration took = Duration.ofNanos(System.nanoTime() - start);
    String time = String.format(Locale.ROOT, "%5.1f s", took.toMillis() / 1e3);
    line(
        (colours ? "\r" : "")
            + String.format(
                Locale.ROOT, "  %s %-66s %s", style("32", "✓"), what, style("2", time)));
    return result;
  }

  private String style(String code, String text) {
    return colours ? "\u001b[" + code + "m" + text + "\u001b[0m" : text;
  }
}
