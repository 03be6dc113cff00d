/**
 * What a session can read: databases of the replica, their logs, the list of databases, system
 * catalogs.
 *
 * <p>{@code Relation} is the seam between engine and storage. Hot: {@code PairRelation}'s cursor. A
 * relation may be used by many sessions; a cursor and a snapshot belong to one. Storage errors say
 * the place.
 */
@NullMarked
package dev.quicksilver.bridge.catalog;

import org.jspecify.annotations.NullMarked;
