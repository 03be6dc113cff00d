/**
 * The slot's stream: bytes of {@code pgoutput} to messages. Hot: all of it, once a message.
 *
 * <p>{@code SlotReader} has a thread of its own, which reads and confirms; {@code MessageQueue} is
 * between it and the sequencer thread, which calls {@code PgOutputDecoder}. A lost connection ends
 * the queue with its reason; bytes that are not understood are refused.
 */
@org.jspecify.annotations.NullMarked
package dev.quicksilver.gateway.wal;
