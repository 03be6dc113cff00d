package dev.quicksilver.replication;

/**
 * An upstream of one database, and what came of asking it last.
 *
 * @param node the name that it gave itself; empty before its first answer
 * @param lastSequence what it had then; 0 before its first answer
 * @param detail one line: the refusal or the failure; empty if there was none
 */
public record UpstreamStatus(
    Upstream upstream, Result result, String node, long lastSequence, String detail) {
  /** What came of asking an upstream. */
  public enum Result {
    /** Not asked yet. */
    NOT_ASKED,
    /** It is followed. */
    FOLLOWED,
    /** It would serve this node. */
    WELL,
    /** It cannot serve this node now; it is asked again. */
    REFUSED,
    /** It refused finally or contradicted the copy: it is asked again only now and then. */
    LEFT_OUT,
    /** It could not be reached, or the connection broke. */
    FAILED
  }
}
