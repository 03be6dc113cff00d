package dev.quicksilver.replication;

/** A hello of a version range that does not meet ours. */
final class VersionException extends ProtocolException {
  private static final long serialVersionUID = 1L;

  VersionException(int minVersion, int maxVersion, ProtocolVersions own) {
    super(
        "the follower speaks protocol versions "
            + minVersion
            + " to "
            + maxVersion
            + ", this node "
            + own
            + "; upgrade the older of the two");
  }
}
