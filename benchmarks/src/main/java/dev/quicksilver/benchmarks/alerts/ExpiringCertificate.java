package dev.quicksilver.benchmarks.alerts;

import java.util.Set;

/** The tree is started with it. */
record ExpiringCertificate(AlertTree tree) implements Trial {
  /** For how long the first certificate is valid. */
  static final int DAYS = 3;

  @Override
  public String what() {
    return "the bridge has a certificate for three days; then one for a year";
  }

  @Override
  public Set<String> alerts() {
    return Set.of("QuicksilverCertificateExpires " + tree.instance(AlertTree.BRIDGE));
  }

  @Override
  public void cause() {}

  @Override
  public void cure() throws Exception {
    tree.certificate().put(365);
  }
}
