package dev.quicksilver.cli.config;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.util.List;

/** A file whose first line is a secret. */
public final class SecretFile {
  private static final int SHORTEST_TOKEN = 16;

  private SecretFile() {}

  /**
   * Reads a token: what is sent as {@code Authorization: Bearer}.
   *
   * @param place what names the file: a setting or a flag
   * @throws ConfigurationException if the file cannot be read, or its first line is no token
   */
  public static String token(Path file, String place) {
    String token = firstLine(file, place, "token").strip();
    if (token.length() < SHORTEST_TOKEN || !token.matches("[\\x21-\\x7e]+")) {
      throw new ConfigurationException(
          place
              + ": the first line of "
              + file
              + " is no token: "
              + SHORTEST_TOKEN
              + " or more visible ASCII characters, as of: openssl rand -hex 32");
    }
    return token;
  }

  /**
   * Reads a password.
   *
   * @param place what names the file
   * @throws ConfigurationException if the file cannot be read, or its first line is empty
   */
  static String password(Path file, String place) {
    String password = firstLine(file, place, "password");
    if (password.isEmpty()) {
      throw new ConfigurationException(
          place + ": " + file + " is empty: its first line is the password");
    }
    return password;
  }

  /** Returns the first line; empty if there is none. */
  private static String firstLine(Path file, String place, String what) {
    try {
      List<String> lines = Files.readAllLines(file);
      return lines.isEmpty() ? "" : lines.getFirst();
    } catch (NoSuchFileException e) {
      throw new ConfigurationException(
          place
              + ": there is no file "
              + file
              + " with the "
              + what
              + ": make it, or correct the path");
    } catch (AccessDeniedException e) {
      throw new ConfigurationException(
          place
              + ": user "
              + System.getProperty("user.name")
              + " may not read "
              + file
              + " with the "
              + what
              + ": give this user the right to it and to its folder");
    } catch (IOException e) {
      throw new ConfigurationException(
          place
              + ": cannot read the "
              + what
              + " from "
              + file
              + " ("
              + e
              + "): make it a text file");
    }
  }

  /**
   * Returns whether every user of this machine can read a file; false where that is not known.
   *
   * @throws IOException if the file cannot be looked at
   */
  public static boolean isOpen(Path file) throws IOException {
    PosixFileAttributeView view =
        Files.getFileAttributeView(file, PosixFileAttributeView.class, new LinkOption[0]);
    return view != null
        && Files.exists(file)
        && view.readAttributes().permissions().contains(PosixFilePermission.OTHERS_READ);
  }
}
