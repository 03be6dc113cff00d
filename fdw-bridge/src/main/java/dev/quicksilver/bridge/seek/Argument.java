package dev.quicksilver.bridge.seek;

import org.jspecify.annotations.Nullable;

/**
 * A parameter's value as Bind carries it.
 *
 * @param oid the type that Parse declared; 0 if it left it open
 * @param binary whether the value is in binary format, else in text
 * @param value the bytes, or null for NULL; never changed
 */
public record Argument(int oid, boolean binary, byte @Nullable [] value) {}
