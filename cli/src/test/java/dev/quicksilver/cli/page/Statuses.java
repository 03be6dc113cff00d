package dev.quicksilver.cli.page;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.quicksilver.cli.process.Json;
import dev.quicksilver.cli.process.NodeStatus;
import java.util.UUID;

/** Statuses in the making, as {@code /status} of another version would have them. */
final class Statuses {
  private static final String ROOT =
      """
      {"version": "1.2", "role": "root", "node": "root", "location": "fra", "pid": 42,
       "uptime_seconds": 4000, "healthy": true, "problem": "",
       "addresses": {"http": "127.0.0.1:1", "replication": "127.0.0.1:2"},
       "databases": [], "followers": [], "subtree": [], "reports_left_out": 0, "locations": [],
       "certificates": [], "upstreams": [], "slots": [], "refusals": [],
       "log_max_age_seconds": 86400, "log_max_bytes": 4294967296, "bridges": [], "resp": [],
       "complete": "7300@1:0/1A2B3C"}
      """;

  private final ObjectNode status;

  private Statuses(ObjectNode status) {
    this.status = status;
  }

  /** A root with a database, and nothing below it. */
  static Statuses root() {
    return root("SEQUENCING");
  }

  /** The same in another state. */
  static Statuses root(String state) {
    try {
      return new Statuses((ObjectNode) Json.MAPPER.readTree(ROOT)).database("dns", state, 90);
    } catch (JsonProcessingException e) {
      throw new AssertionError(e);
    }
  }

  /** A root with twelve nodes below it, one of them behind and one that cannot follow. */
  static Statuses twelve() {
    Statuses status = root();
    for (int relay = 1; relay <= 3; relay++) {
      status.below("relay-" + relay, "fra", "root");
      for (int edge = 1; edge <= 3; edge++) {
        String name = "edge-" + relay + edge;
        if (name.equals("edge-22")) {
          status.below("dns", name, "sin", "relay-" + relay, "STREAMING", 40, 50, 75);
        } else if (name.equals("edge-31")) {
          status.below("dns", name, "sin", "relay-" + relay, "BACKING_OFF", 88, 2, 4);
        } else {
          status.below(name, "lis", "relay-" + relay);
        }
      }
    }
    return status;
  }

  Statuses with(String field, String value) {
    status.put(field, value);
    return this;
  }

  Statuses with(String field, boolean value) {
    status.put(field, value);
    return this;
  }

  Statuses with(String field, long value) {
    status.put(field, value);
    return this;
  }

  /** Adds to a list what stands in JSON. */
  Statuses add(String list, String json) {
    try {
      ((ArrayNode) status.get(list)).add(Json.MAPPER.readTree(json));
    } catch (JsonProcessingException e) {
      throw new AssertionError(e);
    }
    return this;
  }

  Statuses database(String name, String state, long sequence) {
    ObjectNode database = ((ArrayNode) status.get("databases")).addObject();
    database.put("name", name).put("id", "1").put("sequence", sequence).put("oldest_sequence", 1);
    database.put("pairs", 7).put("chain_hash", "").put("content_digest", "").put("position", "");
    database.put("commit_time", 1_700_000_000_000_000L).put("state", state).put("reason", "");
    database.put("contradiction", "").put("upstream", "").put("upstream_sequence", sequence);
    database.put("copied_pairs", 0).put("pairs_to_copy", 0).put("root_sequence", sequence);
    database.put("lag_seconds", 0.0);
    ObjectNode storage = database.putObject("storage");
    storage.put("file_bytes", 12_345_678).put("log_bytes", 4096).put("log_commit_time", 0);
    storage.put("corrupt_reads", 0).put("open_snapshots", 1).put("oldest_snapshot_seconds", 0);
    storage.putObject("errors").put("NO_SPACE", 3).put("IO", 0);
    storage.putArray("readers");
    return this;
  }

  Statuses below(String node, String location, String upstream) {
    return below("dns", node, location, upstream, "STREAMING", 90, 0, 0.4);
  }

  Statuses below(
      String database,
      String node,
      String location,
      String upstream,
      String state,
      long sequence,
      long lag,
      double lagSeconds) {
    ObjectNode report = ((ArrayNode) status.get("subtree")).addObject();
    report.put("database", database).put("node", node).put("location", location);
    report.put("upstream", upstream).put("sequence", sequence).put("lag", lag);
    report.put("commit_time", 0).put("lag_seconds", lagSeconds).put("state", state);
    report.put("instance", UUID.nameUUIDFromBytes(node.getBytes()).toString()).put("problem", "");
    return this;
  }

  NodeStatus status() {
    try {
      return Json.MAPPER.treeToValue(status, NodeStatus.class);
    } catch (JsonProcessingException e) {
      throw new AssertionError(e);
    }
  }

  /** Returns it as JSON. */
  @Override
  public String toString() {
    return status.toString();
  }
}
