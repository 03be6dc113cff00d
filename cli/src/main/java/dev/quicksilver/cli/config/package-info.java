/**
 * The configuration of a process: one TOML file, overridden by the environment, overridden by
 * flags.
 *
 * <p>{@link dev.quicksilver.cli.config.Settings} is the one place where a setting is declared: its
 * key, type, default and documentation. The file's keys, the names of environment variables, the
 * command line's flags and {@code docs/configuration.md} all follow from it.
 *
 * <p><b>Failure:</b> a {@link dev.quicksilver.cli.config.ConfigurationException} whose message is
 * one line: the place, what is wrong there, what would be right. Nothing unknown is ignored.
 *
 * <p><b>Threads:</b> everything is immutable once built. No path here is hot.
 */
@NullMarked
package dev.quicksilver.cli.config;

import org.jspecify.annotations.NullMarked;
