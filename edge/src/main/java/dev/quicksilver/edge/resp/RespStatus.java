package dev.quicksilver.edge.resp;

import java.util.Map;

/**
 * What a server has counted since it started.
 *
 * @param connections open now
 * @param refused connections beyond the most that are allowed
 * @param commands run, and those that are none
 * @param commandsByName the same by their names in lower case; those that are none as {@code
 *     unknown}
 * @param hits keys that were there
 * @param subscribers clients that are told of changes now
 * @param events that they were told
 * @param waitingBytes of commands that are not complete and replies that were not taken, now
 * @param errors error replies by their code
 */
public record RespStatus(
    int connections,
    long connectionsTotal,
    long refused,
    long commands,
    Map<String, Long> commandsByName,
    long hits,
    long misses,
    int subscribers,
    long events,
    long waitingBytes,
    Map<String, Long> errors) {}
