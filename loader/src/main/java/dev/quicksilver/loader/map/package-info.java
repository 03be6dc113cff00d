/**
 * From records to pairs: which parts of a record make a key and a value, and what a database can
 * hold.
 *
 * <p><b>Contract.</b> A {@link dev.quicksilver.loader.map.Mapping} makes the columns of a table, or
 * says in words why a record has none. Stateless.
 *
 * <p><b>Hot path.</b> {@code Mapping.apply} → {@code Template.apply} → {@code Checks}.
 */
@org.jspecify.annotations.NullMarked
package dev.quicksilver.loader.map;
