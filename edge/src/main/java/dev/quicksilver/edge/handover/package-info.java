/**
 * Gives open sockets from one process to another on the same machine, so that neither a client nor
 * a connection that waits to be accepted notices that its server was replaced. For Linux ({@code
 * SCM_RIGHTS}, see unix(7)); the JDK can neither send a socket nor make a channel of one that it
 * has not opened, so both are done here.
 *
 * <p>{@link dev.quicksilver.edge.handover.HandoverChannel} carries {@link
 * dev.quicksilver.edge.handover.Message messages}, each with a socket or without one. What they say
 * is their users' affair. Try it: {@code mvn verify -pl edge -am -Dtest=HandoverChannelTest}.
 */
@NullMarked
package dev.quicksilver.edge.handover;

import org.jspecify.annotations.NullMarked;
