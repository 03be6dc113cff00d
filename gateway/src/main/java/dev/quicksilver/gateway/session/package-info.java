/**
 * A root's session with the slot, from the start of {@code Gateway} to its end.
 *
 * <p>{@code SlotSession} is a state machine: {@code SlotState} lists the states and what leads to
 * them, {@code Transitions} is the only way from one to another and closes what is left behind,
 * {@code AfterFailure} decides what a failure leads to. {@code Sequencing} holds what reads the
 * slot, with two that watch it: {@code StreamWatch} the connection, {@code DiskStall} the disk.
 */
@org.jspecify.annotations.NullMarked
package dev.quicksilver.gateway.session;
