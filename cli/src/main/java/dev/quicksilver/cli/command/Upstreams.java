package dev.quicksilver.cli.command;

import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.ConfigurationException;
import dev.quicksilver.cli.config.NodeAddress;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.replication.ReplicationConfig;
import dev.quicksilver.replication.Upstream;
import dev.quicksilver.replication.UpstreamChoice;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The nodes that a replica, or a root that stands by, pulls from, and how it does. Stateless. */
final class Upstreams {
  private static final Logger LOG = LoggerFactory.getLogger(Upstreams.class);

  /** Who has another one to turn to gives a silent one up sooner; heartbeats come each second. */
  private static final Duration SILENCE_WITH_OTHERS = Duration.ofSeconds(3);

  private Upstreams() {}

  /** Returns how a node follows these, as it is configured. */
  static ReplicationConfig follow(
      List<Upstream> upstreams, NodeParts node, Configuration configuration) {
    ReplicationConfig config =
        ReplicationConfig.of(node.identity, upstreams)
            .withWindow(configuration.get(Settings.REPLICATION_WINDOW))
            .withChoice(
                UpstreamChoice.DEFAULT
                    .withWellFor(configuration.get(Settings.REPLICATION_RETURN_AFTER))
                    .withAheadFor(configuration.get(Settings.REPLICATION_BEHIND_LIMIT)))
            .withAskAgain(configuration.get(Settings.REPLICATION_ASK_AGAIN_AFTER))
            .withOnDivergence(configuration.get(Settings.REPLICATION_ON_DIVERGENCE))
            .withTransport(node.transport.transport)
            .withScrape(node.scrape::now);
    if (upstreams.size() > 1) {
      config = config.withSilence(SILENCE_WITH_OTHERS);
    }
    warnOfUnnamed(config);
    return config;
  }

  /** Returns the nodes that are configured to be pulled from, primaries first; may be none. */
  static List<Upstream> of(Configuration configuration) {
    Stream<Upstream> primaries =
        configuration.get(Settings.REPLICATION_UPSTREAMS).stream().map(up -> upstream(up, false));
    Stream<Upstream> secondaries =
        configuration.get(Settings.REPLICATION_SECONDARIES).stream().map(up -> upstream(up, true));
    return Stream.concat(primaries, secondaries).toList();
  }

  /** The same, of which there has to be one. */
  static List<Upstream> required(Configuration configuration) {
    List<Upstream> all = of(configuration);
    if (all.isEmpty()) {
      throw new ConfigurationException(
          Settings.REPLICATION_UPSTREAMS.key()
              + " is empty: name at least one node to pull from, in the configuration file, in "
              + Settings.REPLICATION_UPSTREAMS.variable()
              + " or with "
              + Settings.REPLICATION_UPSTREAMS.flag());
    }
    return all;
  }

  private static Upstream upstream(NodeAddress at, boolean secondary) {
    return new Upstream(at.endpoint().host(), at.endpoint().port(), secondary, at.name());
  }

  private static void warnOfUnnamed(ReplicationConfig config) {
    if (!config.transport().isSecure()) {
      return;
    }
    for (Upstream upstream : config.upstreams()) {
      if (upstream.node().isEmpty()) {
        LOG.warn(
            "upstream {} is given without its name: any node with a certificate could stand there;"
                + " write NODE@{}",
            upstream,
            upstream);
      }
    }
  }
}
