package dev.quicksilver.edge.resp;

import dev.quicksilver.edge.resp.Commands.Registry;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.record.PairBuffer;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/** QUICKSILVER, the command with what Redis has no words for. Stateless. */
final class Own {
  private static final long MOST_MILLIS = TimeUnit.DAYS.toMillis(365);
  private static final String[] HELP = {
    "QUICKSILVER DATABASES: the databases that may be read here, with sequence and age in ms",
    "QUICKSILVER GET <key> [MAXAGE <ms>]: value, sequence, commit_time_us, and age_ms of the copy",
    "QUICKSILVER MAXAGE <ms> | OFF: on this connection, refuse to read a copy that may be older",
    "QUICKSILVER SEQUENCE: the last sequence of the selected database here",
    "QUICKSILVER WAIT <sequence> <timeout ms>: until the selected database has it; returns the last"
        + " sequence"
  };

  private Own() {}

  static void register(Registry registry) {
    registry.add("QUICKSILVER", -2, 0, 0, "Freshness, sequences and databases.", Own::quicksilver);
  }

  private static void quicksilver(Call call) {
    Request request = call.request;
    int words = request.count();
    switch (request.text(1).toUpperCase(Locale.ROOT) + " " + words) {
      case "DATABASES 2" -> databases(call);
      case "GET 3" -> get(call, call.session().mostAge);
      case "GET 5" -> {
        if (!request.is(3, "MAXAGE")) {
          throw RespException.syntax();
        }
        get(call, request.number(4, 1, MOST_MILLIS));
      }
      case "MAXAGE 3" -> {
        call.session().mostAge = request.is(2, "OFF") ? 0 : request.number(2, 1, MOST_MILLIS);
        call.reply.simple("OK");
      }
      case "SEQUENCE 2" -> call.reply.integer(last(call));
      case "WAIT 4" -> await(call);
      case "HELP 2" -> {
        call.reply.array(HELP.length);
        for (String line : HELP) {
          call.reply.bulk(line);
        }
      }
      default ->
          throw new RespException(
              "ERR unknown subcommand or wrong number of arguments for '"
                  + request.text(1)
                  + "'. Try QUICKSILVER HELP.");
    }
  }

  private static void databases(Call call) {
    List<String> names = call.databases.names(call.session());
    call.reply.array(names.size());
    for (String name : names) {
      LoopDatabases.Use use = call.databases.find(name, call.session());
      OptionalLong lag = call.shared.freshness.lag(name);
      call.reply.map(4);
      call.reply.bulk("name");
      call.reply.bulk(name);
      call.reply.bulk("state");
      call.reply.bulk(use.followed.withheld().isPresent() ? "withheld" : "serving");
      call.reply.bulk("sequence");
      call.reply.integer(use.followed.database().head().lastSequence());
      call.reply.bulk("age_ms");
      age(call.reply, lag);
    }
  }

  private static void age(Reply reply, OptionalLong lag) {
    if (lag.isPresent()) {
      reply.integer(lag.getAsLong());
    } else {
      reply.nil();
    }
  }

  private static void get(Call call, long mostAge) {
    LoopDatabases.Use use = call.databases.use(call.session());
    OptionalLong lag = call.shared.freshness.lag(use.name); // before the snapshot, see there
    Snapshot snapshot = call.databases.selected(call.session(), mostAge);
    if (!call.get(snapshot, 2, call.pair())) {
      call.reply.nil();
      return;
    }
    PairBuffer pair = call.pair();
    call.reply.map(4);
    call.reply.bulk("value");
    call.reply.value(pair);
    call.reply.bulk("sequence");
    call.reply.integer(pair.sequence());
    call.reply.bulk("commit_time_us");
    call.reply.integer(pair.commitTime());
    call.reply.bulk("age_ms");
    age(call.reply, lag);
  }

  private static long last(Call call) {
    return call.databases.snapshot(call.databases.use(call.session())).head().lastSequence();
  }

  private static void await(Call call) {
    long sequence = call.request.number(2, 0, Long.MAX_VALUE);
    long millis = call.request.number(3, 0, MOST_MILLIS);
    var reaching = new Reaching(call.databases.use(call.session()).name, sequence);
    if (!reaching.poll(call)) {
      call.connection().await(reaching, System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis));
    }
  }

  /** Until a database has a sequence. */
  private record Reaching(String database, long sequence) implements Waiting {
    @Override
    public boolean concerns(String name) {
      return name.equals(database);
    }

    @Override
    public boolean poll(Call call) {
      long last = last(call);
      if (last >= sequence) {
        call.reply.integer(last);
      }
      return last >= sequence;
    }

    @Override
    public void timeOut(Call call) {
      throw new RespException(
          "TIMEOUT "
              + database
              + " is at sequence "
              + last(call)
              + " here, not yet at "
              + sequence
              + ": ask another edge, or wait again");
    }

    @Override
    public byte[] again(long nanosLeft) {
      return Request.encoded(
          List.of(
              "QUICKSILVER",
              "WAIT",
              Long.toString(sequence),
              Long.toString(Math.max(0, TimeUnit.NANOSECONDS.toMillis(nanosLeft)))));
    }
  }
}
