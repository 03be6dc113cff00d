package dev.quicksilver.storage;

/** Which way a scan goes through the keys, which are in unsigned byte order. */
public enum Direction {
  FORWARD,
  BACKWARD
}
