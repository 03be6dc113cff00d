package dev.quicksilver.replication;

/**
 * Where others can scrape the metrics of a process.
 *
 * @param role what the process is, as in {@code replica} or {@code bridge}; 1 to 255 bytes of UTF-8
 * @param secure whether it is asked with HTTPS
 * @param address {@code host:port}, 1 to 255 bytes of UTF-8
 */
public record ScrapeAddress(String role, boolean secure, String address) {
  /**
   * Checks the lengths.
   *
   * @throws IllegalArgumentException if a text is empty, or does not fit the protocol
   */
  public ScrapeAddress {
    if (role.isEmpty()
        || address.isEmpty()
        || !WireWriter.fits(role)
        || !WireWriter.fits(address)) {
      throw new IllegalArgumentException(
          "role and address of a process must have 1 to 255 bytes: \""
              + role
              + "\", \""
              + address
              + "\"");
    }
  }
}
