package dev.quicksilver.edge.resp;

import dev.quicksilver.edge.resp.Commands.Flag;
import dev.quicksilver.edge.resp.Commands.Registry;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Commands by which a client has itself told of changes, see {@link Subscribers}. Stateless. */
final class Events {
  private static final int MOST_SUBSCRIPTIONS = 10_000;

  private Events() {}

  static void register(Registry registry) {
    registry.add(
        "SUBSCRIBE", -2, 0, 0, "Tells of changes of keys.", Events::subscribe, Flag.SUBSCRIBED);
    registry.add(
        "PSUBSCRIBE",
        -2,
        0,
        0,
        "Tells of changes by pattern.",
        Events::psubscribe,
        Flag.SUBSCRIBED);
    registry.add("UNSUBSCRIBE", -1, 0, 0, "Ends it.", Events::unsubscribe, Flag.SUBSCRIBED);
    registry.add("PUNSUBSCRIBE", -1, 0, 0, "Ends it.", Events::punsubscribe, Flag.SUBSCRIBED);
  }

  private static void subscribe(Call call) {
    begin(call);
    Session session = call.session();
    for (int i = 1; i < call.request.count(); i++) {
      byte[] channel = call.request.bytes(i);
      if (session.channels.stream().noneMatch(one -> Arrays.equals(one, channel))) {
        session.channels.add(channel);
      }
      said(call, "subscribe", channel);
    }
  }

  private static void psubscribe(Call call) {
    List<Glob> wanted = // first, since one that is refused must not have begun anything
        IntStream.range(1, call.request.count())
            .mapToObj(i -> new Glob(call.request.bytes(i)))
            .toList();
    begin(call);
    Session session = call.session();
    for (Glob each : wanted) {
      byte[] pattern = each.pattern();
      if (session.patterns.stream().noneMatch(one -> Arrays.equals(one.pattern(), pattern))) {
        session.patterns.add(each);
      }
      said(call, "psubscribe", pattern);
    }
  }

  private static void begin(Call call) {
    Session session = call.session();
    int more = call.request.count() - 1;
    if (session.subscriptions() + more > MOST_SUBSCRIPTIONS) {
      throw new RespException(
          "ERR a client has at most "
              + MOST_SUBSCRIPTIONS
              + " subscriptions: use a pattern that covers several keys");
    }
    for (int i = 1; i <= more; i++) {
      String wanted = call.request.text(i);
      if (!wanted.startsWith(Subscribers.PREFIX) && !wanted.startsWith("*")) {
        throw new RespException(
            "ERR no channel begins so: changes of a key are told as quicksilver:<database>:<key>");
      }
    }
    call.subscribers.begin(call.databases, session);
    if (session.subscriptions() == 0) {
      call.subscribers.add(call.connection());
      call.shared.subscribers.incrementAndGet();
      call.shared.wakeWatch.run();
      call.connection().tellSoon(); // what was committed since the line above
    }
  }

  private static void said(Call call, String kind, byte @Nullable [] what) {
    call.reply.push(3);
    call.reply.bulk(kind);
    if (what == null) {
      call.reply.nil();
    } else {
      call.reply.bulk(what);
    }
    call.reply.integer(call.session().subscriptions());
  }

  private static void unsubscribe(Call call) {
    List<byte[]> channels = call.session().channels;
    end(
        call,
        "unsubscribe",
        List.copyOf(channels),
        wanted -> channels.removeIf(one -> Arrays.equals(one, wanted)));
  }

  private static void punsubscribe(Call call) {
    List<Glob> patterns = call.session().patterns;
    end(
        call,
        "punsubscribe",
        patterns.stream().map(Glob::pattern).toList(),
        wanted -> patterns.removeIf(one -> Arrays.equals(one.pattern(), wanted)));
  }

  private static void end(Call call, String kind, List<byte[]> all, Predicate<byte[]> remove) {
    boolean had = call.session().subscriptions() > 0;
    int words = call.request.count();
    List<byte[]> wanted =
        words == 1 ? all : IntStream.range(1, words).mapToObj(call.request::bytes).toList();
    for (byte[] each : wanted) {
      boolean ignored = remove.test(each);
      said(call, kind, each);
    }
    if (wanted.isEmpty()) {
      said(call, kind, null);
    }
    if (had && call.session().subscriptions() == 0) {
      leave(call);
    }
  }

  private static void leave(Call call) {
    call.session().heard.clear();
    call.subscribers.remove(call.connection());
    call.shared.subscribers.decrementAndGet();
  }

  /** Ends all subscriptions of a client without a word. */
  static void forgetAll(Call call) {
    Session session = call.session();
    if (session.subscriptions() > 0) {
      session.channels.clear();
      session.patterns.clear();
      leave(call);
    }
  }
}
