package dev.quicksilver.benchmarks.alerts;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** An analyst's transaction that stays open. */
final class OldReader implements Trial {
  private final AlertTree tree;
  private @Nullable Connection analyst;

  OldReader(AlertTree tree) {
    this.tree = tree;
  }

  @Override
  public String what() {
    return "a session of the bridge keeps its snapshot; then ends its transaction";
  }

  @Override
  public Set<String> alerts() {
    return Set.of("QuicksilverReaderTooOld " + tree.instance(AlertTree.EDGE));
  }

  @Override
  public void cause() throws Exception {
    String bridge = tree.cluster().address(AlertTree.BRIDGE, "bridge");
    Connection connection =
        DriverManager.getConnection(
            "jdbc:postgresql://" + bridge + "/quicksilver?sslmode=require", "analyst", "");
    analyst = connection;
    connection.setAutoCommit(false);
    connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
    try (Statement statement = connection.createStatement()) {
      statement.execute("SELECT value FROM dns WHERE key = 'beat'");
    }
  }

  @Override
  public void cure() throws Exception {
    if (analyst != null) {
      analyst.rollback();
    }
  }

  @Override
  public void end() throws Exception {
    if (analyst != null) {
      analyst.close();
    }
  }
}
