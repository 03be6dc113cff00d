package dev.quicksilver.replication;

import dev.quicksilver.storage.log.Segment;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** Reads frames off a stream. One thread. */
final class FrameInput {
  private final InputStream in;
  private final ProtocolVersions versions;
  private final CRC32C crc = new CRC32C();
  private int maxPayload = Protocol.MAX_HELLO_PAYLOAD;
  private int version = ProtocolVersions.SUPPORTED.lowest();
  private long bytes;

  FrameInput(InputStream in) {
    this(in, ProtocolVersions.SUPPORTED);
  }

  /** Reads what a peer says to a node that speaks these versions. */
  FrameInput(InputStream in, ProtocolVersions versions) {
    this.versions = versions;
    this.in = new BufferedInputStream(in, 1 << 16);
  }

  /** Lifts the bound on a payload once the peer is known, and goes on in the version chosen. */
  void handshakeDone(int chosen) {
    maxPayload = Protocol.MAX_PAYLOAD;
    version = chosen;
  }

  /** Returns the bytes taken so far. */
  long bytes() {
    return bytes;
  }

  void readMagic() throws IOException {
    byte[] magic = exactly(Protocol.MAGIC_LENGTH);
    if (magic[0] == 22 && magic[1] == 3) {
      throw new ProtocolException(
          "the peer speaks TLS, and this port plain text: give both a certificate"
              + " (replication.tls-certificate), or neither");
    }
    if (!Arrays.equals(magic, Protocol.magic())) {
      throw new ProtocolException(
          "this port speaks Quicksilver's replication protocol; the peer does not."
              + " Point it at the node's replication port, and other programs elsewhere");
    }
  }

  /**
   * Returns the next message, past optional ones that this program does not know; EOFException when
   * the peer closed between two frames.
   */
  Message read() throws IOException {
    while (true) {
      Message message = next();
      if (message != null) {
        return message;
      }
    }
  }

  private @Nullable Message next() throws IOException {
    byte[] head = exactly(5);
    int length = int32(head, 0);
    int type = head[4] & 0xFF;
    if (length < 0 || length > maxPayload) {
      throw new ProtocolException(
          "a frame of "
              + Integer.toUnsignedString(length)
              + " bytes; at most "
              + maxPayload
              + " are allowed here");
    }
    crc.reset();
    crc.update(type);
    if (type == MessageCodec.SEGMENT && length >= Segment.HEADER) { // the hot path: no other copy
      byte[] header = checked(Segment.HEADER);
      byte[] bytes = checked(length - Segment.HEADER);
      endFrame();
      return MessageCodec.segment(header, bytes);
    }
    byte[] payload = checked(length);
    endFrame();
    return type >= Protocol.FIRST_OPTIONAL_TYPE
        ? null
        : MessageCodec.decode(type, payload, versions, version);
  }

  private byte[] checked(int length) throws IOException {
    byte[] part = exactly(length);
    crc.update(part);
    return part;
  }

  private void endFrame() throws IOException {
    if ((int) crc.getValue() != int32(exactly(4), 0)) {
      throw new ProtocolException("a frame does not match its checksum: damaged on the way");
    }
  }

  private byte[] exactly(int length) throws IOException {
    byte[] result = new byte[length]; // bounded; readNBytes(length) would gather it from parts
    if (in.readNBytes(result, 0, length) < length) {
      throw new EOFException("the peer closed the connection");
    }
    bytes += length;
    return result;
  }

  private static int int32(byte[] from, int at) {
    return (from[at] & 0xFF) << 24
        | (from[at + 1] & 0xFF) << 16
        | (from[at + 2] & 0xFF) << 8
        | (from[at + 3] & 0xFF);
  }
}
