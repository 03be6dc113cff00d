package dev.quicksilver.bridge.sql;

import java.util.List;

/**
 * A type as written in SQL.
 *
 * @param schema empty when not qualified
 * @param name lower case, spelling variants already unified ({@code bigint}, {@code int8} → {@code
 *     int8})
 * @param modifiers numbers in parentheses
 * @param array whether {@code []} or ARRAY followed
 */
public record TypeName(String schema, String name, List<Integer> modifiers, boolean array) {}
