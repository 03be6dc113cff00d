package dev.quicksilver.cli.doctor;

import dev.quicksilver.cli.config.Role;
import java.util.ArrayList;
import java.util.List;

/** All checks in the order in which they are made: what others build on comes first. */
final class Checks {
  private Checks() {}

  /** Returns those for a node of this role. */
  static List<Check> of(Role role) {
    List<Check> checks =
        new ArrayList<>(
            List.of(
                new DataDirectoryCheck(),
                new FileSystemCheck(),
                new DiskCheck(),
                new NativeLibrariesCheck(),
                new PidNamespaceCheck(),
                new LimitsCheck(),
                new MemoryCheck(),
                new PasswordsCheck(),
                new CertificatesCheck(),
                new ListenersCheck()));
    if (role == Role.ROOT || role == Role.REPLICA) {
      checks.add(new UpstreamsCheck());
    }
    if (role == Role.SERVE) {
      checks.add(new UnixSocketCheck());
    }
    if (role == Role.ROOT) {
      checks.add(new PostgresCheck());
    }
    return checks;
  }
}
