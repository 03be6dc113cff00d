package dev.quicksilver.cli.config;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What this machine is called. */
final class HostName {
  /** Linux says it without asking a name server. */
  private static final Path KERNEL = Path.of("/proc/sys/kernel/hostname");

  private HostName() {}

  /** Returns the name; {@code localhost} if it has none. */
  static String get() {
    try {
      String name = Files.readString(KERNEL).strip();
      if (!name.isEmpty() && !name.equals("(none)")) {
        return name;
      }
    } catch (IOException e) {
      // not Linux, or hidden from this user: asked below
    }
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "localhost";
    }
  }
}
