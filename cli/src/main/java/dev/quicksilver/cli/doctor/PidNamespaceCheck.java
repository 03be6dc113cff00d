package dev.quicksilver.cli.doctor;

import dev.quicksilver.storage.PidNamespace;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import java.util.List;

/** Whether the node that has the data directory is of this PID namespace. */
final class PidNamespaceCheck implements Check {
  @Override
  public String name() {
    return "pid-namespace";
  }

  @Override
  public List<Finding> run(Context context) {
    try {
      PidNamespace.requireShared(context.data());
      return List.of(Finding.ok(name(), "no node of another PID namespace has the data directory"));
    } catch (StorageException e) {
      if (e.code() != ErrorCode.UNSUPPORTED) {
        throw e;
      }
      String message = String.valueOf(e.getMessage());
      int cure = message.indexOf(": have the containers");
      return List.of(
          Finding.error(
              name(),
              cure < 0 ? message : message.substring(0, cure),
              "have the containers share the PID namespace (docker run --pid=container:NODE;"
                  + " shareProcessNamespace: true in a pod), or ask the node over a socket"));
    }
  }
}
