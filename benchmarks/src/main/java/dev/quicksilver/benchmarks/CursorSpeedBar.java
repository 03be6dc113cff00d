package dev.quicksilver.benchmarks;

import dev.quicksilver.cli.cluster.Folders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * A cursor in a session on the bridge itself, fetched in parts of 1000 rows, against the same in a
 * session on a PostgreSQL 18 with the same rows. The client counts rows and does nothing else.
 */
final class CursorSpeedBar implements Bar {
  private static final double LIMIT = 1.5;

  @Override
  public String name() {
    return "bridge.cursor-speed";
  }

  @Override
  public String description() {
    return "rows of a cursor in a session on the bridge, against a PostgreSQL";
  }

  @Override
  public Kind kind() {
    return Kind.SPEED;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    int pairs = settings.size(1_000_000, 200_000);
    int rounds = settings.size(7, 3);
    Path folder = Files.createTempDirectory("quicksilver-cursor-");
    try (LargeEdge edge = LargeEdge.startAsNiceAsItsPeer(pairs);
        RemotePeer peer = RemotePeer.start(folder, edge);
        var ours = new CursorReader(edge.port(), "analyst", "quicksilver");
        var theirs = new CursorReader(peer.port(), "postgres", "postgres")) {
      for (int i = 0; i < 3; i++) {
        rate(ours, pairs);
      }
      Duel duel = Duel.of(rounds, () -> rate(ours, pairs), () -> rate(theirs, pairs));
      System.out.printf(
          Locale.ROOT,
          "%d pairs of 30 + 100 bytes, FETCH 1000: bridge %,.0f rows/s, PostgreSQL %,.0f rows/s"
              + " (medians of %d)%n",
          pairs,
          duel.ours(),
          duel.theirs(),
          rounds);
      return new Outcome(
          String.format(Locale.ROOT, "%.2f x PostgreSQL's rows/s", duel.ratio()),
          "≥ 1.5 x",
          duel.ratio() >= LIMIT);
    } finally {
      Folders.remove(folder);
    }
  }

  private static double rate(CursorReader client, int pairs) throws IOException {
    long from = System.nanoTime();
    client.run("BEGIN ISOLATION LEVEL REPEATABLE READ");
    client.run("DECLARE c CURSOR FOR SELECT key, value FROM public.big");
    long rows = 0;
    for (long fetched = -1; fetched != 0; ) {
      fetched = client.run("FETCH 1000 FROM c");
      rows += fetched;
    }
    client.run("CLOSE c");
    client.run("COMMIT");
    if (rows != pairs) {
      throw new AssertionError(rows + " rows came");
    }
    return rows / ((System.nanoTime() - from) / 1e9);
  }
}
