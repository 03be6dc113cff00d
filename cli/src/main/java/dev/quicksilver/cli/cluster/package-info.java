/**
 * Several processes of ours on one machine, as the demo, the tests of this module and the bars need
 * them: a PostgreSQL and any number of roots, replicas and bridges, each by its name.
 *
 * <p>A {@link dev.quicksilver.cli.cluster.Cluster} has one folder: {@code NAME/} is a node's data
 * directory, {@code logs/NAME.log} what it has printed. It gives out addresses, starts what a
 * {@link dev.quicksilver.cli.cluster.NodeSpec} says, kills, hangs and restarts nodes by name, asks
 * them over HTTP, and leaves no process behind. A {@link dev.quicksilver.cli.cluster.ChildProcess}
 * is one process; a {@link dev.quicksilver.cli.cluster.ProcessOptions} says how its JVM is started.
 *
 * <p><b>Ends:</b> a process that stays up reads its standard input and stops when that ends, so it
 * goes with the process that started it, even by SIGKILL; not while it hangs.
 *
 * <p><b>Threads:</b> all of it is safe across threads; closing meanwhile ends what is being
 * started.
 *
 * <p><b>Failure:</b> what does not happen within two minutes, and a process that ended by itself,
 * is a {@link dev.quicksilver.cli.cluster.ClusterException} with the last lines of the logs.
 */
@NullMarked
package dev.quicksilver.cli.cluster;

import org.jspecify.annotations.NullMarked;
