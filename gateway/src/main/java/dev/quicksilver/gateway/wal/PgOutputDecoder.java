package dev.quicksilver.gateway.wal;

import dev.quicksilver.gateway.GatewayException;
import dev.quicksilver.gateway.GatewayException.ErrorCode;
import dev.quicksilver.gateway.wal.PgOutputMessage.Begin;
import dev.quicksilver.gateway.wal.PgOutputMessage.Column;
import dev.quicksilver.gateway.wal.PgOutputMessage.Commit;
import dev.quicksilver.gateway.wal.PgOutputMessage.Delete;
import dev.quicksilver.gateway.wal.PgOutputMessage.Insert;
import dev.quicksilver.gateway.wal.PgOutputMessage.LogicalMessage;
import dev.quicksilver.gateway.wal.PgOutputMessage.Other;
import dev.quicksilver.gateway.wal.PgOutputMessage.Relation;
import dev.quicksilver.gateway.wal.PgOutputMessage.Truncate;
import dev.quicksilver.gateway.wal.PgOutputMessage.Tuple;
import dev.quicksilver.gateway.wal.PgOutputMessage.Update;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Reads messages of {@code pgoutput}; never looks anything up. Stateless. */
public final class PgOutputDecoder {
  /** 2000-01-01 UTC in µs since 1970-01-01 UTC: PostgreSQL counts from there. */
  private static final long POSTGRES_EPOCH = 946_684_800_000_000L;

  private PgOutputDecoder() {}

  /**
   * Decodes one message.
   *
   * @param buffer big endian, backed by an array that is not changed afterwards
   * @throws GatewayException PROTOCOL if it is not one
   */
  public static PgOutputMessage decode(ByteBuffer buffer) {
    PgOutputMessage message;
    try {
      message = message(buffer);
    } catch (BufferUnderflowException | IllegalArgumentException | IndexOutOfBoundsException e) {
      throw new GatewayException(
          ErrorCode.PROTOCOL, "PostgreSQL sent a pgoutput message that ends too early", e);
    }
    if (buffer.hasRemaining() && !(message instanceof Other)) {
      throw new GatewayException(
          ErrorCode.PROTOCOL,
          "PostgreSQL sent a pgoutput message with "
              + buffer.remaining()
              + " bytes more than this version knows; upgrade Quicksilver");
    }
    return message;
  }

  private static PgOutputMessage message(ByteBuffer buffer) {
    char type = (char) (buffer.get() & 0xFF);
    return switch (type) {
      case 'B' -> {
        Begin begin = new Begin(buffer.getLong(), buffer.getLong() + POSTGRES_EPOCH);
        buffer.getInt(); // transaction id
        yield begin;
      }
      case 'C' -> {
        buffer.get();
        Commit commit = new Commit(buffer.getLong(), buffer.getLong());
        buffer.getLong(); // the time, which BEGIN has told
        yield commit;
      }
      case 'R' -> relation(buffer);
      case 'I' -> {
        int relation = buffer.getInt();
        expect(buffer, 'N');
        yield new Insert(relation, tuple(buffer));
      }
      case 'U' -> update(buffer);
      case 'D' -> {
        int relation = buffer.getInt();
        char kind = (char) buffer.get();
        if (kind != 'K' && kind != 'O') {
          throw unknown("a DELETE with a tuple of kind", kind);
        }
        yield new Delete(relation, tuple(buffer));
      }
      case 'T' -> {
        int count = length(buffer);
        buffer.get();
        List<Integer> relations = new ArrayList<>();
        for (int i = 0; i < count; i++) {
          relations.add(buffer.getInt());
        }
        yield new Truncate(List.copyOf(relations));
      }
      case 'M' -> {
        boolean transactional = (buffer.get() & 1) != 0;
        buffer.getLong(); // where it is in the WAL
        String prefix = string(buffer);
        int length = length(buffer);
        ByteBuffer content = buffer.slice(buffer.position(), length);
        buffer.position(buffer.position() + length);
        yield new LogicalMessage(transactional, prefix, content);
      }
      case 'O', 'Y' -> new Other(type);
      default -> throw unknown("a message of type", type);
    };
  }

  private static Update update(ByteBuffer buffer) {
    int relation = buffer.getInt();
    char kind = (char) buffer.get();
    Tuple old = null;
    if (kind == 'K' || kind == 'O') {
      old = tuple(buffer);
      kind = (char) buffer.get();
    }
    if (kind != 'N') {
      throw unknown("an UPDATE with a tuple of kind", kind);
    }
    return new Update(relation, old, tuple(buffer));
  }

  private static Relation relation(ByteBuffer buffer) {
    int oid = buffer.getInt();
    String schema = string(buffer);
    String name = string(buffer);
    boolean fullIdentity = buffer.get() == 'f';
    int count = buffer.getShort() & 0xFFFF;
    List<Column> columns = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      boolean key = (buffer.get() & 1) != 0;
      String column = string(buffer);
      columns.add(new Column(column, key, buffer.getInt()));
      buffer.getInt(); // type modifier
    }
    // The empty schema name stands for pg_catalog.
    return new Relation(oid, schema, name, fullIdentity, List.copyOf(columns));
  }

  private static Tuple tuple(ByteBuffer buffer) {
    int count = buffer.getShort() & 0xFFFF;
    int[] offsets = new int[count];
    int[] lengths = new int[count];
    for (int i = 0; i < count; i++) {
      char kind = (char) buffer.get();
      switch (kind) {
        case 'n' -> lengths[i] = Tuple.NULL;
        case 'u' -> lengths[i] = Tuple.UNCHANGED;
        case 'b', 't' -> {
          int length = length(buffer);
          offsets[i] = buffer.arrayOffset() + buffer.position();
          lengths[i] = length;
          buffer.position(buffer.position() + length);
        }
        default -> throw unknown("a value of kind", kind);
      }
    }
    return new Tuple(buffer.array(), offsets, lengths);
  }

  private static int length(ByteBuffer buffer) {
    int length = buffer.getInt();
    if (length < 0) {
      throw new BufferUnderflowException();
    }
    return length;
  }

  private static String string(ByteBuffer buffer) {
    int start = buffer.position();
    while (buffer.get() != 0) {
      // until the terminating zero
    }
    return new String(
        buffer.array(),
        buffer.arrayOffset() + start,
        buffer.position() - 1 - start,
        StandardCharsets.UTF_8);
  }

  private static void expect(ByteBuffer buffer, char kind) {
    char found = (char) buffer.get();
    if (found != kind) {
      throw unknown("an INSERT with a tuple of kind", found);
    }
  }

  private static GatewayException unknown(String what, char kind) {
    String shown = kind > ' ' && kind < 0x7F ? "'" + kind + "'" : "0x%02X".formatted(kind & 0xFF);
    return new GatewayException(
        ErrorCode.PROTOCOL,
        "PostgreSQL sent "
            + what
            + " "
            + shown
            + ", which this version does not know; upgrade Quicksilver");
  }
}
