package dev.quicksilver.cli.doctor;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** What the role that a root connects as may do. */
final class RightsCheck implements ServerCheck {
  private static final String ROLES =
      "SELECT count(*) FROM pg_roles WHERE rolname IN ('quicksilver_admin', 'quicksilver_writer',"
          + " 'quicksilver_reader')";

  @Override
  public String name() {
    return "rights";
  }

  @Override
  public List<Finding> run(Context context, Server server) throws SQLException {
    String role = server.role();
    if (server.is("rolsuper FROM pg_roles WHERE rolname = current_user")) {
      return List.of(Finding.ok(name(), role + " is a superuser"));
    }
    List<Finding> findings = new ArrayList<>();
    if (!server.is("rolreplication FROM pg_roles WHERE rolname = current_user")) {
      findings.add(
          Finding.error(
              name(), role + " may not replicate", "ALTER ROLE " + role + " REPLICATION"));
    }
    if (server.hasSchema()) {
      String owner =
          server.text(
              "SELECT quote_ident(pg_get_userbyid(nspowner)) FROM pg_namespace WHERE nspname ="
                  + " 'quicksilver'");
      if (!server.ownsSchema()) {
        findings.add(
            Finding.error(
                name(),
                "the schema quicksilver is " + owner + "'s, and " + role + " is no member of it",
                "set postgres.user to " + owner + "; or GRANT " + owner + " TO " + role));
      }
    } else {
      beforeTheFirstStart(server, role, findings);
    }
    if (!server.is(
        "has_schema_privilege('public', 'USAGE') AND has_schema_privilege('public', 'CREATE')")) {
      findings.add(
          Finding.warning(
              name(),
              role + " may make no tables in the schema public: create_database says so",
              "GRANT USAGE, CREATE ON SCHEMA public TO "
                  + role
                  + "; or of the schema that tables are made in"));
    }
    if (findings.isEmpty()) {
      findings.add(Finding.ok(name(), role + " has the rights of a root"));
    }
    return findings;
  }

  private void beforeTheFirstStart(Server server, String role, List<Finding> findings)
      throws SQLException {
    if (!server.is("has_database_privilege(current_database(), 'CREATE')")) {
      findings.add(
          Finding.error(
              name(),
              role + " may not make the schema quicksilver",
              "GRANT CREATE ON DATABASE "
                  + server.text("SELECT quote_ident(current_database())")
                  + " TO "
                  + role));
    }
    if (server.number(ROLES) < 3
        && !server.is("rolcreaterole FROM pg_roles WHERE rolname = current_user")) {
      findings.add(
          Finding.error(
              name(),
              role + " may not make the roles quicksilver_admin, _writer and _reader",
              "ALTER ROLE " + role + " CREATEROLE; or make the three (CREATE ROLE … NOLOGIN)"));
    }
  }
}
