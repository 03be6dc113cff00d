package dev.quicksilver.cli.doctor;

import dev.quicksilver.cli.config.NodeAddress;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.doctor.Finding.Level;
import dev.quicksilver.replication.RefusalCode;
import dev.quicksilver.replication.RefusedException;
import dev.quicksilver.replication.RemoteLog;
import dev.quicksilver.replication.RemoteLog.Range;
import dev.quicksilver.replication.Transport;
import dev.quicksilver.replication.Upstream;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseDirectory;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.PidNamespace;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.lmdb.StorageOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * The hello of the replication protocol, as the node would say it: whether a node answers, of a
 * version that this build speaks, lets this one pull, and is of the cluster of its copy.
 */
final class UpstreamHello {
  private static final String NAME = UpstreamsCheck.NAME;
  private static final Duration LONGEST_SILENCE = Duration.ofMillis(2_500);

  /** Said by a node that has no data yet, or that is not the active root: it will. */
  private static final Set<RefusalCode> WELL =
      Set.of(RefusalCode.UNKNOWN_DATABASE, RefusalCode.NOT_ACTIVE);

  private UpstreamHello() {}

  /**
   * Says it.
   *
   * @param here the cluster of the copy, if there is one
   */
  static Finding say(
      Context context, NodeAddress upstream, Transport transport, Optional<UUID> here) {
    Upstream address =
        new Upstream(
            upstream.endpoint().host(), upstream.endpoint().port(), false, upstream.name());
    String self = context.configuration().get(Settings.NODE_NAME);
    try (RemoteLog log =
        RemoteLog.open(
            address, DatabaseSet.CATALOG, Range.newest(), self, transport, LONGEST_SILENCE)) {
      UUID there = log.identity().id();
      return here.isEmpty() || here.get().equals(there)
          ? answers(upstream)
          : Finding.error(
              NAME,
              "upstream "
                  + upstream
                  + " is of another cluster ("
                  + there
                  + ") than the copy in "
                  + context.data()
                  + " ("
                  + here.get()
                  + ")",
              "correct replication.upstreams; or, if the copy is the wrong one, stop the node and"
                  + " move "
                  + context.data()
                  + " away");
    } catch (RefusedException e) {
      RefusalCode code = e.refusal().code();
      return WELL.contains(code)
          ? answers(upstream)
          : Finding.of(
              code.isFinal() ? Level.ERROR : Level.WARNING,
              NAME,
              "upstream " + upstream + " refuses this node, " + code + ": " + e.getMessage(),
              "look at its log");
    } catch (IOException e) {
      return Finding.error(
          NAME,
          "what listens at upstream " + upstream + " does not answer as a node: " + e.getMessage(),
          "name a node's replication.listen in replication.upstreams; both sides have TLS, or"
              + " neither");
    }
  }

  private static Finding answers(NodeAddress upstream) {
    return Finding.ok(NAME, "upstream " + upstream + " answers");
  }

  /** Returns the id of the catalog's copy here, which is the cluster's; nothing is made for it. */
  static Optional<UUID> clusterHere(Context context) {
    try {
      PidNamespace.requireShared(context.data());
      Optional<Path> folder =
          new DatabaseDirectory(context.data())
              .environment(DatabaseSet.CATALOG)
              .filter(at -> Files.isWritable(at.resolve("lock.mdb")));
      if (folder.isEmpty()) {
        return Optional.empty();
      }
      StorageOptions options =
          StorageOptions.DEFAULT.withMapSize(
              context.configuration().get(Settings.DATA_MAP_SIZE) * (1L << 20));
      try (Database catalog = Database.openReadOnly(folder.get(), options)) {
        return Optional.of(catalog.identity().id());
      }
    } catch (StorageException e) {
      return Optional.empty(); // the checks of the data directory say what is wrong with it
    }
  }
}
