package dev.quicksilver.replication;

/** Why a node cannot be told from another one by what it was given. */
public enum NodeProblem {
  /** Another node that runs has the same name: give each a node.name of its own. */
  NAME_IN_USE,
  /**
   * Another process that runs has the same instance id, so that one of the two works on a copy of
   * the other's data directory, on a machine that is a copy as well: stop that one, remove the file
   * {@value InstanceFile#NAME} from its data directory, and start it again.
   */
  CLONED
}
