package dev.quicksilver.benchmarks;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Makes a follower's first frame that of a version far in the future. docs/protocol.md has the
 * layout.
 */
final class VersionRewriter {
  static final int VERSION = 9_000;

  private VersionRewriter() {}

  static void rewriteHello(DataInputStream in, DataOutputStream out) throws IOException {
    byte[] magic = in.readNBytes(8);
    int length = in.readInt();
    int type = in.read();
    byte[] payload = in.readNBytes(length);
    in.readInt(); // the old checksum
    ByteBuffer.wrap(payload).putShort((short) VERSION).putShort((short) VERSION);
    CRC32C crc = new CRC32C();
    crc.update(type);
    crc.update(payload);
    out.write(magic);
    out.writeInt(length);
    out.write(type);
    out.write(payload);
    out.writeInt((int) crc.getValue());
  }
}
