/**
 * Where records come from: files and standard input as they are, a table or a query of any
 * PostgreSQL and the pairs of a database of Quicksilver as COPY text that is made while it is read.
 *
 * <p><b>Failure.</b> IOException; its message is a part of what a {@link
 * dev.quicksilver.loader.LoadException} says.
 */
@org.jspecify.annotations.NullMarked
package dev.quicksilver.loader.source;
