package dev.quicksilver.replication;

import dev.quicksilver.storage.record.ChainHash;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/** Grows a payload. One thread. */
final class WireWriter {
  private ByteBuffer buffer = ByteBuffer.allocate(512);

  private ByteBuffer room(int bytes) {
    if (buffer.remaining() < bytes) {
      buffer =
          ByteBuffer.allocate(Math.max(buffer.capacity() * 2, buffer.position() + bytes))
              .put(buffer.flip());
    }
    return buffer;
  }

  WireWriter u8(int value) {
    room(1).put((byte) value);
    return this;
  }

  WireWriter u16(int value) {
    room(2).putShort((short) value);
    return this;
  }

  WireWriter u32(int value) {
    room(4).putInt(value);
    return this;
  }

  WireWriter i64(long value) {
    room(8).putLong(value);
    return this;
  }

  WireWriter uuid(UUID value) {
    return i64(value.getMostSignificantBits()).i64(value.getLeastSignificantBits());
  }

  WireWriter hash(ChainHash value) {
    return bytes(value.toBytes());
  }

  WireWriter bytes(byte[] value) {
    room(value.length).put(value);
    return this;
  }

  /** Returns how many bytes a text takes. */
  static int textLength(String value) {
    return 2 + Math.min(value.getBytes(StandardCharsets.UTF_8).length, Protocol.MAX_TEXT);
  }

  WireWriter text(String value) {
    return text(value, Protocol.MAX_TEXT);
  }

  /** Cuts what does not fit at a character. */
  WireWriter text(String value, int max) {
    byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
    int length = Math.min(utf8.length, max);
    while (length < utf8.length && length > 0 && (utf8[length] & 0xC0) == 0x80) {
      length--;
    }
    u16(length);
    room(length).put(utf8, 0, length);
    return this;
  }

  byte[] toBytes() {
    byte[] result = new byte[buffer.position()];
    buffer.flip().get(result);
    return result;
  }

  static boolean fits(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length <= Protocol.MAX_TEXT;
  }
}
