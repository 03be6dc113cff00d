package dev.quicksilver.edge.resp;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** All commands by name. Stateless. */
final class Commands {
  /**
   * One of them, described as the protocol's COMMAND does.
   *
   * @param arity how many words it has, the name among them; negative for so many or more
   * @param firstKey the first word that is a key; 0 if none is
   * @param lastKey the last one; -1 for the last of all
   */
  record Command(
      int number,
      String name,
      int arity,
      Set<Flag> flags,
      int firstKey,
      int lastKey,
      String summary,
      Handler handler) {}

  /** What is special about a command. */
  enum Flag {
    /** Who has not said who it is may use it. */
    UNKNOWN,
    /** Allowed to who speaks version 2 and has subscribed. */
    SUBSCRIBED,
    FAST
  }

  /** Runs a command and writes its reply. */
  @FunctionalInterface
  interface Handler {
    void run(Call call);
  }

  /** What changes data in Redis: refused in a way that says where to write. */
  private static final Set<String> WRITES =
      Set.of(
          ("APPEND BITFIELD BITOP BLMOVE BLMPOP BLPOP BRPOP BRPOPLPUSH BZMPOP"
                  + " BZPOPMAX BZPOPMIN COPY DECR DECRBY DEL EXPIRE EXPIREAT FLUSHALL FLUSHDB"
                  + " GEOADD GEORADIUS GEORADIUSBYMEMBER GEOSEARCHSTORE GETDEL GETEX GETSET"
                  + " HDEL HINCRBY HINCRBYFLOAT HMSET HSET HSETNX INCR INCRBY INCRBYFLOAT"
                  + " LINSERT LMOVE LMPOP LPOP LPUSH LPUSHX LREM LSET LTRIM MOVE MSET MSETNX"
                  + " PERSIST PEXPIRE PEXPIREAT PFADD PFMERGE PSETEX PUBLISH RENAME RENAMENX"
                  + " RESTORE RPOP RPOPLPUSH RPUSH RPUSHX SADD SDIFFSTORE SET SETBIT SETEX"
                  + " SETNX SETRANGE SINTERSTORE SMOVE SORT SPOP SPUBLISH SREM SUNIONSTORE"
                  + " SWAPDB UNLINK XACK XADD XAUTOCLAIM XCLAIM XDEL XGROUP XREADGROUP XSETID"
                  + " XTRIM ZADD ZDIFFSTORE ZINCRBY ZINTERSTORE ZMPOP ZPOPMAX ZPOPMIN"
                  + " ZRANGESTORE ZREM ZREMRANGEBYLEX ZREMRANGEBYRANK ZREMRANGEBYSCORE"
                  + " ZUNIONSTORE")
              .split(" "));

  private static final Map<String, Command> ALL = new LinkedHashMap<>();
  private static final int SLOTS = 512;
  private static final @Nullable Command[] TABLE = new Command[SLOTS];

  static {
    Reads.register(Commands::add);
    Scans.register(Commands::add);
    Clients.register(Commands::add);
    Server.register(Commands::add);
    Events.register(Commands::add);
    Streams.register(Commands::add);
    Own.register(Commands::add);
    for (Command command : ALL.values()) {
      int slot = hash(command.name.getBytes(StandardCharsets.US_ASCII), 0, command.name.length());
      while (TABLE[slot] != null) {
        slot = (slot + 1) % SLOTS;
      }
      TABLE[slot] = command;
    }
  }

  private Commands() {}

  private static void add(Command command) {
    ALL.put(
        command.name,
        new Command(
            ALL.size(),
            command.name,
            command.arity,
            command.flags,
            command.firstKey,
            command.lastKey,
            command.summary,
            command.handler));
  }

  /** Takes the commands of a group. */
  @FunctionalInterface
  interface Registry {
    void add(Command command);

    default void add(
        String name,
        int arity,
        int firstKey,
        int lastKey,
        String summary,
        Handler handler,
        Flag... flags) {
      add(new Command(-1, name, arity, Set.of(flags), firstKey, lastKey, summary, handler));
    }
  }

  static List<Command> all() {
    return List.copyOf(ALL.values());
  }

  static @Nullable Command find(String name) {
    return ALL.get(name.toUpperCase(Locale.ROOT));
  }

  /** Runs the command of a request. */
  static void run(Call call) {
    Request request = call.request;
    Command command = lookUp(request);
    List<LongAdder> counts = call.shared.commands;
    counts.get(command == null ? counts.size() - 1 : command.number).increment();
    Session session = call.session();
    if (command == null) {
      throw unknown(request);
    }
    int count = request.count();
    if (command.arity < 0 ? count < -command.arity : count != command.arity) {
      throw new RespException(
          "ERR wrong number of arguments for '"
              + command.name.toLowerCase(Locale.ROOT)
              + "' command");
    }
    if (!session.known && !command.flags.contains(Flag.UNKNOWN)) {
      throw new RespException("NOAUTH Authentication required.");
    }
    if (session.protocol == 2
        && session.subscriptions() > 0
        && !command.flags.contains(Flag.SUBSCRIBED)) {
      throw new RespException(
          "ERR Can't execute '"
              + command.name.toLowerCase(Locale.ROOT)
              + "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in"
              + " this context");
    }
    command.handler.run(call);
  }

  private static int hash(byte[] bytes, int offset, int length) {
    int hash = length;
    for (int i = offset; i < offset + length; i++) {
      hash = hash * 31 + (bytes[i] & 0xDF);
    }
    return (hash ^ hash >>> 15) & SLOTS - 1;
  }

  private static @Nullable Command lookUp(Request request) {
    int length = request.length(0);
    if (length > 32) {
      return null;
    }
    int slot = hash(request.buffer, request.offset(0), length);
    Command command = TABLE[slot];
    while (command != null) {
      if (request.is(0, command.name)) {
        return command;
      }
      slot = (slot + 1) % SLOTS;
      command = TABLE[slot];
    }
    return null;
  }

  private static RespException unknown(Request request) {
    String name = shortened(request.text(0));
    if (WRITES.contains(name.toUpperCase(Locale.ROOT))) {
      return new RespException(
          "READONLY this is a copy at the edge: write with SQL to the central PostgreSQL, and the"
              + " change is here within a second");
    }
    var arguments = new StringBuilder();
    for (int i = 1; i < request.count() && arguments.length() < 128; i++) {
      arguments.append('\'').append(shortened(request.text(i))).append("' ");
    }
    return new RespException(
        "ERR unknown command '" + name + "', with args beginning with: " + arguments);
  }

  private static String shortened(String text) {
    return text.length() <= 128 ? text : text.substring(0, 128);
  }
}
