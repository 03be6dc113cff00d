package dev.quicksilver.cli.config;

import java.nio.file.InvalidPathException;

/** What can be wrong with a path before anybody looks whether it is there. */
public final class Paths {
  private Paths() {}

  /** Says what is wrong with a path, and the cure, in one line. */
  public static String explain(InvalidPathException wrong) {
    // In the locale C a JVM knows names of ASCII letters alone, and there is no other way to tell
    // it.
    String charset = System.getProperty("sun.jnu.encoding", "");
    return "the path \""
        + wrong.getInput()
        + "\" cannot be used: "
        + (charset.equals("UTF-8")
            ? wrong.getReason()
            : "names of files are in " + charset + " in this locale; set LC_ALL=C.UTF-8");
  }
}
