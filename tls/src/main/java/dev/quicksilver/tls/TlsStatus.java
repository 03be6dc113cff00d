package dev.quicksilver.tls;

import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/**
 * The certificate that is in use.
 *
 * @param certificate its file
 * @param expires when it does
 * @param reloads how often new files were taken
 * @param failures how often new files were not usable
 * @param problem why the files that are there now are not in use, or are no good at this time;
 *     empty if they are
 */
public record TlsStatus(
    Path certificate, Instant expires, long reloads, long failures, Optional<String> problem) {}
