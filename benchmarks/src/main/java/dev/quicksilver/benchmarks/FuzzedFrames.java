package dev.quicksilver.benchmarks;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * Conversations with something wrong in them, made out of valid ones and out of nothing. The frames
 * are written by this class from docs/protocol.md, not by the product.
 */
final class FuzzedFrames {
  /** What is wrong. */
  enum Kind {
    /** No byte is as it should be. */
    RANDOM,
    /** Random bytes where frames should be. */
    RANDOM_AFTER_MAGIC,
    /** A conversation that ends in the middle of a frame. */
    TRUNCATED,
    /** A length that no frame may have. */
    OVERSIZED,
    /** Bits are flipped. */
    BIT_FLIPS,
    /** Bits are flipped in a payload, and the checksum is right. */
    RESEALED,
    /** Frames of any type with random payloads and right checksums. */
    RANDOM_FRAMES,
    /** Valid frames in another order. */
    SHUFFLED
  }

  /** A conversation and how many messages are in it. */
  record Fuzzed(Kind kind, byte[] bytes, int messages) {}

  private static final byte[] MAGIC = "QSREPL\r\n".getBytes(StandardCharsets.US_ASCII);
  private static final int ACK = 8;
  private static final int SUBTREE_ACKS = 14;

  private final Random random;

  FuzzedFrames(long seed) {
    this.random = new Random(seed);
  }

  /** Returns a frame whose checksum is right. */
  static byte[] frame(int type, byte[] payload) {
    CRC32C crc = new CRC32C();
    crc.update(type);
    crc.update(payload);
    return ByteBuffer.allocate(9 + payload.length)
        .putInt(payload.length)
        .put((byte) type)
        .put(payload)
        .putInt((int) crc.getValue())
        .array();
  }

  /** Returns a valid hello that follows a database from its beginning. */
  static byte[] hello(UUID id, String database) {
    ByteBuffer to = ByteBuffer.allocate(512).putShort((short) 1).putShort((short) 1);
    uuid(to, UUID.randomUUID()).put((byte) 0).put((byte) 0).putInt(1);
    uuid(to, id).putLong(0).put(new byte[32]).putLong(0);
    text(text(text(to, database), "fuzz"), "here");
    return frame(1, taken(to));
  }

  /** Returns a valid ack. */
  static byte[] ack(String database, long sequence) {
    return frame(ACK, taken(node(ByteBuffer.allocate(512), database, sequence)));
  }

  /** Returns a valid message of what all nodes below say. */
  static byte[] subtree(String database, long sequence) {
    ByteBuffer to = text(text(ByteBuffer.allocate(512), ""), "").put((byte) 1).putShort((short) 1);
    return frame(SUBTREE_ACKS, taken(node(to, database, sequence)));
  }

  private static ByteBuffer node(ByteBuffer to, String database, long sequence) {
    text(text(text(text(to, database), "fuzz"), "here"), "root").put((byte) 1).putLong(sequence);
    return to.putLong(0).putLong(0).putLong(sequence);
  }

  private static ByteBuffer uuid(ByteBuffer to, UUID id) {
    return to.putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits());
  }

  private static ByteBuffer text(ByteBuffer to, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return to.putShort((short) bytes.length).put(bytes);
  }

  private static byte[] taken(ByteBuffer from) {
    byte[] bytes = new byte[from.position()];
    from.flip().get(bytes);
    return bytes;
  }

  /** Takes a recorded stream, without its magic, apart; what is not a whole frame is left out. */
  static List<byte[]> split(byte[] stream) {
    List<byte[]> frames = new ArrayList<>();
    ByteBuffer from = ByteBuffer.wrap(stream);
    while (from.remaining() >= 9 && from.remaining() >= 9 + from.getInt(from.position())) {
      byte[] frame = new byte[9 + from.getInt(from.position())];
      from.get(frame);
      frames.add(frame);
    }
    return frames;
  }

  /** Returns one made out of a valid conversation. */
  Fuzzed next(List<byte[]> valid) {
    Kind kind = Kind.values()[random.nextInt(Kind.values().length)];
    List<byte[]> frames = new ArrayList<>();
    for (byte[] frame : valid.subList(0, 1 + random.nextInt(valid.size()))) {
      frames.add(frame.clone());
    }
    switch (kind) {
      case RANDOM -> {
        return new Fuzzed(kind, noise(1 + random.nextInt(300)), 1);
      }
      case RANDOM_AFTER_MAGIC -> frames = List.of(noise(1 + random.nextInt(300)));
      case TRUNCATED -> {
        byte[] last = frames.removeLast();
        frames.add(java.util.Arrays.copyOf(last, random.nextInt(last.length)));
      }
      case OVERSIZED -> {
        int length = random.nextBoolean() ? random.nextInt() : (1 << 20) + random.nextInt(1 << 20);
        ByteBuffer.wrap(frames.getLast()).putInt(length);
      }
      case BIT_FLIPS -> {
        for (int i = random.nextInt(8); i >= 0; i--) {
          flip(frames.get(random.nextInt(frames.size())), 0, 0);
        }
      }
      case RESEALED -> {
        for (int i = 0; i < frames.size(); i++) {
          byte[] frame = frames.get(i);
          if (frame.length > 9 && (i == frames.size() - 1 || random.nextInt(4) == 0)) {
            flip(frame, 5, 4);
            frames.set(
                i, frame(frame[4], java.util.Arrays.copyOfRange(frame, 5, frame.length - 4)));
          }
        }
      }
      case RANDOM_FRAMES -> {
        int keep = random.nextInt(2);
        frames = new ArrayList<>(frames.subList(0, Math.min(keep, frames.size())));
        for (int i = random.nextInt(6); i >= 0; i--) {
          int type = random.nextInt(8) == 0 ? random.nextInt(256) : random.nextInt(18);
          frames.add(frame(type, noise(random.nextInt(300))));
        }
      }
      case SHUFFLED -> Collections.shuffle(frames, random);
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.writeBytes(MAGIC);
    frames.forEach(bytes::writeBytes);
    return new Fuzzed(kind, bytes.toByteArray(), frames.size());
  }

  private byte[] noise(int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  private void flip(byte[] bytes, int from, int notLast) {
    int at = from + random.nextInt(bytes.length - from - notLast);
    bytes[at] ^= (byte) (1 << random.nextInt(8));
  }
}
