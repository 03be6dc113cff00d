/** A real Prometheus beside the nodes of a bar. */
@NullMarked
package dev.quicksilver.benchmarks.monitoring;

import org.jspecify.annotations.NullMarked;
