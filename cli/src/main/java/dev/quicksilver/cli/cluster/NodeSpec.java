package dev.quicksilver.cli.cluster;

import dev.quicksilver.cli.config.Role;
import dev.quicksilver.cli.config.Setting;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What a node of a {@link Cluster} is started with. What is not said here the cluster says: the
 * node's name, its addresses, and a root's PostgreSQL. Immutable.
 *
 * @param name the name in the cluster
 * @param role what it is
 * @param data whose data directory it has: its own name, or another's
 * @param upstreams names of nodes of the cluster that it pulls from, in order
 * @param settings what it is told, by setting
 * @param options how its process is started, if not as the others
 */
public record NodeSpec(
    String name,
    Role role,
    String data,
    List<String> upstreams,
    Map<Setting<?>, String> settings,
    Optional<ProcessOptions> options) {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]*");

  /**
   * Copies what it is given.
   *
   * @throws IllegalArgumentException if a folder of that name cannot be a data directory
   */
  public NodeSpec {
    for (String folder : List.of(name, data)) {
      if (!NAME.matcher(folder).matches() || Cluster.OWN_FOLDERS.contains(folder)) {
        throw new IllegalArgumentException(
            "\""
                + folder
                + "\" cannot be a node's name: take letters, digits, _ and -, and none of "
                + Cluster.OWN_FOLDERS);
      }
    }
    upstreams = List.copyOf(upstreams);
    settings = Map.copyOf(settings);
  }

  /** A root, which stands by while one of the others is active, if any are named. */
  public static NodeSpec root(String name, String... others) {
    return new NodeSpec(name, Role.ROOT, name, List.of(others), Map.of(), Optional.empty());
  }

  /** A replica that follows nodes of the cluster, if any are named. */
  public static NodeSpec replica(String name, String... upstreams) {
    return new NodeSpec(name, Role.REPLICA, name, List.of(), Map.of(), Optional.empty())
        .following(upstreams);
  }

  /** A bridge on the data directory of a node. */
  public static NodeSpec bridge(String name, String node) {
    return new NodeSpec(name, Role.BRIDGE, node, List.of(), Map.of(), Optional.empty());
  }

  /** A RESP server on the data directory of a node. */
  public static NodeSpec serve(String name, String node) {
    return new NodeSpec(name, Role.SERVE, node, List.of(), Map.of(), Optional.empty());
  }

  /** Returns the same with a setting, as one would write it in the environment. */
  public NodeSpec with(Setting<?> setting, String value) {
    Map<Setting<?>, String> all = new LinkedHashMap<>(settings);
    all.put(setting, value);
    return new NodeSpec(name, role, data, upstreams, all, options);
  }

  /**
   * Returns the same that pulls from these nodes of the cluster, in order; they need not be started
   * yet.
   */
  public NodeSpec following(String... nodes) {
    return new NodeSpec(name, role, data, List.of(nodes), settings, options);
  }

  /** Returns the same on the data directory of another name, whose own process has ended. */
  public NodeSpec onDataOf(String other) {
    return new NodeSpec(name, role, other, upstreams, settings, options);
  }

  /** Returns the same, started with options of its own. */
  public NodeSpec startedWith(ProcessOptions own) {
    return new NodeSpec(name, role, data, upstreams, settings, Optional.of(own));
  }
}
