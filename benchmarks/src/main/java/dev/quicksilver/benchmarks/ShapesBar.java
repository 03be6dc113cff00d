package dev.quicksilver.benchmarks;

import dev.quicksilver.benchmarks.CapturedStatement.Kind;
import dev.quicksilver.benchmarks.ShapeComparison.Verdict;
import dev.quicksilver.fixtures.wire.WireConnection;
import dev.quicksilver.postgres.EmbeddedPostgres;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * {@code bridge.shapes}: what stock postgres_fdw was seen to send, sent as it does to the bridge
 * and to a real PostgreSQL with the same rows.
 */
final class ShapesBar implements Bar {
  /** What postgres_fdw sends besides its scans, each at least once, as a session. */
  private static final List<String> CONVERSATION =
      List.of(
          "SET search_path = pg_catalog",
          "SET timezone = 'GMT'",
          "SET datestyle = ISO",
          "SET intervalstyle = postgres",
          "SET extra_float_digits = 3",
          "START TRANSACTION ISOLATION LEVEL SERIALIZABLE",
          "COMMIT TRANSACTION",
          "START TRANSACTION ISOLATION LEVEL REPEATABLE READ",
          "SAVEPOINT s2",
          "DECLARE c1 CURSOR FOR SELECT key FROM public.dns",
          "FETCH 100 FROM c1",
          "RELEASE SAVEPOINT s2",
          "SAVEPOINT s2",
          "FETCH 100 FROM c1",
          "FETCH 100 FROM c2",
          "FETCH 100 FROM c1",
          "ROLLBACK TO SAVEPOINT s2; RELEASE SAVEPOINT s2",
          "FETCH 100 FROM c1",
          "CLOSE c1",
          "DEALLOCATE ALL",
          "CLOSE c1",
          "ABORT TRANSACTION");

  @Override
  public String name() {
    return "bridge.shapes";
  }

  @Override
  public String description() {
    return "every statement that postgres_fdw was seen to send: as PostgreSQL answers it";
  }

  @Override
  public Kind kind() {
    return Kind.PROOF;
  }

  @Override
  public Outcome run(Settings settings) throws Exception {
    List<CapturedStatement> statements = CapturedStatement.all();
    System.out.println(
        "The captured tables had a column seq, which is called sequence here; cursors are called"
            + " c1.");
    try (BridgeLab lab = BridgeLab.start(ShapeRows.databases());
        EmbeddedPostgres postgres = EmbeddedPostgres.start();
        WireConnection reference = BridgeLab.connect(postgres);
        WireConnection bridge = lab.connect()) {
      lab.copyInto(reference, "public");
      int conversation = converse(statements, reference, bridge);
      var comparison = new ShapeComparison(reference, bridge);
      Map<Verdict, Set<String>> verdicts = new EnumMap<>(Verdict.class);
      for (Verdict verdict : Verdict.values()) {
        verdicts.put(verdict, new LinkedHashSet<>());
      }
      Map<CapturedStatement.Kind, Integer> kinds = new EnumMap<>(CapturedStatement.Kind.class);
      for (CapturedStatement statement : statements) {
        kinds.merge(statement.kind(), 1, Integer::sum);
        Verdict verdict = comparison.compare(statement);
        verdicts.computeIfAbsent(verdict, _ -> new LinkedHashSet<>()).add(statement.sql());
      }
      return outcome(conversation, comparison.executions(), kinds, verdicts);
    }
  }

  private static Outcome outcome(
      int conversation,
      int executions,
      Map<CapturedStatement.Kind, Integer> kinds,
      Map<Verdict, Set<String>> verdicts) {
    int different = 0;
    int refused = 0;
    int reading = 0;
    for (Map.Entry<Verdict, Set<String>> each : verdicts.entrySet()) {
      Verdict verdict = each.getKey();
      int count = each.getValue().size();
      System.out.printf("%5d %s%n", count, verdict.meaning);
      if (verdict.isNamed) {
        each.getValue().forEach(sql -> System.out.println("        " + sql));
      }
      different += verdict == Verdict.DIFFERENT ? count : 0;
      refused += verdict == Verdict.REFUSED ? count : 0;
      reading += verdict == Verdict.WRITE || verdict == Verdict.CONTROL ? 0 : count;
    }
    System.out.println("statements by kind: " + kinds);
    return new Outcome(
        "%d reading statements, %d executions: %d different, %d refused; %d of %d in a conversation"
            .formatted(reading, executions, different, refused, conversation, CONVERSATION.size()),
        "= 0 different, 0 refused",
        different == 0 && refused == 0 && conversation == CONVERSATION.size());
  }

  /** Runs the session; returns how many statements were answered alike. */
  private static int converse(
      List<CapturedStatement> statements, WireConnection reference, WireConnection bridge)
      throws Exception {
    List<String> missing = new ArrayList<>();
    for (CapturedStatement statement : statements) {
      if (statement.kind() == CapturedStatement.Kind.CONTROL
          && !CONVERSATION.contains(statement.sql())) {
        missing.add(statement.sql());
      }
    }
    if (!missing.isEmpty()) {
      throw new IllegalStateException("the conversation does not have " + missing);
    }
    int alike = 0;
    for (String sql : CONVERSATION) {
      var expected = reference.query(sql);
      var actual = bridge.query(sql);
      if (ShapeComparison.sameOutcome(expected, actual) && expected.rows().equals(actual.rows())) {
        alike++;
      } else {
        System.out.println(
            "in the conversation, "
                + sql
                + "\n  PostgreSQL: "
                + expected
                + "\n  bridge: "
                + actual);
      }
    }
    return alike;
  }
}
