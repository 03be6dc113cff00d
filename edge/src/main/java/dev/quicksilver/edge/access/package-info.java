/**
 * Who may read what on this machine: the users that the catalog lists, as {@code
 * quicksilver.grant_read} has put them there, and a listener's own one. Shared by the bridge and
 * the RESP server, so that a right counts in both alike. Everything is safe for all threads.
 */
@NullMarked
package dev.quicksilver.edge.access;

import org.jspecify.annotations.NullMarked;
