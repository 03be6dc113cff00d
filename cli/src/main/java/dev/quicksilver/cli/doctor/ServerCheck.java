package dev.quicksilver.cli.doctor;

import java.sql.SQLException;
import java.util.List;

/**
 * One thing to ask the central PostgreSQL. Stateless; changes nothing. Where a statement is the
 * cure, it stands first, up to a semicolon.
 */
interface ServerCheck {
  /** Returns the name that its findings carry. */
  String name();

  /**
   * Asks.
   *
   * @throws SQLException whatever it fails with, which becomes a finding
   */
  List<Finding> run(Context context, Server server) throws SQLException;
}
