package dev.quicksilver.cli.doctor;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** Published tables: whether they can be written to, and still fit their databases. */
final class TablesCheck implements ServerCheck {
  /** What PostgreSQL refuses to update or delete from, since the old row could not be found. */
  private static final String WITHOUT_IDENTITY =
      "SELECT c.oid::regclass FROM pg_publication_tables t JOIN pg_class c ON c.oid ="
          + " format('%I.%I', t.schemaname, t.tablename)::regclass WHERE t.pubname = 'quicksilver'"
          + " AND (c.relreplident = 'n' OR c.relreplident = 'd' AND NOT EXISTS (SELECT FROM"
          + " pg_index i WHERE i.indrelid = c.oid AND i.indisprimary) OR c.relreplident = 'i' AND"
          + " NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisreplident))"
          + " ORDER BY 1";

  /**
   * PostgreSQL 18 and later refuse to update a table whose identity has a generated column that is
   * not published: each column of a table with REPLICA IDENTITY FULL.
   */
  private static final String GENERATED_IDENTITY =
      "SELECT c.oid::regclass, quote_ident(a.attname), a.attgenerated = 's' FROM"
          + " pg_publication_tables t JOIN pg_publication p USING (pubname) JOIN pg_class c ON"
          + " c.oid = format('%I.%I', t.schemaname, t.tablename)::regclass JOIN pg_attribute a ON"
          + " a.attrelid = c.oid AND a.attgenerated <> '' AND NOT a.attisdropped WHERE t.pubname ="
          + " 'quicksilver' AND (p.pubgencols <> 's' OR a.attgenerated <> 's') AND (c.relreplident"
          + " = 'f' OR EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND a.attnum = ANY"
          + " (i.indkey) AND CASE c.relreplident WHEN 'd' THEN i.indisprimary ELSE i.indisreplident"
          + " END)) ORDER BY 1, 2";

  @Override
  public String name() {
    return "tables";
  }

  @Override
  public List<Finding> run(Context context, Server server) throws SQLException {
    if (!server.hasSchema()) {
      return List.of(Finding.ok(name(), "nothing is published yet"));
    }
    if (!server.ownsSchema()) {
      return List.of(); // the check of rights says it
    }
    List<Finding> findings = new ArrayList<>();
    for (List<String> row : server.rows(WITHOUT_IDENTITY)) {
      String table = row.getFirst();
      findings.add(
          Finding.error(
              name(),
              "PostgreSQL refuses UPDATE and DELETE of " + table + ": it has no replica identity",
              "ALTER TABLE " + table + " REPLICA IDENTITY FULL"));
    }
    if (server.number("SELECT current_setting('server_version_num')") >= 180_000) {
      for (List<String> row : server.rows(GENERATED_IDENTITY)) {
        generated(row.get(0), row.get(1), row.get(2).equals("t"), findings);
      }
    }
    boolean named = !findings.isEmpty();
    for (List<String> row :
        server.rows("SELECT database, problem, cure FROM quicksilver.problems()")) {
      if (named && row.get(1).startsWith("PostgreSQL lets nobody update ")) {
        continue; // with a cure that keeps the column's values
      }
      findings.add(
          Finding.error(name(), "database \"" + row.get(0) + "\": " + row.get(1), row.get(2)));
    }
    if (findings.isEmpty()) {
      findings.add(Finding.ok(name(), "published tables are as they should be"));
    }
    return findings;
  }

  private void generated(String table, String column, boolean stored, List<Finding> findings) {
    findings.add(
        Finding.error(
            name(),
            "PostgreSQL 18 refuses UPDATE and DELETE of "
                + table
                + ": its replica identity has the generated column "
                + column
                + ", which is not published",
            "ALTER TABLE "
                + table
                + (stored
                    ? " ALTER COLUMN " + column + " DROP EXPRESSION; fill it with a trigger,"
                    : " DROP COLUMN " + column + "; compute it in a view,")
                + " or REPLICA IDENTITY DEFAULT, if no value of the table is large"));
  }
}
