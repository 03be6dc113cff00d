/**
 * The set-ups of the bar {@code ops.doctor}: each {@link dev.quicksilver.benchmarks.doctor.SetUp}
 * makes one that is broken for real and does what the cure says that {@code ./quicksilver doctor}
 * prints; {@link dev.quicksilver.benchmarks.doctor.SetUpRun} looks whether doctor names the defect,
 * nothing else, and no longer after the cure. {@link dev.quicksilver.benchmarks.doctor.Sound} is
 * what all of them start from. Mounts are made in a mount namespace of doctor's own, and go with
 * it.
 *
 * <p><b>Threads.</b> All of it is for one thread.
 */
@NullMarked
package dev.quicksilver.benchmarks.doctor;

import org.jspecify.annotations.NullMarked;
