package dev.quicksilver.edge.resp;

import dev.quicksilver.edge.access.Users;
import dev.quicksilver.edge.resp.Commands.Flag;
import dev.quicksilver.edge.resp.Commands.Registry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Commands by which a client says who it is and what it wants to read. Stateless. */
final class Clients {
  /** The version of Redis whose commands a client may expect here. */
  static final String REDIS_VERSION = "7.2.0";

  private static final Set<String> SUBCOMMANDS =
      Set.of(
          "ID",
          "GETNAME",
          "SETNAME",
          "SETINFO",
          "INFO",
          "LIST",
          "NO-EVICT",
          "NO-TOUCH",
          "GETREDIR",
          "HELP",
          "TRACKING",
          "CACHING");

  private static final Pattern NUMBER = Pattern.compile("-?\\d{1,9}");
  private static final int LONGEST_NAME = 256;
  private static final String WRONG =
      "WRONGPASS invalid username-password pair or user is disabled.";

  /** Longer than any check of a password takes, however many there are before it. */
  private static final long CHECK_NANOS = 60_000_000_000L;

  private Clients() {}

  static void register(Registry registry) {
    Flag[] always = {Flag.UNKNOWN, Flag.SUBSCRIBED, Flag.FAST};
    registry.add("PING", -1, 0, 0, "PONG.", Clients::ping, Flag.SUBSCRIBED, Flag.FAST);
    registry.add("ECHO", 2, 0, 0, "The word again.", c -> c.reply.bulk(c.request.bytes(1)));
    registry.add("QUIT", -1, 0, 0, "Ends the connection.", Clients::quit, always);
    registry.add("RESET", 1, 0, 0, "Begins anew.", Clients::reset, always);
    registry.add(
        "HELLO", -1, 0, 0, "Version 2 or 3 of the protocol.", Clients::hello, Flag.UNKNOWN);
    registry.add("AUTH", -2, 0, 0, "Says who the client is.", Clients::auth, Flag.UNKNOWN);
    registry.add("SELECT", 2, 0, 0, "Another database, by name or number.", Clients::select);
    registry.add("CLIENT", -2, 0, 0, "What is known of a client.", Clients::client);
    registry.add("READONLY", 1, 0, 0, "It always is.", c -> c.reply.simple("OK"));
  }

  private static void ping(Call call) {
    int words = call.request.count();
    if (words > 2) {
      throw new RespException("ERR wrong number of arguments for 'ping' command");
    }
    if (call.session().protocol == 2 && call.session().subscriptions() > 0) {
      call.reply.array(2);
      call.reply.bulk("pong");
      call.reply.bulk(words == 2 ? call.request.bytes(1) : new byte[0]);
    } else if (words == 2) {
      call.reply.bulk(call.request.buffer, call.request.offset(1), call.request.length(1));
    } else {
      call.reply.simple("PONG");
    }
  }

  private static void quit(Call call) {
    call.reply.simple("OK");
    call.connection().end();
  }

  private static void reset(Call call) {
    Session session = call.session();
    Events.forgetAll(call);
    session.protocol = 2;
    call.reply.protocol(2);
    session.name = "";
    session.select(Optional.empty());
    session.mostAge = call.shared.config.mostAge().toMillis();
    if (!call.shared.users.anybody()) {
      session.user = Optional.empty();
      session.known = false;
    }
    call.reply.simple("RESET");
  }

  private static void hello(Call call) {
    Request request = call.request;
    int version = call.session().protocol;
    @Nullable String user = null;
    @Nullable String password = null;
    @Nullable String name = null;
    if (request.count() > 1) {
      try {
        version = Integer.parseInt(request.text(1));
      } catch (NumberFormatException e) {
        throw new RespException("ERR Protocol version is not an integer or out of range");
      }
      if (version != 2 && version != 3) {
        throw new RespException("NOPROTO unsupported protocol version");
      }
      for (int i = 2; i < request.count(); ) {
        if (request.is(i, "AUTH") && i + 2 < request.count()) {
          user = request.text(i + 1);
          password = request.text(i + 2);
          i += 3;
        } else if (request.is(i, "SETNAME") && i + 1 < request.count()) {
          name = checkedName(request.text(i + 1), "Client names");
          i += 2;
        } else {
          throw new RespException("ERR Syntax error in HELLO option '" + request.text(i) + "'");
        }
      }
    }
    int chosen = version;
    @Nullable String called = name;
    if (password != null) {
      authenticate(call, String.valueOf(user), password, later -> welcome(later, chosen, called));
    } else if (!call.session().known) {
      throw new RespException(
          "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO"
              + " <proto> AUTH <user> <pass> option can be used to authenticate the client and"
              + " select the RESP protocol version at the same time");
    } else {
      welcome(call, chosen, called);
    }
  }

  private static void welcome(Call call, int version, @Nullable String name) {
    Session session = call.session();
    session.protocol = version;
    if (name != null) {
      session.name = name;
    }
    Reply reply = call.reply;
    reply.protocol(version);
    reply.map(7);
    reply.bulk("server");
    reply.bulk("redis");
    reply.bulk("version");
    reply.bulk(REDIS_VERSION);
    reply.bulk("proto");
    reply.integer(version);
    reply.bulk("id");
    reply.integer(session.id);
    reply.bulk("mode");
    reply.bulk("standalone");
    reply.bulk("role");
    reply.bulk("replica");
    reply.bulk("modules");
    reply.array(0);
  }

  private static void auth(Call call) {
    Request request = call.request;
    if (request.count() > 3) {
      throw RespException.syntax();
    }
    boolean named = request.count() == 3;
    String user =
        named
            ? request.text(1)
            : call.shared.config.credentials().map(own -> own.user()).orElse("default");
    if (call.shared.users.anybody() && !named) {
      throw new RespException(
          "ERR AUTH <password> called without any password configured for the default user. Are you"
              + " sure your configuration is correct?");
    }
    authenticate(call, user, request.text(named ? 2 : 1), later -> later.reply.simple("OK"));
  }

  /** What is done once a client is known. */
  @FunctionalInterface
  private interface Then {
    void reply(Call call);
  }

  /** Checks a password beside the loop, since that takes milliseconds; the client waits. */
  private static void authenticate(Call call, String user, String password, Then then) {
    Shared shared = call.shared;
    if (shared.users.anybody()) {
      then.reply(call);
      return;
    }
    var check = new Check(user, then, call.request.encoded());
    Connection connection = call.connection();
    connection.await(check, System.nanoTime() + CHECK_NANOS);
    shared.slow.execute(
        () -> {
          check.run(shared.users, password);
          connection.wake();
        });
  }

  /** A check of a password that goes on, or has its result. */
  private static final class Check implements Waiting {
    private final String user;
    private final Then then;
    private final byte[] command;
    private volatile @Nullable String refusal;
    private volatile Optional<Users.User> found = Optional.empty();

    Check(String user, Then then, byte[] command) {
      this.user = user;
      this.then = then;
      this.command = command;
    }

    void run(Users users, String password) {
      try {
        Optional<Users.User> known = users.find(user);
        boolean right =
            known.flatMap(Users.User::verifier).orElseGet(() -> users.nobody(user)).isOf(password);
        if (known.isPresent() && right) {
          found = known;
        } else {
          refusal = WRONG;
        }
      } catch (IOException e) {
        refusal = "ERR " + e.getMessage();
      } catch (RuntimeException e) {
        refusal = "ERR the password could not be checked: " + e;
      }
    }

    @Override
    public boolean concerns(String database) {
      return false;
    }

    @Override
    public boolean poll(Call call) {
      String refused = refusal;
      if (refused != null) {
        throw new RespException(refused);
      }
      found.ifPresent(
          who -> {
            if (call.shared.users.standing(user, who.rights()) == Users.Standing.LOST) {
              throw new RespException(WRONG); // taken away while the password was checked
            }
            call.session().admit(Optional.of(user), who.rights());
            then.reply(call);
          });
      return found.isPresent();
    }

    @Override
    public void timeOut(Call call) {
      throw new RespException("ERR the password could not be checked in time: try again");
    }

    @Override
    public byte[] again(long nanosLeft) {
      return command;
    }
  }

  private static void select(Call call) {
    String wanted = call.request.text(1);
    Session session = call.session();
    String name =
        NUMBER.matcher(wanted).matches()
            ? call.databases.numbered(Long.parseLong(wanted), session)
            : wanted;
    LoopDatabases.Use use = call.databases.find(name, session);
    session.select(Optional.of(use.name));
    call.reply.simple("OK");
  }

  private static void client(Call call) {
    Request request = call.request;
    Session session = call.session();
    Reply reply = call.reply;
    String what = request.text(1).toUpperCase(Locale.ROOT);
    int words = request.count();
    switch (what + " " + words) {
      case "ID 2" -> reply.integer(session.id);
      case "GETNAME 2" -> {
        if (session.name.isEmpty()) {
          reply.nil();
        } else {
          reply.bulk(session.name);
        }
      }
      case "SETNAME 3" -> {
        session.name = checkedName(request.text(2), "Client names");
        reply.simple("OK");
      }
      case "SETINFO 4" -> {
        setInfo(session, request);
        reply.simple("OK");
      }
      case "INFO 2" -> reply.text(line(call));
      case "LIST 2" -> reply.text(line(call)); // others are none of a client's business
      case "NO-EVICT 3", "NO-TOUCH 3" -> {
        if (!request.is(2, "ON") && !request.is(2, "OFF")) {
          throw RespException.syntax();
        }
        reply.simple("OK");
      }
      case "GETREDIR 2" -> reply.integer(-1);
      case "HELP 2" -> help(reply);
      case "TRACKING 3", "TRACKING 4", "TRACKING 5", "CACHING 3" ->
          throw new RespException(
              "ERR CLIENT "
                  + what
                  + " is not here: PSUBSCRIBE quicksilver:<database>:* tells of each change");
      default -> throw RespException.subcommand(request, SUBCOMMANDS);
    }
  }

  private static void setInfo(Session session, Request request) {
    String value = checkedName(request.text(3), request.text(2).toLowerCase(Locale.ROOT));
    if (request.is(2, "LIB-NAME")) {
      session.libraryName = value;
    } else if (request.is(2, "LIB-VER")) {
      session.libraryVersion = value;
    } else {
      throw new RespException("ERR Unrecognized option '" + request.text(2) + "'");
    }
  }

  private static String checkedName(String name, String what) {
    if (name.length() > LONGEST_NAME
        || name.getBytes(StandardCharsets.UTF_8).length != name.length()
        || name.chars().anyMatch(each -> each < '!' || each > '~')) {
      throw new RespException(
          "ERR " + what + " cannot contain spaces, newlines or special characters.");
    }
    return name;
  }

  /** One line about a client. Its database is a number, since clients read one there. */
  private static String line(Call call) {
    Session session = call.session();
    int number = session.selected.flatMap(name -> call.databases.numberOf(name, session)).orElse(0);
    return "id="
        + session.id
        + " addr="
        + session.address
        + " name="
        + session.name
        + " age="
        + (System.currentTimeMillis() - session.since) / 1000
        + " db="
        + number
        + " sub="
        + session.channels.size()
        + " psub="
        + session.patterns.size()
        + " user="
        + session.user.orElse("default")
        + " resp="
        + session.protocol
        + " lib-name="
        + session.libraryName
        + " lib-ver="
        + session.libraryVersion
        + "\n";
  }

  private static void help(Reply reply) {
    String[] lines = {
      "CLIENT <subcommand> [<arg> [value] ...]. Subcommands are:",
      "GETNAME, ID, INFO, LIST, NO-EVICT, NO-TOUCH, SETINFO, SETNAME, HELP"
    };
    reply.array(lines.length);
    for (String line : lines) {
      reply.simple(line);
    }
  }
}
