package dev.quicksilver.replication;

import java.io.IOException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a node follows.
 *
 * @param node shared with the process's {@link ReplicationServer}, if it has one
 * @param upstreams in order of preference within primaries and secondaries; at least one
 * @param catalogId the catalog's database id, if only that one is acceptable
 * @param window shortest time between two durable commits of a database under load
 * @param maxTransactionBytes uncompressed bytes after which a commit does not wait for the window
 * @param silence an upstream that sends nothing for this long is given up
 * @param minBackOff first pause after all upstreams failed; doubles
 * @param maxBackOff longest pause
 * @param stopSequences databases that stop at the block that holds the given sequence
 * @param askAgain the longest pause before an upstream is asked again that refused finally or
 *     contradicted a copy, and after an internal error; shortened at random by up to a half
 * @param transport the same as the process's {@link ReplicationServer} has
 * @param choice when an upstream that serves is left for another one
 * @param onDivergence what is done with a database that contradicts its upstream
 * @param standby whether the node is a root that stands by
 * @param scrape where the metrics of this process, and of those beside it, can be scraped now;
 *     asked often, by several threads
 */
public record ReplicationConfig(
    NodeIdentity node,
    List<Upstream> upstreams,
    Optional<UUID> catalogId,
    Duration window,
    long maxTransactionBytes,
    Duration silence,
    Duration minBackOff,
    Duration maxBackOff,
    Map<String, Long> stopSequences,
    Duration askAgain,
    Transport transport,
    UpstreamChoice choice,
    DivergencePolicy onDivergence,
    boolean standby,
    Supplier<List<ScrapeAddress>> scrape) {
  private static final Logger LOG = LoggerFactory.getLogger(ReplicationConfig.class);

  /** Defaults: 500 ms window, 32 MiB, 10 s silence, 100 ms to 5 s back-off, 30 s when refused. */
  public static ReplicationConfig of(NodeIdentity node, List<Upstream> upstreams) {
    return new ReplicationConfig(
        node,
        upstreams,
        Optional.empty(),
        Duration.ofMillis(500),
        32L << 20,
        Duration.ofSeconds(10),
        Duration.ofMillis(100),
        Duration.ofSeconds(5),
        Map.of(),
        Duration.ofSeconds(30),
        Transport.PLAIN,
        UpstreamChoice.DEFAULT,
        DivergencePolicy.SERVE,
        false,
        List::of);
  }

  public ReplicationConfig {
    if (upstreams.isEmpty()) {
      throw new ReplicationException("no upstream is configured; name at least one primary", null);
    }
    upstreams = List.copyOf(upstreams);
    stopSequences = Map.copyOf(stopSequences);
  }

  /**
   * Refuses an upstream that plain text may not reach; {@link Replica#start} asks. With TLS any may
   * be reached, and a name that cannot be resolved now may be one later.
   *
   * @throws ReplicationException with the upstream and the cure
   */
  public void checkUpstreams() {
    for (Upstream upstream : transport.isSecure() ? List.<Upstream>of() : upstreams) {
      try {
        transport.resolve(upstream.host(), upstream.port(), "the upstream");
      } catch (UnknownHostException e) {
        LOG.warn("upstream {} cannot be resolved now and is tried again", upstream);
      } catch (IOException e) {
        throw new ReplicationException(String.valueOf(e.getMessage()), e);
      }
    }
  }

  /** Returns the same that pulls from others. */
  public ReplicationConfig withUpstreams(List<Upstream> others) {
    return changed(draft -> draft.upstreams = others);
  }

  /** Returns the same over another transport. */
  public ReplicationConfig withTransport(Transport other) {
    return changed(draft -> draft.transport = other);
  }

  /** Returns the same with another window. */
  public ReplicationConfig withWindow(Duration other) {
    return changed(draft -> draft.window = other);
  }

  /** Returns the same that gives up a silent upstream after another time. */
  public ReplicationConfig withSilence(Duration other) {
    return changed(draft -> draft.silence = other);
  }

  /** Returns the same, bound to one catalog. */
  public ReplicationConfig withCatalogId(UUID id) {
    return changed(draft -> draft.catalogId = Optional.of(id));
  }

  /** Returns the same with stop sequences. */
  public ReplicationConfig withStopSequences(Map<String, Long> stops) {
    return changed(draft -> draft.stopSequences = stops);
  }

  /** Returns the same that asks again at another pace when it was finally refused. */
  public ReplicationConfig withAskAgain(Duration other) {
    return changed(draft -> draft.askAgain = other);
  }

  /** Returns the same that leaves an upstream for another one in other cases. */
  public ReplicationConfig withChoice(UpstreamChoice other) {
    return changed(draft -> draft.choice = other);
  }

  /** Returns the same that does something else with a database that diverged. */
  public ReplicationConfig withOnDivergence(DivergencePolicy other) {
    return changed(draft -> draft.onDivergence = other);
  }

  /** Returns the same for a root that stands by. */
  public ReplicationConfig asStandby() {
    return changed(draft -> draft.standby = true);
  }

  /**
   * Returns the same that tells its upstreams where metrics can be scraped.
   *
   * @param addresses returns at most four; asked often, by several threads
   */
  public ReplicationConfig withScrape(Supplier<List<ScrapeAddress>> addresses) {
    return changed(draft -> draft.scrape = addresses);
  }

  private ReplicationConfig changed(Consumer<Draft> change) {
    Draft draft = new Draft(this);
    change.accept(draft);
    return new ReplicationConfig(
        node,
        draft.upstreams,
        draft.catalogId,
        draft.window,
        maxTransactionBytes,
        draft.silence,
        minBackOff,
        maxBackOff,
        draft.stopSequences,
        draft.askAgain,
        draft.transport,
        draft.choice,
        draft.onDivergence,
        draft.standby,
        draft.scrape);
  }

  /** What can be changed of a configuration. */
  private static final class Draft {
    private List<Upstream> upstreams;
    private Optional<UUID> catalogId;
    private Duration window;
    private Duration silence;
    private Map<String, Long> stopSequences;
    private Duration askAgain;
    private Transport transport;
    private UpstreamChoice choice;
    private DivergencePolicy onDivergence;
    private boolean standby;
    private Supplier<List<ScrapeAddress>> scrape;

    Draft(ReplicationConfig from) {
      upstreams = from.upstreams;
      catalogId = from.catalogId;
      window = from.window;
      silence = from.silence;
      stopSequences = from.stopSequences;
      askAgain = from.askAgain;
      transport = from.transport;
      choice = from.choice;
      onDivergence = from.onDivergence;
      standby = from.standby;
      scrape = from.scrape;
    }
  }
}
