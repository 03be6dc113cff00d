package dev.quicksilver.cli.process;

import java.net.InetAddress;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Under which names this machine asks itself. A page from elsewhere can have its own name resolved
 * to a loopback address, and a browser then takes what is answered for that page's; but the browser
 * says the name. Stateless.
 */
final class HostHeader {
  /** An address of IPv6 in brackets, or something else, and a port if there is one. */
  private static final Pattern HOST =
      Pattern.compile("(?:\\[([^\\]]+)]|([^:\\[\\]]+))(?::[0-9]*)?");

  private HostHeader() {}

  /**
   * Says whether a request is for a loopback address, {@code localhost} or the name that is
   * listened at, with any port: behind a tunnel the port is another one. One without the header
   * comes from no browser.
   *
   * @param values of the header {@code Host}
   * @param listen what is listened at
   */
  static boolean isLocal(@Nullable List<String> values, String listen) {
    if (values == null || values.isEmpty()) {
      return true;
    }
    if (values.size() > 1) {
      return false;
    }
    Matcher host = HOST.matcher(values.getFirst().strip());
    return host.matches() && isLocal(host.group(1) != null ? host.group(1) : host.group(2), listen);
  }

  private static boolean isLocal(String host, String listen) {
    return host.equalsIgnoreCase("localhost") || host.equalsIgnoreCase(listen) || isLoopback(host);
  }

  private static boolean isLoopback(String host) {
    try {
      return InetAddress.ofLiteral(host).isLoopbackAddress(); // asks no name server
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
