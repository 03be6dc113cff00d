/**
 * The SQL that the bridge understands: lexer, recursive-descent parser and syntax tree.
 *
 * <p>Knows nothing of tables or values; the same text always gives the same tree. Not hot: one
 * statement is parsed in some ten microseconds. Everything here is immutable or confined to one
 * call. A text that is not understood is a {@link dev.quicksilver.bridge.sql.PgException} with
 * PostgreSQL's SQLSTATE and the position.
 */
@NullMarked
package dev.quicksilver.bridge.sql;

import org.jspecify.annotations.NullMarked;
