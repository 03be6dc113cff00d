/**
 * PostgreSQL's types and their text forms, exactly as PostgreSQL reads and prints them.
 *
 * <p>A value is a plain Java object ({@code String}, {@code Long}, {@code Numeric} …), {@code null}
 * is SQL's NULL. Values are immutable and may be shared by threads. Hot: comparison and formatting
 * of text, bigint and timestamptz. A text that is no value of its type is a {@link
 * dev.quicksilver.bridge.sql.PgException}.
 */
@NullMarked
package dev.quicksilver.bridge.types;

import org.jspecify.annotations.NullMarked;
