package dev.quicksilver.replication;

import dev.quicksilver.storage.record.ChainHash;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/** Constants of the wire protocol; the layout stands in the package's description. */
final class Protocol {
  /**
   * First bytes in each direction: a foreign protocol, or a proxy that rewrites line ends, is
   * recognised by them.
   */
  private static final byte[] MAGIC = "QSREPL\r\n".getBytes(StandardCharsets.US_ASCII);

  static final int MAGIC_LENGTH = MAGIC.length;

  /** Types from here on are optional: a node that does not know one passes over it. */
  static final int FIRST_OPTIONAL_TYPE = 128;

  /** Bytes in the payload of any frame before the hellos are exchanged. */
  static final int MAX_HELLO_PAYLOAD = 4096;

  /** Bytes in the payload of any frame. */
  static final int MAX_PAYLOAD = 1 << 20;

  /** Nodes in one SubtreeAcks message; fewer if their texts are so long that they do not fit. */
  static final int MAX_REPORTED = 900;

  /** Bytes of the reports in one SubtreeAcks message: the rest is for what stands before them. */
  static final int MAX_REPORTED_BYTES = MAX_PAYLOAD - 1024;

  /** Scrape addresses in one report: of the node, and of processes beside it. */
  static final int MAX_SCRAPE_ADDRESSES = 4;

  /** Databases in one Databases message. */
  static final int MAX_ITEMS = 1024;

  /** Databases that a node may say it is complete of. */
  static final int MAX_DATABASES = 1 << 16;

  /** Bytes of keys and values that may be asked for in a piece; one larger pair comes alone. */
  static final int MAX_PIECE = 16 << 20;

  /** Bytes in a key. */
  static final int MAX_KEY = 511;

  /** UTF-8 bytes in a text. */
  static final int MAX_TEXT = 255;

  /** UTF-8 bytes in a refusal's message. */
  static final int MAX_MESSAGE = 2048;

  /** Bit of ClientHello's codecs, and ServerHello's codec number: raw Snappy. */
  static final int CODEC_SNAPPY = 1;

  /** Bit of ClientHello's flags. */
  static final int FLAG_NEWEST_ONLY = 1;

  /** Bit of ClientHello's flags, with the purpose FOLLOW: it is a standby root. */
  static final int FLAG_STANDBY = 2;

  /** Bit of Complete's flags. */
  static final int FLAG_LAST = 1;

  /** Bit of CopyRequest's flags. */
  static final int FLAG_BEGINS = 1;

  /** Database id that stands for "whichever has this name". */
  static final UUID ANY_DATABASE = new UUID(0, 0);

  /** Chain hash that stands for "there is none". */
  static final ChainHash NO_HASH = ChainHash.of(new byte[ChainHash.LENGTH], 0);

  private Protocol() {}

  static byte[] magic() {
    return MAGIC.clone();
  }
}
