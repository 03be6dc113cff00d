package dev.quicksilver.cli.command;

import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.ConfigurationException;
import dev.quicksilver.cli.config.Endpoint;
import dev.quicksilver.cli.config.SecretFile;
import dev.quicksilver.cli.config.SettingType;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.page.StatusPage;
import dev.quicksilver.cli.process.CommandException;
import dev.quicksilver.cli.process.ExitCode;
import dev.quicksilver.cli.process.Health;
import dev.quicksilver.cli.process.HttpEndpoint;
import dev.quicksilver.cli.process.Lifecycle;
import dev.quicksilver.cli.process.NodeStatus;
import dev.quicksilver.storage.DatabaseSet;
import dev.quicksilver.tls.ServerTls;
import dev.quicksilver.tls.TlsFiles;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Where a process answers over HTTP: always at a loopback address, for this machine's commands, and
 * at {@code http.listen} if that is another one, for what watches the process.
 */
public final class HttpListeners {
  /** Where commands of this machine ask. */
  private static final Endpoint ANY_PORT = new Endpoint("127.0.0.1", 0);

  /** Bytes of an advertised address whose port may have to be added: the protocol has room. */
  private static final int LONGEST_ADVERTISED = 250;

  private HttpListeners() {}

  /**
   * What is served.
   *
   * @param databases whose values this machine may see on the status page; empty if none
   * @param reload reads the configuration anew, for this machine's commands
   * @param everywhere serves more at each of the addresses
   */
  record Content(
      Supplier<NodeStatus> status,
      Optional<DatabaseSet> databases,
      Reload reload,
      Consumer<HttpEndpoint> everywhere) {
    /** Returns what a process serves that has nothing but its status. */
    static Content ofStatus(Supplier<NodeStatus> status, Reload reload) {
      return new Content(status, Optional.empty(), reload, _ -> {});
    }
  }

  /**
   * What is configured, read and found safe.
   *
   * @param tls of the files of a certificate, for others than this machine
   * @param advertise where scrapers reach the listener, if they do; port 0 for the one that is
   *     listened on
   */
  record Plan(
      Endpoint listen,
      boolean loopback,
      Optional<TlsFiles> tls,
      Optional<String> token,
      Health.Bounds bounds,
      Optional<Endpoint> advertise) {
    /** Begins to look at the health of the process. */
    Health watch(Lifecycle lifecycle, Health.Source source) {
      return lifecycle.own("health", Health.watch(bounds, source));
    }

    /**
     * Starts them, and adds their addresses.
     *
     * @return the one at the loopback address
     */
    HttpEndpoint start(
        Lifecycle lifecycle, Health health, Content content, Map<String, String> addresses) {
      Supplier<NodeStatus> whole = () -> content.status().get().withHealth(health.report());
      StatusPage page = StatusPage.of(whole, content.databases(), InstantSource.system());
      HttpEndpoint local =
          lifecycle.own("HTTP", HttpEndpoint.local(loopback ? listen : ANY_PORT, health, whole));
      page.serveHere(local);
      content
          .reload()
          .taking(
              now -> health.within(HttpListeners.bounds(now)),
              Settings.HEALTH_MAX_LAG,
              Settings.HEALTH_LIVE_WITHIN);
      content.reload().serve(local);
      addresses.put("http", local.address());
      content.everywhere().accept(local);
      HttpEndpoint scraped = local;
      if (!loopback) {
        Optional<ServerTls> loaded =
            tls.map(ServerTls::load).map(each -> lifecycle.own("HTTP's TLS files", each));
        HttpEndpoint open =
            lifecycle.own(
                "HTTP for others", HttpEndpoint.open(listen, loaded, token, health, whole));
        page.serveOthers(open);
        addresses.put("http-others", open.address());
        content.everywhere().accept(open);
        scraped = open;
      }
      int port = new SettingType.Address(0).parse(scraped.address()).port();
      advertise.ifPresent(
          where ->
              addresses.put(
                  ScrapeAddresses.NAME,
                  ScrapeAddresses.text(
                      !loopback && tls.isPresent(),
                      new Endpoint(where.host(), where.port() == 0 ? port : where.port()))));
      return local;
    }
  }

  /**
   * Starts them, and adds their addresses.
   *
   * @return the one at the loopback address
   * @throws ConfigurationException if what is configured is not safe
   */
  static HttpEndpoint start(
      Lifecycle lifecycle,
      Configuration configuration,
      Health.Source source,
      Content content,
      Map<String, String> addresses) {
    Plan plan = plan(configuration);
    return plan.start(lifecycle, plan.watch(lifecycle, source), content, addresses);
  }

  /**
   * Checks what is configured, and starts nothing.
   *
   * @throws ConfigurationException if it is not safe, or a file cannot be read
   */
  public static void requireSafe(Configuration configuration) {
    var _ = plan(configuration);
  }

  /**
   * Reads what is configured.
   *
   * @throws ConfigurationException if it is not safe, or a file cannot be read
   */
  static Plan plan(Configuration configuration) {
    Endpoint listen = configuration.get(Settings.HTTP_LISTEN);
    Optional<TlsFiles> files =
        ClientTls.files(
            configuration, Settings.HTTP_TLS_CERTIFICATE, Settings.HTTP_TLS_KEY, Optional.empty());
    Optional<String> token =
        configuration
            .find(Settings.HTTP_TOKEN_FILE)
            .map(file -> SecretFile.token(file, Settings.HTTP_TOKEN_FILE.key()));
    boolean insecure = configuration.get(Settings.HTTP_INSECURE);
    boolean loopback = isLoopback(listen);
    if (loopback && (files.isPresent() || token.isPresent() || insecure)) {
      throw new ConfigurationException(
          "http.listen = "
              + listen
              + " is for this machine alone, in plain text and without a token: remove the http"
              + " settings for TLS, token and insecure, or listen at another address");
    }
    if (!loopback && !insecure && (files.isEmpty() || token.isEmpty())) {
      throw new ConfigurationException(
          "http.listen = "
              + listen
              + " is reached by other machines: set http.tls-certificate, http.tls-key and"
              + " http.token-file, or http.insecure = true if something else protects it");
    }
    if (!loopback) {
      files.map(ServerTls::load).ifPresent(ServerTls::close); // so that what is wrong is said now
    }
    return new Plan(
        listen, loopback, files, token, bounds(configuration), advertise(configuration, loopback));
  }

  private static Health.Bounds bounds(Configuration configuration) {
    return new Health.Bounds(
        configuration.get(Settings.HEALTH_LIVE_WITHIN), configuration.get(Settings.HEALTH_MAX_LAG));
  }

  private static Optional<Endpoint> advertise(Configuration configuration, boolean loopback) {
    Endpoint listen = configuration.get(Settings.HTTP_LISTEN);
    Optional<Endpoint> said = configuration.find(Settings.HTTP_ADVERTISE);
    if (said.isPresent() && isEveryAddress(said.get().host())) {
      throw new ConfigurationException(
          "http.advertise = "
              + said.get()
              + " is no address that others can ask: give the name or the address of this machine");
    }
    Optional<Endpoint> result =
        said.or(
            () ->
                loopback || isEveryAddress(listen.host()) ? Optional.empty() : Optional.of(listen));
    if (result.isPresent()
        && result.get().toString().getBytes(StandardCharsets.UTF_8).length > LONGEST_ADVERTISED) {
      throw new ConfigurationException(
          "http.advertise = "
              + result.get()
              + " is longer than "
              + LONGEST_ADVERTISED
              + " bytes: give the address of this machine instead of its name");
    }
    return result;
  }

  private static boolean isEveryAddress(String host) {
    try {
      return InetAddress.ofLiteral(host).isAnyLocalAddress();
    } catch (IllegalArgumentException aName) {
      return false;
    }
  }

  private static boolean isLoopback(Endpoint listen) {
    try {
      return InetAddress.getByName(listen.host()).isLoopbackAddress();
    } catch (UnknownHostException e) {
      throw new CommandException(
          ExitCode.USAGE, "http.listen = " + listen + ": unknown host: use 127.0.0.1");
    }
  }
}
