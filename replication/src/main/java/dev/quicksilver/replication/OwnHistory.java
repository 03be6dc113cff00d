package dev.quicksilver.replication;

import dev.quicksilver.replication.Message.ClientHello;
import dev.quicksilver.replication.Message.DatabaseInfo;
import dev.quicksilver.replication.Message.Purpose;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.storage.copy.PrefixReplica;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.record.ChainHash;
import dev.quicksilver.storage.record.Head;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What a follower tells of its copy, and what it makes of an upstream's answer. Thread-safe. */
final class OwnHistory {
  private final String name;
  private final Optional<UUID> expectedId;
  private final ReplicationConfig config;
  private final DatabaseSet databases;

  OwnHistory(
      String name, Optional<UUID> expectedId, ReplicationConfig config, DatabaseSet databases) {
    this.name = name;
    this.expectedId = expectedId;
    this.config = config;
    this.databases = databases;
  }

  /** Says where the local copy stands, if there is one. */
  ClientHello hello(Optional<Database> local) {
    Optional<Head> head = local.map(Database::head);
    UUID id =
        local
            .map(database -> database.identity().id())
            .or(() -> expectedId)
            .orElse(Protocol.ANY_DATABASE);
    return new ClientHello(
        config.node().versions().lowest(),
        config.node().versions().highest(),
        config.node().processId(),
        config.standby() ? Purpose.STANDBY : Purpose.FOLLOW,
        false,
        Protocol.CODEC_SNAPPY,
        id,
        head.map(Head::lastSequence).orElse(0L),
        head.map(Head::chainHash).orElse(Protocol.NO_HASH),
        config.stopSequences().getOrDefault(name, 0L),
        name,
        config.node().name(),
        config.node().location());
  }

  /** Says how far a copy is that was begun, if one was. */
  ClientHello copyHello(Optional<Database> local, @Nullable PrefixReplica copy) {
    UUID id =
        expectedId
            .or(() -> Optional.ofNullable(copy).map(begun -> begun.identity().id()))
            .or(() -> local.map(database -> database.identity().id()))
            .orElse(Protocol.ANY_DATABASE);
    return new ClientHello(
        config.node().versions().lowest(),
        config.node().versions().highest(),
        config.node().processId(),
        Purpose.COPY,
        false,
        Protocol.CODEC_SNAPPY,
        id,
        copy == null ? 0 : copy.head().lastSequence(),
        copy == null ? Protocol.NO_HASH : copy.head().chainHash(),
        0,
        name,
        config.node().name(),
        config.node().location());
  }

  /**
   * An upstream that seems to be behind may in truth have another history: only this side can tell.
   */
  Refusal examine(Refusal given) {
    Optional<Database> local = databases.get(name);
    if (given.code() != RefusalCode.UPSTREAM_BEHIND || local.isEmpty()) {
      return given;
    }
    Optional<String> ours = difference(local.get(), given.lastSequence(), given.chainHash());
    return ours.map(here -> fork(given, here)).orElse(given);
  }

  /** Says whether a peer that is not ahead is known to have another history. */
  boolean differs(Database local, DatabaseInfo peer) {
    return difference(local, peer.lastSequence(), peer.chainHash()).isPresent();
  }

  /** Returns what is here instead of a chain hash; empty if it is here, or not known any more. */
  private static Optional<String> difference(Database local, long sequence, ChainHash hash) {
    try {
      ChainHash ours = local.chainHashAt(sequence);
      return ours.equals(hash) ? Optional.empty() : Optional.of(ours.toString());
    } catch (StorageException e) {
      if (e.code() != ErrorCode.NOT_IN_LOG) {
        throw e;
      }
      boolean known = sequence + 1 >= local.head().oldestSequence();
      return known ? Optional.of("no end of a transaction there") : Optional.empty();
    }
  }

  private Refusal fork(Refusal given, String ours) {
    return new Refusal(
        RefusalCode.FORK,
        given.oldestSequence(),
        given.lastSequence(),
        given.chainHash(),
        "the upstream's history of database \""
            + name
            + "\" is not this node's: at sequence "
            + given.lastSequence()
            + " it has chain hash "
            + given.chainHash()
            + ", this node "
            + ours
            + "; find out which is right, then have the wrong one copy it anew (quicksilver"
            + " copy-anew "
            + name
            + ")");
  }
}
