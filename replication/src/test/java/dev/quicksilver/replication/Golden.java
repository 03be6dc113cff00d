package dev.quicksilver.replication;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;

/**
 * Bytes of a format's version as they are checked in: hexadecimal text, a line per field, each with
 * a comment. {@code -Dquicksilver.golden=write} writes the files instead of comparing with them.
 *
 * @param version of the format, a folder of its own
 * @param fields what stands where, in order: {@code name:bytes}, {@code name:text} for a length u16
 *     and as many bytes, or {@code name:rest}
 */
record Golden(int version, String name, byte[] bytes, List<String> fields) {
  private static final Path FOLDER = Path.of("src/test/resources/golden");
  private static final HexFormat HEX = HexFormat.of();
  private static final int LINE = 32;

  /** Returns the bytes that are checked in, after writing them if that is what was asked for. */
  byte[] checkedIn() throws IOException {
    Path folder = FOLDER.resolve("v" + version);
    Path file = folder.resolve(name + ".hex");
    if ("write".equals(System.getProperty("quicksilver.golden"))) {
      Files.createDirectories(folder);
      Files.writeString(file, text());
    }
    ByteArrayOutputStream result = new ByteArrayOutputStream();
    for (String line : Files.readAllLines(file)) {
      int comment = line.indexOf('#');
      String digits = comment < 0 ? line : line.substring(0, comment);
      result.writeBytes(HEX.parseHex(digits.replace(" ", "")));
    }
    return result.toByteArray();
  }

  private String text() {
    StringBuilder text = new StringBuilder("# " + name + "\n");
    int at = 0;
    for (String field : fields) {
      String label = field.substring(0, field.lastIndexOf(':'));
      at =
          switch (field.substring(field.lastIndexOf(':') + 1)) {
            case "text" -> {
              int length = (bytes[at] & 0xFF) << 8 | (bytes[at + 1] & 0xFF);
              line(text, at, 2, label + ", length");
              line(text, at + 2, length, label);
              yield at + 2 + length;
            }
            case "rest" -> line(text, at, bytes.length - at, label);
            case String length -> line(text, at, Integer.parseInt(length), label);
          };
    }
    if (at != bytes.length) {
      throw new AssertionError(
          name + " has " + bytes.length + " bytes, its fields describe " + at + ": " + fields);
    }
    return text.toString();
  }

  private int line(StringBuilder to, int from, int length, String label) {
    for (int at = from; at < from + length; at += LINE) {
      int end = Math.min(at + LINE, from + length);
      to.append(HEX.formatHex(bytes, at, end)).append("  # ").append(at).append("  ");
      to.append(at == from ? label : "…").append('\n');
    }
    return from + length;
  }
}
