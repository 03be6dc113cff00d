package dev.quicksilver.replication;

import dev.quicksilver.replication.Message.RootHead;
import dev.quicksilver.replication.Message.SubtreeAcks;
import java.util.ArrayList;
import java.util.List;

/** The payloads of what is said of nodes: acks up the tree, the root's head down. Stateless. */
final class AckCodec {
  private static final int FLAG_LAST = 1;

  /** A time or an age in µs is below this, so that sums do not overflow. */
  private static final long TIME_BOUND = 1L << 60;

  private AckCodec() {}

  static void ack(WireWriter to, NodeAck ack) {
    to.text(ack.database()).text(ack.node()).text(ack.location()).text(ack.upstream());
    to.u8(ack.state().number()).i64(ack.sequence()).i64(ack.commitTime());
    to.i64(ack.asOf()).i64(ack.said());
  }

  static NodeAck ack(WireReader from) throws ProtocolException {
    return new NodeAck(
        from.text(),
        from.text(),
        from.text(),
        from.text(),
        from.choice(FollowerState.values()),
        from.sequence(),
        from.i64(),
        time(from),
        time(from));
  }

  static void subtree(WireWriter to, SubtreeAcks acks) {
    to.text(acks.after().database()).text(acks.after().node());
    to.u8(acks.last() ? FLAG_LAST : 0).u16(acks.nodes().size());
    acks.nodes().forEach(ack -> ack(to, ack));
  }

  static SubtreeAcks subtree(WireReader from) throws ProtocolException {
    AckKey after = new AckKey(from.text(), from.text());
    int flags = from.u8();
    int count = from.u16();
    if ((flags & ~FLAG_LAST) != 0 || count > Protocol.MAX_REPORTED) {
      throw new ProtocolException("acks of " + count + " nodes with flags " + flags);
    }
    List<NodeAck> nodes = new ArrayList<>();
    AckKey before = after;
    for (int i = 0; i < count; i++) {
      NodeAck ack = ack(from);
      if (ack.key().compareTo(before) <= 0) {
        throw new ProtocolException("acks that are not in order");
      }
      before = ack.key();
      nodes.add(ack);
    }
    return new SubtreeAcks(after, flags != 0, nodes);
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
