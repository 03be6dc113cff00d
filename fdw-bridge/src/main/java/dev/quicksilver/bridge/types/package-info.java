/**
 * The types of the replica's columns, and their text forms as PostgreSQL prints them.
 *
 * <p>A value is a plain Java object ({@code String}, {@code Long} …), {@code null} is SQL's NULL.
 * Values are immutable and may be shared by threads. Hot: the text form of timestamptz.
 */
@NullMarked
package dev.quicksilver.bridge.types;

import org.jspecify.annotations.NullMarked;
