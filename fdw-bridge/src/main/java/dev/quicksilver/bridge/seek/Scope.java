package dev.quicksilver.bridge.seek;

import java.time.ZoneId;

/**
 * What the session contributes to the meaning of a statement.
 *
 * @param zone timestamps are written in it
 * @param publicVisible whether a name without a schema is looked up in schema public; if not, only
 *     {@code public.x} is found
 */
public record Scope(ZoneId zone, boolean publicVisible) {}
