package dev.quicksilver.benchmarks.alerts;

import java.util.Set;

/** Half an exchange of certificates. */
record SpoiltCertificate(AlertTree tree) implements Trial {
  @Override
  public String what() {
    return "the bridge's certificate is overwritten; then put back";
  }

  @Override
  public Set<String> alerts() {
    return Set.of("QuicksilverCertificateNotTaken " + tree.instance(AlertTree.BRIDGE));
  }

  @Override
  public void cause() throws Exception {
    tree.certificate().spoil();
  }

  @Override
  public void cure() throws Exception {
    tree.certificate().put(365);
  }
}
