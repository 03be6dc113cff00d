package dev.quicksilver.edge.resp;

import dev.quicksilver.edge.access.Rights;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What a client has said of itself and asked for, as far as it lasts. For its loop's thread. */
final class Session {
  final long id;
  final String address;
  final long since;
  int protocol = 2;
  String name = "";
  String libraryName = "";
  String libraryVersion = "";

  /** Who the client is; empty as long as it has not said so, where it must. */
  Optional<String> user = Optional.empty();

  Rights rights = Rights.of(java.util.Set.of());
  boolean known;

  /** The selected database; empty for the one with number 0. */
  Optional<String> selected = Optional.empty();

  /** The most that a copy may be behind to be read, in ms; 0 for any age. */
  long mostAge;

  /** Where the selected database was found last. */
  LoopDatabases.@Nullable Use use;

  final List<byte[]> channels = new ArrayList<>();
  final List<Glob> patterns = new ArrayList<>();

  Session(long id, String address, long since) {
    this.id = id;
    this.address = address;
    this.since = since;
  }

  /**
   * For a client that came from another process: up to where it was told of each database's log.
   */
  final Map<String, Long> heard = new HashMap<>();

  int subscriptions() {
    return channels.size() + patterns.size();
  }

  void select(Optional<String> database) {
    selected = database;
    use = null;
  }

  /** Lets it be somebody. */
  void admit(Optional<String> who, Rights may) {
    user = who;
    rights = may;
    known = true;
    use = null;
  }
}
