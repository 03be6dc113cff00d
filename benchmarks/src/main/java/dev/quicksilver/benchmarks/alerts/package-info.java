/**
 * The trials of the bar {@code ops.alerts}: each {@link dev.quicksilver.benchmarks.alerts.Trial}
 * causes what an alert is for, in a real {@link dev.quicksilver.benchmarks.alerts.AlertTree}, and
 * cures it as {@code docs/runbook.md} says; {@link
 * dev.quicksilver.benchmarks.alerts.AlertingPrometheus} scrapes the tree, and {@link
 * dev.quicksilver.benchmarks.alerts.TrialRun} looks whether the alert comes and goes.
 *
 * <p><b>Threads.</b> All of it is for one thread.
 */
@NullMarked
package dev.quicksilver.benchmarks.alerts;

import org.jspecify.annotations.NullMarked;
