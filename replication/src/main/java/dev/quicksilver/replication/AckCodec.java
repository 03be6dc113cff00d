package dev.quicksilver.replication;

import dev.quicksilver.replication.Message.RootHead;
import dev.quicksilver.replication.Message.SubtreeAcks;
import java.util.ArrayList;
import java.util.List;

/**
 * The payloads of what is said of nodes: acks up the tree, the root's head down. Version 1 knows a
 * node by its name alone, and before version 4 nobody says where metrics are. Stateless.
 */
final class AckCodec {
  private static final int FLAG_LAST = 1;
  private static final int FLAG_SECURE = 1;

  /** Bytes of a report without its texts: numbers and ids, the count of scrape addresses. */
  private static final int FIXED_BYTES = 1 + 4 * 8 + 3 * 16 + 8 + 1;

  /** A time or an age in µs is below this, so that sums do not overflow. */
  private static final long TIME_BOUND = 1L << 60;

  private AckCodec() {}

  private static boolean namesOnly(int version) {
    return version < ProtocolVersions.WITH_INSTANCES;
  }

  static void ack(WireWriter to, NodeAck ack, int version) {
    to.text(ack.database()).text(ack.node()).text(ack.location()).text(ack.upstream());
    to.u8(ack.state().number()).i64(ack.sequence()).i64(ack.commitTime());
    to.i64(ack.asOf()).i64(ack.said());
    if (!namesOnly(version)) {
      to.uuid(ack.run().instance()).uuid(ack.run().process()).i64(ack.run().started());
      to.uuid(ack.databaseId());
    }
    if (version >= ProtocolVersions.WITH_SCRAPE_ADDRESSES) {
      to.u8(ack.scrape().size());
      for (ScrapeAddress each : ack.scrape()) {
        to.text(each.role()).u8(each.secure() ? FLAG_SECURE : 0).text(each.address());
      }
    }
  }

  /** Returns how many bytes a report takes in the newest version; in others it takes no more. */
  static int length(NodeAck ack) {
    int length =
        FIXED_BYTES
            + WireWriter.textLength(ack.database())
            + WireWriter.textLength(ack.node())
            + WireWriter.textLength(ack.location())
            + WireWriter.textLength(ack.upstream());
    for (ScrapeAddress each : ack.scrape()) {
      length += WireWriter.textLength(each.role()) + 1 + WireWriter.textLength(each.address());
    }
    return length;
  }

  static NodeAck ack(WireReader from, int version) throws ProtocolException {
    NodeAck ack =
        new NodeAck(
            from.text(),
            from.text(),
            from.text(),
            from.text(),
            from.choice(FollowerState.values()),
            from.sequence(),
            from.i64(),
            time(from),
            time(from));
    if (namesOnly(version)) {
      return ack;
    }
    NodeRun run = new NodeRun(from.uuid(), from.uuid(), time(from));
    if (run.started() > ack.said()) {
      throw new ProtocolException("a word of a process that began after it");
    }
    NodeAck known = ack.by(run, from.uuid());
    return version < ProtocolVersions.WITH_SCRAPE_ADDRESSES
        ? known
        : known.scrapedAt(scrapeAddresses(from));
  }

  private static List<ScrapeAddress> scrapeAddresses(WireReader from) throws ProtocolException {
    int count = from.u8();
    if (count > Protocol.MAX_SCRAPE_ADDRESSES) {
      throw new ProtocolException("a report with " + count + " scrape addresses");
    }
    List<ScrapeAddress> addresses = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      String role = from.text();
      int flags = from.u8();
      String address = from.text();
      if (role.isEmpty() || address.isEmpty() || (flags & ~FLAG_SECURE) != 0) {
        throw new ProtocolException(
            "a scrape address without a role or address, or flags " + flags);
      }
      addresses.add(new ScrapeAddress(role, flags != 0, address));
    }
    return addresses;
  }

  static void subtree(WireWriter to, SubtreeAcks acks, int version) {
    AckKey after = acks.after();
    to.text(after.database()).text(after.node());
    if (!namesOnly(version)) {
      to.uuid(after.instance()).uuid(after.process());
    }
    to.u8(acks.last() ? FLAG_LAST : 0).u16(acks.nodes().size());
    acks.nodes().forEach(ack -> ack(to, ack, version));
  }

  static SubtreeAcks subtree(WireReader from, int version) throws ProtocolException {
    AckKey after = after(from, version);
    int flags = from.u8();
    int count = from.u16();
    if ((flags & ~FLAG_LAST) != 0 || count > Protocol.MAX_REPORTED) {
      throw new ProtocolException("acks of " + count + " nodes with flags " + flags);
    }
    List<NodeAck> nodes = new ArrayList<>();
    AckKey before = after;
    for (int i = 0; i < count; i++) {
      NodeAck ack = ack(from, version);
      if (ack.key().compareTo(before) <= 0) {
        throw new ProtocolException("acks that are not in order");
      }
      before = ack.key();
      nodes.add(ack);
    }
    return new SubtreeAcks(after, flags != 0, nodes);
  }

  private static AckKey after(WireReader from, int version) throws ProtocolException {
    String database = from.text();
    String node = from.text();
    if (!namesOnly(version)) {
      return new AckKey(database, node, from.uuid(), from.uuid());
    }
    return database.isEmpty() ? AckKey.FIRST : AckKey.after(database, node);
  }

  static void rootHead(WireWriter to, RootHead head) {
    to.i64(head.lastSequence()).i64(head.commitTime()).i64(head.rootTime()).i64(head.age());
  }

  static RootHead rootHead(WireReader from) throws ProtocolException {
    return new RootHead(from.sequence(), from.i64(), time(from), time(from));
  }

  private static long time(WireReader from) throws ProtocolException {
    long time = from.i64();
    if (time < 0 || time >= TIME_BOUND) {
      throw new ProtocolException("a time of " + time + " µs");
    }
    return time;
  }
}
