package dev.quicksilver.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code edge.clients}: what clients of Redis show of {@code quicksilver serve} and of a Redis that
 * holds the same pairs: Lettuce, Jedis, node-redis, redis-cli, and the bytes themselves.
 */
final class EdgeClientsBar implements Bar {
  private static final int LONGEST = 300;

  private int compared;
  private final List<String> different = new ArrayList<>();
  private final List<String> missing = new ArrayList<>();

  @Override
  public String name() {
    return "edge.clients";
  }

  @Override
  public String description() {
    return "what real clients show of quicksilver serve and of a Redis with the same pairs";
  }

  @Override
  public Kind kind() {
    return Kind.PROOF;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    try (EdgeTwins twins = EdgeTwins.start(settings.seed())) {
      System.out.println(SystemPackages.run(List.of("redis-server", "--version")).strip());
      List<RespStep> script = RespScript.of(twins.keys());
      for (RespConversation conversation : RespConversation.all()) {
        run(conversation, twins);
      }
      for (RespClient client : clients(twins.folder())) {
        for (int protocol : List.of(2, 3)) {
          run(client, protocol, script, twins);
        }
      }
    }
    missing.forEach(line -> System.out.println("not run: " + line));
    different.forEach(System.out::println);
    return new Outcome(
        String.format(
            "%,d replies compared, %d different%s",
            compared, different.size(), missing.isEmpty() ? "" : ", clients missing: " + missing),
        "= 0 different, all clients",
        different.isEmpty() && missing.isEmpty() && compared > 0);
  }

  private List<RespClient> clients(Path folder) throws InterruptedException {
    List<RespClient> clients = new ArrayList<>();
    clients.add(new RawRespClient(false));
    clients.add(new RawRespClient(true));
    clients.add(new LettuceClient());
    clients.add(new JedisClient());
    try {
      clients.add(NodeRedisClient.install(folder));
    } catch (IOException e) {
      missing.add("node-redis (" + firstLine(e) + ")");
    }
    try {
      SystemPackages.attempt(
          () -> SystemPackages.run(List.of("redis-cli", "--version")), "redis-tools");
      clients.add(new RedisCliClient(folder, true));
      clients.add(new RedisCliClient(folder, false));
    } catch (IOException e) {
      missing.add("redis-cli (" + firstLine(e) + ")");
    }
    return clients;
  }

  private static String firstLine(IOException e) {
    return String.valueOf(e.getMessage()).lines().findFirst().orElse("");
  }

  private void run(RespConversation conversation, EdgeTwins twins) throws IOException {
    List<RespAnswer> ours = conversation.run(twins.servePort());
    List<RespAnswer> theirs = conversation.run(twins.redisPort());
    int at = 0;
    for (int turn = 0; turn < conversation.turns().size(); turn++) {
      RespConversation.Turn one = conversation.turns().get(turn);
      for (int i = 0; i < one.answers(); i++, at++) {
        compare(
            conversation.name()
                + ", turn "
                + (turn + 1)
                + " ("
                + shortened(new String(one.sent(), StandardCharsets.ISO_8859_1))
                + "), answer "
                + (i + 1),
            one.expected().isEmpty() ? one.view().apply(theirs.get(at)) : one.expected().get(i),
            one.view().apply(ours.get(at)));
      }
    }
  }

  private void run(RespClient client, int protocol, List<RespStep> script, EdgeTwins twins)
      throws Exception {
    String who = client.name() + ", RESP" + protocol;
    List<RespStep> steps = script.stream().filter(client::sends).toList();
    List<RespAnswer> ours = client.run(twins.servePort(), protocol, steps);
    List<RespAnswer> theirs = client.run(twins.redisPort(), protocol, steps);
    if (ours.size() != steps.size() || theirs.size() != steps.size()) {
      throw new AssertionError(
          who + " gave " + ours.size() + " and " + theirs.size() + " answers for " + steps.size());
    }
    for (int i = 0; i < steps.size(); i++) {
      RespStep step = steps.get(i);
      String right = step.expected().orElse(null);
      compare(
          who + ": " + step.name(),
          right != null ? right : step.view().apply(theirs.get(i)),
          step.view().apply(ours.get(i)));
    }
    System.out.println(who + ": " + steps.size() + " commands");
  }

  private void compare(String what, String right, String ours) {
    compared++;
    if (!right.equals(ours)) {
      int same = 0;
      while (same < Math.min(right.length(), ours.length())
          && right.charAt(same) == ours.charAt(same)) {
        same++;
      }
      int from = Math.max(0, same - LONGEST / 3);
      different.add(
          "different: "
              + what
              + "\n  Redis: "
              + shortened(right.substring(from))
              + "\n  ours:  "
              + shortened(ours.substring(from)));
    }
  }

  private static String shortened(String text) {
    String visible = text.replace("\r", "\\r").replace("\n", "\\n");
    return visible.length() <= LONGEST ? visible : visible.substring(0, LONGEST) + "…";
  }
}
