/**
 * What others see of a root, and ask it for: the status in this process ({@code Progress}), the
 * tables of what is where in PostgreSQL ({@code StatusPublisher}, a thread of its own), and
 * sessions there that wait ({@code Waiters}). What is shown may be read from any thread. What fails
 * here is tried again, and ends no session with the slot.
 */
@org.jspecify.annotations.NullMarked
package dev.quicksilver.gateway.status;
