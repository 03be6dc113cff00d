/** Quicksilver. */
@org.jspecify.annotations.NullMarked
package dev.quicksilver.cli;
