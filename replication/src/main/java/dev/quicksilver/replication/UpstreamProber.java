package dev.quicksilver.replication;

import dev.quicksilver.replication.Message.ClientHello;
import dev.quicksilver.replication.Message.DatabaseInfo;
import dev.quicksilver.replication.Message.Databases;
import dev.quicksilver.replication.Message.End;
import dev.quicksilver.replication.Message.Purpose;
import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks each upstream of a node now and then which databases it has and how far they are: one short
 * connection for all databases together, of purpose LIST, so that any version answers it. A virtual
 * thread for each upstream; a node with a single upstream probes nothing. Thread-safe.
 */
final class UpstreamProber implements AutoCloseable {
  /**
   * The last answer of an upstream.
   *
   * @param number 1 for the first probe, then one more each
   * @param problem why there is none; empty if there is one
   */
  record Answer(long number, Map<String, DatabaseInfo> databases, String problem) {}

  private static final Logger LOG = LoggerFactory.getLogger(UpstreamProber.class);
  private static final Duration LIMIT = Duration.ofSeconds(5);
  private static final int LONGEST_PAUSES = 12;

  private final ReplicationConfig config;
  private final RefusalCounts refusals;
  private final Map<Upstream, Answer> answers = new ConcurrentHashMap<>();
  private final List<Thread> threads = new CopyOnWriteArrayList<>();

  private UpstreamProber(ReplicationConfig config, RefusalCounts refusals) {
    this.config = config;
    this.refusals = refusals;
  }

  static UpstreamProber start(ReplicationConfig config, RefusalCounts refusals) {
    UpstreamProber prober = new UpstreamProber(config, refusals);
    if (config.upstreams().size() > 1) {
      for (Upstream upstream : config.upstreams()) {
        prober.threads.add(
            Thread.ofVirtual().name("probe-" + upstream).start(() -> prober.run(upstream)));
      }
    }
    return prober;
  }

  /** Returns the last answer of an upstream, if it was asked already. */
  Optional<Answer> last(Upstream upstream) {
    return Optional.ofNullable(answers.get(upstream));
  }

  private void run(Upstream upstream) {
    Duration pause = config.choice().probePause();
    BackOff backOff =
        new BackOff(
            pause,
            pause.multipliedBy(LONGEST_PAUSES),
            () -> ThreadLocalRandom.current().nextDouble());
    try {
      for (long number = 1; ; number++) {
        Thread.sleep(Duration.ofNanos(backOff.next()));
        Answer answer = ask(upstream, number);
        if (answer.problem().isEmpty()) {
          backOff.reset();
        }
        answers.put(upstream, answer);
      }
    } catch (InterruptedException e) {
      LOG.debug("no more probes of {}", upstream);
    }
  }

  private Answer ask(Upstream upstream, long number) {
    try {
      return new Answer(number, list(upstream), "");
    } catch (RefusedException e) {
      refusals.add(upstream, e.refusal().code());
      return new Answer(number, Map.of(), e.refusal().code() + ": " + e.refusal().message());
    } catch (IOException e) {
      return new Answer(number, Map.of(), String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      LOG.error("asking upstream {} failed", upstream, e);
      return new Answer(number, Map.of(), "internal error: " + e);
    }
  }

  private Map<String, DatabaseInfo> list(Upstream upstream) throws IOException {
    Transport transport = config.transport();
    try (Connection connection = new Connection(new Socket());
        Deadline _ = Deadline.start(LIMIT, connection::close)) {
      connection.connect(
          transport.resolve(upstream.host(), upstream.port(), "the upstream"),
          Math.toIntExact(LIMIT.toMillis()));
      connection.timeout(LIMIT);
      transport.connect(connection, upstream);
      FrameOutput out = new FrameOutput(connection.out());
      FrameInput in = new FrameInput(connection.in());
      out.writeMagic();
      out.write(hello());
      out.flush();
      in.readMagic();
      in.handshakeDone(
          ProtocolVersions.SUPPORTED.lowest()); // the answer is as long as there are databases
      Map<String, DatabaseInfo> all = new HashMap<>();
      while (true) {
        switch (in.read()) {
          case Databases some ->
              some.databases().forEach(info -> all.put(info.identity().name(), info));
          case End _ -> {
            return all;
          }
          case Refusal refusal -> throw new RefusedException(refusal);
          case Message other ->
              throw new ProtocolException(
                  "a message of type " + MessageCodec.type(other) + " instead of a list");
        }
      }
    } catch (IOException e) {
      throw transport.explain(e, "upstream " + upstream);
    }
  }

  private ClientHello hello() {
    NodeIdentity node = config.node();
    return new ClientHello(
        node.versions().lowest(),
        node.versions().highest(),
        node.processId(),
        Purpose.LIST,
        false,
        Protocol.CODEC_SNAPPY,
        Protocol.ANY_DATABASE,
        0,
        Protocol.NO_HASH,
        0,
        "",
        node.name(),
        node.location());
  }

  /** Stops asking; a probe that is under way ends by itself. */
  @Override
  public void close() {
    threads.forEach(Thread::interrupt);
  }
}
