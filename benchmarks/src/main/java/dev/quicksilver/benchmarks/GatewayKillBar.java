package dev.quicksilver.benchmarks;

import dev.quicksilver.benchmarks.GatewayKillNodes.Signal;
import dev.quicksilver.cli.cluster.Cluster;
import dev.quicksilver.cli.cluster.Folders;
import dev.quicksilver.storage.Database;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * {@code gateway.kill}: the active root, a standby root and PostgreSQL are killed with SIGKILL, or
 * stopped with SIGSTOP and let go on, while writers write. Most rounds begin when all is well; the
 * others hit a second one while the first is still away. The time to the first new entry is taken
 * at an edge that knows the roots: from just before the signal until a snapshot there shows what
 * was sent to PostgreSQL after it. It counts only where another root was ready to take over, and
 * not where the stopped one went on by itself before.
 */
final class GatewayKillBar implements Bar {
  private static final int ROUNDS = 100;
  private static final int QUICK_ROUNDS = 6;
  private static final int ROUNDS_TO_A_CHECK = 20;
  private static final Map<Signal, Double> LONGEST_MEDIAN =
      Map.of(Signal.KILL, 1.0, Signal.STOP, 5.0);

  private enum Victim {
    ACTIVE,
    STANDBY,
    POSTGRES
  }

  private record Hit(Victim victim, Signal signal) {}

  @Override
  public String name() {
    return "gateway.kill";
  }

  @Override
  public String description() {
    return ROUNDS
        + " times the active root, a standby or PostgreSQL is killed or stopped under load";
  }

  @Override
  public Kind kind() {
    return Kind.PROOF;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    int rounds = settings.size(ROUNDS, QUICK_ROUNDS);
    Path folder = Files.createTempDirectory("quicksilver-gateway-kill-");
    Outcome outcome;
    try (GatewayKillNodes nodes = GatewayKillNodes.start(folder, GatewayKillLoad.databases());
        GatewayKillLoad load = new GatewayKillLoad(nodes.url(), settings.seed());
        GatewayKillCheck check = new GatewayKillCheck(nodes, load.log())) {
      Rounds run = new Rounds(nodes, load, check, new Random(settings.seed()));
      outcome = run.run(rounds, settings.quick());
    } catch (Exception | AssertionError e) {
      System.out.println("the nodes' data and logs are left in " + folder);
      throw e;
    }
    Folders.remove(folder);
    return outcome;
  }

  /** So many of each kind, in random order. */
  private static List<Hit> hits(int rounds, Random random) {
    List<Hit> all = new ArrayList<>();
    for (int i = 0; i < rounds; i++) {
      // Of 20: 6 and 5 of the active root, 3 and 2 of a standby, 2 and 2 of PostgreSQL.
      all.add(
          switch (i % 20) {
            case 0, 6, 9, 12, 15, 18 -> new Hit(Victim.ACTIVE, Signal.KILL);
            case 1, 7, 10, 13, 16 -> new Hit(Victim.ACTIVE, Signal.STOP);
            case 2, 8, 14 -> new Hit(Victim.POSTGRES, Signal.KILL);
            case 3, 17 -> new Hit(Victim.POSTGRES, Signal.STOP);
            case 4, 11 -> new Hit(Victim.STANDBY, Signal.KILL);
            default -> new Hit(Victim.STANDBY, Signal.STOP);
          });
    }
    Collections.shuffle(all, random);
    return all;
  }

  /** The rounds one after the other. */
  private static final class Rounds {
    private final GatewayKillNodes nodes;
    private final GatewayKillLoad load;
    private final GatewayKillCheck check;
    private final Random random;
    private final Database edge;
    private final Map<Signal, List<Double>> seconds = new EnumMap<>(Signal.class);

    Rounds(GatewayKillNodes nodes, GatewayKillLoad load, GatewayKillCheck check, Random random) {
      this.nodes = nodes;
      this.load = load;
      this.check = check;
      this.random = random;
      edge = check.database(GatewayKillNodes.EDGE, GatewayKillBeat.DATABASE);
    }

    Outcome run(int rounds, boolean quick) throws Exception {
      load.start();
      int done = 0;
      long entries = 0;
      for (Hit hit : hits(rounds, random)) {
        // The first two in a row meet a system that is well.
        String line = random.nextInt(4) > 0 || done < 2 ? calm(hit) : hurried(hit);
        done++;
        System.out.printf("%3d %-8s %-4s %s%n", done, hit.victim(), hit.signal(), line);
        if (done % ROUNDS_TO_A_CHECK == 0 || done == rounds) {
          entries = check(done == rounds);
          System.out.printf(
              "after %d rounds: %,d entries, the same on %d nodes%n",
              done, entries, GatewayKillNodes.all().size());
          if (done < rounds) {
            load.start();
          }
        }
      }
      System.out.println(load.report());
      boolean inTime = true;
      for (Signal signal : Signal.values()) {
        inTime &= report(signal);
      }
      return new Outcome(done + " of " + rounds, ">= " + rounds, entries > 0 && (inTime || quick));
    }

    /** One is hit while all others are well; returns what to say about it. */
    private String calm(Hit hit) throws Exception {
      if (random.nextInt(6) == 0) {
        nodes.thirdComesOrGoes();
      }
      String active = nodes.settle();
      awaitNews();
      pause(1_500);
      List<String> standbys =
          nodes.presentRoots().stream().filter(root -> !root.equals(active)).toList();
      return switch (hit.victim()) {
        case ACTIVE -> hitActive(active, hit.signal());
        case STANDBY -> hit(standbys.get(random.nextInt(standbys.size())), hit.signal());
        case POSTGRES -> hit(Cluster.POSTGRES, hit.signal());
      };
    }

    /** One is hit while others may be away. */
    private String hurried(Hit hit) throws Exception {
      pause(500);
      List<String> active = nodes.activeRoots();
      List<String> others =
          nodes.presentRoots().stream().filter(root -> !active.contains(root)).toList();
      List<String> wanted =
          switch (hit.victim()) {
            case ACTIVE -> active;
            case STANDBY -> others;
            case POSTGRES -> nodes.hasPostgres() ? List.of(Cluster.POSTGRES) : List.of();
          };
      return wanted.isEmpty()
          ? calm(hit)
          : hit(wanted.get(random.nextInt(wanted.size())), hit.signal()) + ", in a hurry";
    }

    private String hit(String victim, Signal signal) throws Exception {
      int millis = 100 + random.nextInt(signal == Signal.KILL ? 4_000 : 8_000);
      nodes.hit(victim, signal, System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis));
      return "%s for %.1f s".formatted(victim, millis / 1e3);
    }

    private String hitActive(String active, Signal signal) throws Exception {
      long pause = TimeUnit.MILLISECONDS.toNanos(100 + random.nextInt(5_000));
      // One that was stopped comes back after it was replaced, but for every fourth time.
      boolean isReplaced = signal == Signal.KILL || random.nextInt(4) > 0;
      long began = System.nanoTime();
      nodes.hit(active, signal, isReplaced ? began + TimeUnit.HOURS.toNanos(1) : began + pause);
      if (signal == Signal.KILL) {
        nodes.comesBack(active, began + pause);
      }
      long hit = System.nanoTime();
      nodes.await("a new entry at the edge", () -> load.beat().shows(edge, hit));
      double took = (System.nanoTime() - began) / 1e9;
      boolean counts = signal == Signal.KILL || nodes.isAway(active);
      if (isReplaced && signal == Signal.STOP) {
        nodes.comesBack(active, System.nanoTime() + pause);
      }
      if (counts) {
        seconds.computeIfAbsent(signal, _ -> new ArrayList<>()).add(took);
      }
      return "%s: the next entry after %.3f s%s"
          .formatted(active, took, counts ? "" : ", not counted: it went on by itself");
    }

    private long check(boolean last) throws Exception {
      if (!nodes.thirdIsIn()) {
        nodes.thirdComesOrGoes();
      }
      nodes.settle();
      load.stop();
      return check.check(last);
    }

    private void awaitNews() throws InterruptedException {
      load.requireRunning();
      long now = System.nanoTime();
      nodes.await("a new entry at the edge", () -> load.beat().shows(edge, now));
    }

    /** Waits up to so many milliseconds; who is due comes back meanwhile. */
    private void pause(int millis) throws InterruptedException {
      long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(random.nextInt(millis));
      nodes.await("a pause to end", () -> System.nanoTime() - end > 0);
    }

    private boolean report(Signal signal) {
      List<Double> sorted = seconds.getOrDefault(signal, List.of()).stream().sorted().toList();
      OptionalDouble median =
          sorted.isEmpty() ? OptionalDouble.empty() : OptionalDouble.of(median(sorted));
      double longest = LONGEST_MEDIAN.getOrDefault(signal, 0.0);
      median.ifPresent(
          value ->
              System.out.printf(
                  Locale.ROOT,
                  "SIG%s of the active root to the next entry at the edge: median %.3f s (bar: <"
                      + " %.0f s), worst %.3f s, %d times%n",
                  signal,
                  value,
                  longest,
                  sorted.getLast(),
                  sorted.size()));
      return median.isPresent() && median.getAsDouble() < longest;
    }

    private static double median(List<Double> sorted) {
      int half = sorted.size() / 2;
      return sorted.size() % 2 == 1
          ? sorted.get(half)
          : (sorted.get(half - 1) + sorted.get(half)) / 2;
    }
  }
}
