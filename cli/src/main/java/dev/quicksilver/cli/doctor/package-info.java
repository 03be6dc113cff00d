/**
 * {@code ./quicksilver doctor}: what is wrong with a machine, an installation or the central
 * PostgreSQL, before a node is started there and afterwards; each finding with its cure.
 *
 * <p>{@code DoctorCommand} → {@code Examination}, which runs each {@code Check} in a thread of its
 * own for a bounded time → {@code Finding}s → {@code Report}. A check is small, depends on no other
 * and changes nothing that stays; what it judges from texts of {@code /proc} is a function of those
 * texts.
 *
 * <p><b>Failure:</b> a check that fails, or does not end in time, is a finding itself.
 */
@org.jspecify.annotations.NullMarked
package dev.quicksilver.cli.doctor;
