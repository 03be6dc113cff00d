package dev.quicksilver.bridge.evaluate;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/** The fields of a DataRow message in text format. */
final class DataRow {
  private DataRow() {}

  static void read(byte[] body, List<Optional<String>> into) {
    ByteBuffer in = ByteBuffer.wrap(body);
    int count = in.getShort();
    for (int i = 0; i < count; i++) {
      int length = in.getInt();
      if (length < 0) {
        into.add(Optional.empty());
      } else {
        into.add(Optional.of(new String(body, in.position(), length, StandardCharsets.UTF_8)));
        in.position(in.position() + length);
      }
    }
  }
}
