package dev.quicksilver.edge.resp;

import dev.quicksilver.edge.resp.Commands.Command;
import dev.quicksilver.edge.resp.Commands.Flag;
import dev.quicksilver.edge.resp.Commands.Registry;
import dev.quicksilver.storage.Snapshot;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Predicate;

/** Commands about the server itself, as clients and tools ask them. Stateless. */
final class Server {
  private Server() {}

  static void register(Registry registry) {
    registry.add("INFO", -1, 0, 0, "What the server says of itself.", Server::info);
    registry.add("CONFIG", -2, 0, 0, "CONFIG GET: settings that tools ask for.", Server::config);
    registry.add("COMMAND", -1, 0, 0, "The commands that there are.", Server::command);
    registry.add("TIME", 1, 0, 0, "The time of this machine.", Server::time, Flag.FAST);
  }

  private static void time(Call call) {
    java.time.Instant now = java.time.Instant.now();
    call.reply.array(2);
    call.reply.bulk(Long.toString(now.getEpochSecond()));
    call.reply.bulk(Long.toString(now.getNano() / 1000));
  }

  // ---- INFO

  private static void info(Call call) {
    List<String> wanted = new ArrayList<>();
    for (int i = 1; i < call.request.count(); i++) {
      wanted.add(call.request.text(i).toLowerCase(Locale.ROOT));
    }
    Predicate<String> shown =
        section ->
            wanted.isEmpty()
                || wanted.contains(section)
                || wanted.stream().anyMatch(Set.of("default", "all", "everything")::contains);
    var text = new StringBuilder();
    sections(call)
        .forEach(
            (section, lines) -> {
              if (shown.test(section.toLowerCase(Locale.ROOT))) {
                text.append(text.isEmpty() ? "" : "\r\n")
                    .append("# ")
                    .append(section)
                    .append("\r\n");
                lines.forEach(
                    (name, value) -> text.append(name).append(':').append(value).append("\r\n"));
              }
            });
    call.reply.text(text.toString());
  }

  private static Map<String, Map<String, Object>> sections(Call call) {
    Shared shared = call.shared;
    Map<String, Map<String, Object>> sections = new LinkedHashMap<>();
    Map<String, Object> server = new LinkedHashMap<>();
    server.put("redis_version", Clients.REDIS_VERSION);
    server.put("redis_mode", "standalone");
    server.put("quicksilver_version", shared.config.version());
    server.put("os", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    server.put("process_id", ProcessHandle.current().pid());
    server.put("tcp_port", shared.port);
    server.put("uptime_in_seconds", (System.currentTimeMillis() - shared.started) / 1000);
    sections.put("Server", server);
    Map<String, Object> clients = new LinkedHashMap<>();
    clients.put("connected_clients", shared.connections.get());
    clients.put("maxclients", shared.config.maxConnections());
    clients.put("pubsub_clients", shared.subscribers.get());
    clients.put("clients_waiting_bytes", shared.memory.used());
    sections.put("Clients", clients);
    Map<String, Object> stats = new LinkedHashMap<>();
    stats.put("total_connections_received", shared.connectionsTotal.sum());
    stats.put("rejected_connections", shared.refused.sum());
    stats.put("total_commands_processed", shared.commandsTotal());
    stats.put("keyspace_hits", shared.hits.sum());
    stats.put("keyspace_misses", shared.misses.sum());
    stats.put("total_error_replies", shared.errors().values().stream().mapToLong(n -> n).sum());
    sections.put("Stats", stats);
    Map<String, Object> replication = new LinkedHashMap<>();
    replication.put("role", "slave");
    replication.put("slave_read_only", 1);
    sections.put("Replication", replication);
    Map<String, Object> keyspace = new LinkedHashMap<>();
    Map<String, Object> databases = new LinkedHashMap<>();
    for (String name : call.databases.names(call.session())) {
      LoopDatabases.Use use = call.databases.find(name, call.session());
      if (use.followed.withheld().isPresent()) {
        databases.put(name, "state=withheld");
        continue;
      }
      Snapshot snapshot = call.databases.snapshot(use);
      OptionalLong lag = shared.freshness.lag(name);
      long keys = snapshot.pairs();
      call.databases
          .numberOf(name, call.session())
          .ifPresent(
              number -> keyspace.put("db" + number, "keys=" + keys + ",expires=0,avg_ttl=0"));
      databases.put(
          name,
          "state=serving,keys="
              + keys
              + ",sequence="
              + snapshot.head().lastSequence()
              + ",age_ms="
              + (lag.isPresent() ? Long.toString(lag.getAsLong()) : "unknown"));
    }
    sections.put("Keyspace", keyspace);
    sections.put("Quicksilver", databases);
    return sections;
  }

  // ---- CONFIG

  private static final Set<String> CONFIG_CHANGES = Set.of("SET", "REWRITE", "RESETSTAT", "HELP");

  private static void config(Call call) {
    Request request = call.request;
    boolean get = request.is(1, "GET");
    if (get
        ? request.count() < 3
        : !CONFIG_CHANGES.contains(request.text(1).toUpperCase(Locale.ROOT))) {
      throw RespException.subcommand(request, Set.of("GET"));
    }
    if (!get) {
      throw new RespException(
          "ERR CONFIG "
              + request.text(1).toUpperCase(Locale.ROOT)
              + " is not here: the settings of resp.* are read when the process starts");
    }
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("appendonly", "no");
    settings.put("databases", Integer.toString(Math.max(1, call.shared.config.numbered().size())));
    settings.put("maxclients", Integer.toString(call.shared.config.maxConnections()));
    settings.put("maxmemory", "0");
    settings.put("notify-keyspace-events", "");
    settings.put("proto-max-bulk-len", Integer.toString(RequestParser.MAX_REQUEST));
    settings.put("save", "");
    settings.put("timeout", "0");
    List<Glob> patterns = new ArrayList<>();
    for (int i = 2; i < request.count(); i++) {
      patterns.add(new Glob(ascii(request.text(i).toLowerCase(Locale.ROOT))));
    }
    settings
        .keySet()
        .removeIf(
            name ->
                patterns.stream()
                    .noneMatch(pattern -> pattern.matches(ascii(name), 0, name.length())));
    call.reply.map(settings.size());
    settings.forEach(
        (name, value) -> {
          call.reply.bulk(name);
          call.reply.bulk(value);
        });
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  // ---- COMMAND

  private static void command(Call call) {
    Request request = call.request;
    Reply reply = call.reply;
    List<Command> all = Commands.all();
    String what = request.count() == 1 ? "" : request.text(1).toUpperCase(Locale.ROOT);
    switch (what) {
      case "" -> {
        reply.array(all.size());
        all.forEach(each -> describe(reply, each));
      }
      case "COUNT" -> {
        if (request.count() != 2) {
          throw RespException.subcommand(request, Set.of("COUNT"));
        }
        reply.integer(all.size());
      }
      case "LIST" -> {
        reply.array(all.size());
        all.forEach(each -> reply.bulk(lower(each)));
      }
      case "INFO" -> {
        reply.array(request.count() - 2);
        for (int i = 2; i < request.count(); i++) {
          Command found = Commands.find(request.text(i));
          if (found == null) {
            reply.nil();
          } else {
            describe(reply, found);
          }
        }
      }
      case "DOCS" -> {
        List<Command> shown =
            all.stream().filter(each -> request.count() == 2 || isNamed(request, each)).toList();
        reply.map(shown.size());
        for (Command each : shown) {
          reply.bulk(lower(each));
          reply.map(2);
          reply.bulk("summary");
          reply.bulk(each.summary());
          reply.bulk("group");
          reply.bulk("generic");
        }
      }
      default -> throw RespException.subcommand(request, Set.of());
    }
  }

  private static boolean isNamed(Request request, Command command) {
    for (int i = 2; i < request.count(); i++) {
      if (request.is(i, command.name())) {
        return true;
      }
    }
    return false;
  }

  private static String lower(Command command) {
    return command.name().toLowerCase(Locale.ROOT);
  }

  private static void describe(Reply reply, Command command) {
    reply.array(10);
    reply.bulk(lower(command));
    reply.integer(command.arity());
    List<String> flags = new ArrayList<>(List.of("readonly"));
    if (command.flags().contains(Flag.FAST)) {
      flags.add("fast");
    }
    if (command.flags().contains(Flag.UNKNOWN)) {
      flags.add("no_auth");
    }
    reply.set(flags.size());
    flags.forEach(reply::simple);
    reply.integer(command.firstKey());
    reply.integer(command.lastKey());
    reply.integer(command.firstKey() == 0 ? 0 : 1);
    reply.set(0);
    reply.array(0);
    reply.array(0);
    reply.array(0);
  }
}
