package dev.quicksilver.cli.demo;

import java.util.SplittableRandom;

/** DNS records that look like a hosting company's, the same in every run. */
final class DnsRecords {
  /** How many records there are. */
  static final int COUNT = 5_000;

  private static final String[] HOSTS = {"@", "www", "api", "mail", "cdn"};

  private DnsRecords() {}

  /** Returns all of them in the text form of COPY: name and type, a tab, time to live and data. */
  static String copyText() {
    SplittableRandom random = new SplittableRandom(2);
    StringBuilder text = new StringBuilder(COUNT * 48);
    for (int i = 0; i < COUNT; i++) {
      String zone = "customer-" + i / HOSTS.length + ".example";
      String host = HOSTS[i % HOSTS.length];
      text.append(host.equals("@") ? zone : host + "." + zone)
          .append(host.equals("mail") ? "/AAAA" : "/A")
          .append('\t')
          .append(60 * (1 + random.nextInt(60)))
          .append(' ');
      if (host.equals("mail")) {
        text.append("2001:db8::").append(Integer.toHexString(random.nextInt(0x10000)));
      } else {
        text.append("192.0.2.").append(random.nextInt(1, 255));
      }
      text.append('\n');
    }
    return text.toString();
  }
}
