package dev.quicksilver.cli.doctor;

import java.sql.SQLException;
import java.util.List;

/** This machine's clock against PostgreSQL's: ages and lags are differences of the two. */
final class ClockCheck implements ServerCheck {
  private static final String NAME = "clock";
  private static final long MOST_MILLIS = 1_000;

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public List<Finding> run(Context context, Server server) throws SQLException {
    long before = System.currentTimeMillis();
    long there = server.number("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint");
    return List.of(judge(before, there, System.currentTimeMillis(), "PostgreSQL's"));
  }

  /** Judges a time, in ms, that was read elsewhere between two times here. */
  static Finding judge(long before, long there, long after, String whose) {
    long ahead = there > after ? there - after : Math.min(0, there - before);
    return Math.abs(ahead) <= MOST_MILLIS
        ? Finding.ok(NAME, "the clocks of this machine and " + whose + " agree")
        : Finding.warning(
            NAME,
            whose
                + " clock is "
                + Math.abs(ahead)
                + " ms "
                + (ahead > 0 ? "ahead of" : "behind")
                + " this machine's: ages and lags are wrong by that much",
            "run chrony or systemd-timesyncd on both machines (timedatectl shows the state)");
  }
}
