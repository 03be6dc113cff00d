package dev.quicksilver.replication;

import dev.quicksilver.storage.record.ChainHash;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/**
 * Takes a payload apart; every surplus, shortage or impossible value is a {@link
 * ProtocolException}. One thread.
 */
final class WireReader {
  private final ByteBuffer buffer;

  WireReader(byte[] payload) {
    this.buffer = ByteBuffer.wrap(payload);
  }

  int u8() throws ProtocolException {
    return Byte.toUnsignedInt(need(1).get());
  }

  int u16() throws ProtocolException {
    return Short.toUnsignedInt(need(2).getShort());
  }

  int u32() throws ProtocolException {
    return need(4).getInt();
  }

  long i64() throws ProtocolException {
    return need(8).getLong();
  }

  /** A sequence: never negative. */
  long sequence() throws ProtocolException {
    long value = i64();
    if (value < 0) {
      throw new ProtocolException("a sequence of " + Long.toUnsignedString(value));
    }
    return value;
  }

  UUID uuid() throws ProtocolException {
    return new UUID(i64(), i64());
  }

  ChainHash hash() throws ProtocolException {
    return ChainHash.of(bytes(ChainHash.LENGTH), 0);
  }

  byte[] bytes(int length) throws ProtocolException {
    ByteBuffer from = need(length);
    byte[] result = new byte[length];
    from.get(result);
    return result;
  }

  String text() throws ProtocolException {
    return text(Protocol.MAX_TEXT);
  }

  String text(int max) throws ProtocolException {
    int length = u16();
    if (length > max) {
      throw new ProtocolException(
          "a text of " + length + " bytes, at most " + max + " are allowed");
    }
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes(length))).toString();
    } catch (CharacterCodingException e) {
      throw new ProtocolException("a text that is not UTF-8");
    }
  }

  <E extends Message.Numbered> E choice(E[] values) throws ProtocolException {
    int number = u8();
    for (E value : values) {
      if (value.number() == number) {
        return value;
      }
    }
    throw new ProtocolException("a choice of " + number + " that does not exist");
  }

  /** Passes over bytes that are read elsewhere. */
  void skip(int length) throws ProtocolException {
    ByteBuffer from = need(length);
    from.position(from.position() + length);
  }

  void end() throws ProtocolException {
    if (buffer.hasRemaining()) {
      throw new ProtocolException(buffer.remaining() + " bytes too many in a message");
    }
  }

  private ByteBuffer need(int bytes) throws ProtocolException {
    if (buffer.remaining() < bytes) {
      throw new ProtocolException("a message that ends early");
    }
    return buffer;
  }
}
