package dev.quicksilver.replication;

import dev.quicksilver.replication.Message.BlockEnd;
import dev.quicksilver.replication.Message.BlockStart;
import dev.quicksilver.storage.log.BlockHeader;
import dev.quicksilver.storage.log.Segment;
import dev.quicksilver.storage.log.SegmentSource;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.zip.CRC32C;

/** Writes frames to a stream, buffered. One thread. */
final class FrameOutput {
  private final OutputStream out;
  private final CRC32C crc = new CRC32C();
  private final byte[] head = new byte[5 + Segment.HEADER];
  private final byte[] tail = new byte[4];
  private int version = ProtocolVersions.SUPPORTED.lowest();

  FrameOutput(OutputStream out) {
    this.out = new BufferedOutputStream(out, 1 << 16);
  }

  /** Goes on in the version that was chosen for this conversation. */
  void speak(int chosen) {
    version = chosen;
  }

  void writeMagic() throws IOException {
    out.write(Protocol.magic());
  }

  void write(Message message) throws IOException {
    byte[] payload = MessageCodec.encode(message, version);
    frame(MessageCodec.type(message), 0, payload, payload.length);
  }

  /** The hot path: a stored segment, passed on without another copy. */
  void write(Segment segment) throws IOException {
    putInt(head, 5, segment.bytes().length);
    putInt(head, 9, segment.uncompressedLength());
    putInt(head, 13, segment.crc());
    frame(MessageCodec.SEGMENT, Segment.HEADER, segment.bytes(), segment.bytes().length);
  }

  /** A whole block: its start, its body, its end. */
  void write(BlockHeader header, SegmentSource body) throws IOException {
    write(new BlockStart(header));
    for (Segment s = body.next(); s != null; s = body.next()) {
      write(s);
    }
    write(new BlockEnd(header.lastSequence()));
  }

  void flush() throws IOException {
    out.flush();
  }

  /** The first bytes of the payload already stand in head, behind the frame's own five. */
  private void frame(int type, int inHead, byte[] rest, int restLength) throws IOException {
    putInt(head, 0, inHead + restLength);
    head[4] = (byte) type;
    crc.reset();
    crc.update(head, 4, 1 + inHead);
    crc.update(rest, 0, restLength);
    putInt(tail, 0, (int) crc.getValue());
    out.write(head, 0, 5 + inHead);
    out.write(rest, 0, restLength);
    out.write(tail);
  }

  private static void putInt(byte[] to, int at, int value) {
    to[at] = (byte) (value >>> 24);
    to[at + 1] = (byte) (value >>> 16);
    to[at + 2] = (byte) (value >>> 8);
    to[at + 3] = (byte) value;
  }
}
