package dev.quicksilver.gateway;

import java.time.Duration;

/**
 * What a gateway needs to know.
 *
 * @param jdbcUrl the central PostgreSQL, {@code jdbc:postgresql:…}; may hold user and password
 * @param user a role with REPLICATION that may read the schema quicksilver; empty to take it from
 *     the URL
 * @param password empty to take it from the URL, or if none is needed
 * @param window the shortest time between two durable commits under load
 * @param slotName the logical replication slot; empty for the one that the database says: that of
 *     its last root, else one named after the database
 * @param publication the publication
 * @param idleInterval how often an idle node records how far the WAL has moved on, so that
 *     PostgreSQL can forget it
 * @param silence how long a stream on which nothing comes is believed, although PostgreSQL was
 *     asked for something on it after a third of that
 * @param confirmAfter for how long a position is durable here before PostgreSQL is told that it may
 *     forget the WAL up to there: a node that is no further behind can become the root. Of no
 *     account while commits wait for the root
 * @param takeOverAfter for how long neither PostgreSQL nor this node may have heard of the active
 *     root until a standby ends its hold of the slot
 * @param standbys how many standby roots have to hold what is confirmed to PostgreSQL
 */
public record GatewayConfig(
    String jdbcUrl,
    String user,
    String password,
    Duration window,
    String slotName,
    String publication,
    Duration idleInterval,
    Duration silence,
    Duration confirmAfter,
    Duration takeOverAfter,
    int standbys) {
  /** The names and times that fit nearly everyone: window 500 ms, idle interval 10 s. */
  public static GatewayConfig of(String jdbcUrl, String user, String password) {
    return new GatewayConfig(
        jdbcUrl, user, password, Duration.ofMillis(500), "", "quicksilver", Duration.ofSeconds(10));
  }

  /**
   * With 10 s until a position is confirmed, and a silence of 30 s, half of what PostgreSQL's own
   * subscribers believe by default.
   */
  public GatewayConfig(
      String jdbcUrl,
      String user,
      String password,
      Duration window,
      String slotName,
      String publication,
      Duration idleInterval) {
    this(
        jdbcUrl,
        user,
        password,
        window,
        slotName,
        publication,
        idleInterval,
        Duration.ofSeconds(30),
        Duration.ofSeconds(10),
        Duration.ofSeconds(2),
        0);
  }

  public GatewayConfig {
    if (!jdbcUrl.startsWith("jdbc:postgresql:")) {
      throw new IllegalArgumentException(
          "\"" + jdbcUrl + "\" is no URL of a PostgreSQL; it begins with jdbc:postgresql:");
    }
    if (!slotName.matches("[a-z0-9_]{0,63}")) {
      throw new IllegalArgumentException(
          "\"" + slotName + "\" is no name of a slot; use 1 to 63 of a-z, 0-9 and _");
    }
    if (window.isNegative()
        || idleInterval.isNegative()
        || silence.isNegative()
        || confirmAfter.isNegative()
        || takeOverAfter.isNegative()) {
      throw new IllegalArgumentException("a window or interval is not negative");
    }
  }

  /** Returns this with another window. */
  public GatewayConfig withWindow(Duration newWindow) {
    return new GatewayConfig(
        jdbcUrl,
        user,
        password,
        newWindow,
        slotName,
        publication,
        idleInterval,
        silence,
        confirmAfter,
        takeOverAfter,
        standbys);
  }

  /** Returns this with another slot; empty for the one that the database says. */
  public GatewayConfig withSlotName(String newSlotName) {
    return new GatewayConfig(
        jdbcUrl,
        user,
        password,
        window,
        newSlotName,
        publication,
        idleInterval,
        silence,
        confirmAfter,
        takeOverAfter,
        standbys);
  }

  /** Returns this with another idle interval. */
  public GatewayConfig withIdleInterval(Duration newInterval) {
    return new GatewayConfig(
        jdbcUrl,
        user,
        password,
        window,
        slotName,
        publication,
        newInterval,
        silence,
        confirmAfter,
        takeOverAfter,
        standbys);
  }

  /** Returns this with another silence. */
  public GatewayConfig withSilence(Duration newSilence) {
    return new GatewayConfig(
        jdbcUrl,
        user,
        password,
        window,
        slotName,
        publication,
        idleInterval,
        newSilence,
        confirmAfter,
        takeOverAfter,
        standbys);
  }

  /** Returns this with another time until a position is confirmed. */
  public GatewayConfig withConfirmAfter(Duration newTime) {
    return new GatewayConfig(
        jdbcUrl,
        user,
        password,
        window,
        slotName,
        publication,
        idleInterval,
        silence,
        newTime,
        takeOverAfter,
        standbys);
  }

  /** Returns this with another time until a silent root is taken over from. */
  public GatewayConfig withTakeOverAfter(Duration newTime) {
    return new GatewayConfig(
        jdbcUrl,
        user,
        password,
        window,
        slotName,
        publication,
        idleInterval,
        silence,
        confirmAfter,
        newTime,
        standbys);
  }

  /** Returns this with another number of standby roots that have to hold what is confirmed. */
  public GatewayConfig withStandbys(int newNumber) {
    return new GatewayConfig(
        jdbcUrl,
        user,
        password,
        window,
        slotName,
        publication,
        idleInterval,
        silence,
        confirmAfter,
        takeOverAfter,
        newNumber);
  }

  /** Without the password. */
  @Override
  public String toString() {
    return "GatewayConfig[slot " + slotName + ", publication " + publication + "]";
  }
}
