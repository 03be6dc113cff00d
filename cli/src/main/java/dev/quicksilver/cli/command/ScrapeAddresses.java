package dev.quicksilver.cli.command;

import dev.quicksilver.cli.config.Endpoint;
import dev.quicksilver.cli.process.ProcessFile;
import dev.quicksilver.replication.ScrapeAddress;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where the metrics of a node can be scraped, and those of a bridge and a RESP server that have its
 * data directory: each process writes its own address into its process file. Thread-safe.
 */
final class ScrapeAddresses {
  /** The name in a process's addresses, whose value is a URL without a path. */
  static final String NAME = "scrape";

  private static final Logger LOG = LoggerFactory.getLogger(ScrapeAddresses.class);
  private static final String PLAIN = "http://";
  private static final String SECURE = "https://";

  /** For how long the files beside are not read again. */
  private static final long FRESH_NANOS = TimeUnit.SECONDS.toNanos(2);

  private final String role;
  private final Path data;
  private final Map<String, String> own;
  private final LongSupplier nanos;
  private List<ScrapeAddress> known = List.of();
  private long readAt;
  private boolean read;

  /**
   * Makes one.
   *
   * @param role of the node
   * @param own the node's addresses, to which its own may be added later
   * @param nanos a clock that only goes on, in ns
   */
  ScrapeAddresses(String role, Path data, Map<String, String> own, LongSupplier nanos) {
    this.role = role;
    this.data = data;
    this.own = own;
    this.nanos = nanos;
  }

  /** Returns how an address is written into a process file. */
  static String text(boolean secure, Endpoint address) {
    return (secure ? SECURE : PLAIN) + address;
  }

  /** Returns those of now, the node's own first; what was read within two seconds is not again. */
  synchronized List<ScrapeAddress> now() {
    if (!read || nanos.getAsLong() - readAt >= FRESH_NANOS) {
      List<ScrapeAddress> found = new ArrayList<>();
      of(role, own).ifPresent(found::add);
      beside(BridgeCommand.PROCESS_NAME).ifPresent(found::add);
      beside(ServeCommand.PROCESS_NAME).ifPresent(found::add);
      known = List.copyOf(found);
      readAt = nanos.getAsLong();
      read = true;
    }
    return known;
  }

  private Optional<ScrapeAddress> beside(String name) {
    try {
      return ProcessFile.read(data, name).flatMap(said -> of(said.role(), said.addresses()));
    } catch (UncheckedIOException e) {
      LOG.debug("the process file of {} cannot be read: {}", name, e.toString());
      return Optional.empty();
    }
  }

  private static Optional<ScrapeAddress> of(String role, Map<String, String> addresses) {
    String said = addresses.getOrDefault(NAME, "");
    boolean secure = said.startsWith(SECURE);
    if (!secure && !said.startsWith(PLAIN)) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new ScrapeAddress(role, secure, said.substring((secure ? SECURE : PLAIN).length())));
    } catch (IllegalArgumentException e) {
      LOG.debug("no address to be scraped at: {}", said, e);
      return Optional.empty();
    }
  }
}
