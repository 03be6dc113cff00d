package dev.quicksilver.loader.read;

/**
 * A place between two records of a source.
 *
 * @param records records before it
 * @param offset bytes before it, in the unpacked text as UTF-8
 * @param digest SHA-256 of those bytes, 64 hexadecimal digits
 */
public record Mark(long records, long offset, String digest) {}
