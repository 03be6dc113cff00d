package dev.quicksilver.benchmarks;

import java.util.List;

/** A client of RESP servers that runs scripts. */
interface RespClient {
  /** Returns its name, with its version. */
  String name() throws Exception;

  /**
   * Runs a script on a connection of its own.
   *
   * @param protocol 2 or 3
   * @return an answer a step
   */
  List<RespAnswer> run(int port, int protocol, List<RespStep> steps) throws Exception;

  /** Says whether it can send a command, and not only one of its own like it. */
  default boolean sends(RespStep step) {
    return true;
  }
}
