package dev.quicksilver.bridge;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the evaluator does not know of its session yet: settings, and the statements that began the
 * transaction and its savepoints. Statements that only seek never need the evaluator, so they never
 * wait for it. Not thread-safe.
 */
final class Backlog {
  private final Map<String, String> settings = new LinkedHashMap<>();
  private final List<Noted> block = new ArrayList<>();
  private final List<Integer> savepoints = new ArrayList<>();

  /** A statement; its setting if it is a SET that outlives the transaction, else empty. */
  private record Noted(String sql, String setting) {}

  /** A setting outside of a transaction block. */
  void setting(String name, String sql) {
    settings.remove(name);
    settings.put(name, sql);
  }

  /** All settings have their first values again. */
  void resetAll() {
    settings.clear();
    settings.put("all", "RESET ALL");
  }

  /** A transaction block begins. */
  void begin(String sql) {
    block.clear();
    savepoints.clear();
    block.add(new Noted(sql, ""));
  }

  /** A setting within the block; {@code local} if it ends with it. */
  void settingInBlock(String name, String sql, boolean local) {
    block.add(new Noted(sql, local ? "" : name));
  }

  void savepoint(String sql) {
    savepoints.add(block.size());
    block.add(new Noted(sql, ""));
  }

  /** The savepoint of that depth, counted from 0, and those after it are released. */
  void release(int depth, String sql) {
    savepoints.subList(Math.min(depth, savepoints.size()), savepoints.size()).clear();
    block.add(new Noted(sql, ""));
  }

  /** What came after the savepoint of that depth is undone, the savepoint itself stays. */
  void rollBackTo(int depth) {
    if (depth < savepoints.size()) {
      block.subList(savepoints.get(depth) + 1, block.size()).clear();
      savepoints.subList(depth + 1, savepoints.size()).clear();
    }
  }

  /** The block ended without the evaluator. */
  void end(boolean committed) {
    for (Noted noted : block) {
      if (committed && !noted.setting().isEmpty()) {
        setting(noted.setting(), noted.sql());
      }
    }
    forgetBlock();
  }

  /** The evaluator knows the block. */
  void forgetBlock() {
    block.clear();
    savepoints.clear();
  }

  /** The settings from outside of the block. */
  List<String> settings() {
    return List.copyOf(settings.values());
  }

  /** The evaluator knows the settings. */
  void forgetSettings() {
    settings.clear();
  }

  /** Takes the statements of the block, in an order in which they can be replayed. */
  List<String> takeBlock() {
    List<String> all = block.stream().map(Noted::sql).toList();
    forgetBlock();
    return all;
  }
}
