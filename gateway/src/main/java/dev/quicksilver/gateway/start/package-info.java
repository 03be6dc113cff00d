/**
 * What comes before a node reads from the slot: is this the PostgreSQL that its databases were read
 * from ({@code SourceChecks}), does it have all that came before ({@code OwnCopy}), and where no
 * root has ever read, the slot and the copy of the tables ({@code FirstStart}).
 *
 * <p>For the session's thread, but for {@code close()}. A failure leaves nothing that a later start
 * takes for complete. What does not fit is refused.
 */
@org.jspecify.annotations.NullMarked
package dev.quicksilver.gateway.start;
