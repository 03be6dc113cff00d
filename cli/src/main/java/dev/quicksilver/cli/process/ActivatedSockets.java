package dev.quicksilver.cli.process;

import static dev.quicksilver.cli.process.SystemLibrary.bind;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.quicksilver.cli.config.Endpoint;
import dev.quicksilver.edge.handover.Sockets;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sockets that a service manager listens at for this process and has given to it, by
 * sd_listen_fds(3)'s protocol. {@code LISTEN_PID} is the process that they are for (any other one
 * leaves them alone: it has inherited the variables), {@code LISTEN_FDS} is how many there are,
 * with the descriptors 3, 4 …, and {@code LISTEN_FDNAMES} has their names, with colons between
 * them: what {@code FileDescriptorName=} says in the socket unit, or by default the unit's name
 * (systemd.socket(5)), or {@code unknown} if they come from elsewhere.
 *
 * <p>A listener gets the socket that has its address as the configuration says it, and its name or
 * none: whether an address needs TLS and users is checked by the configuration, so the two must
 * agree. Clients that come while no process accepts them wait in the kernel's queue, for as long as
 * the service manager holds the socket. Closing it here ends nothing.
 *
 * <p>Processes that this one starts do not get the sockets: the JDK closes all descriptors from 3
 * on before it runs a program. Whether a socket blocks is shared by all who hold it, and said anew
 * by systemd with each start: processes that may run at the same time need {@code NonBlocking=yes}.
 * For Linux. For one thread.
 */
public final class ActivatedSockets {
  private static final Logger LOG = LoggerFactory.getLogger(ActivatedSockets.class);

  private static final String COUNT = "LISTEN_FDS";
  private static final String PROCESS = "LISTEN_PID";
  private static final String NAMES = "LISTEN_FDNAMES";

  /** SD_LISTEN_FDS_START. */
  private static final int FIRST = 3;

  private static final int MOST = 64;

  // Linux: asm-generic/socket.h, linux/net.h, linux/socket.h, linux/in6.h
  private static final int SOL_SOCKET = 1;
  private static final int SO_TYPE = 3;
  private static final int SO_ACCEPTCONN = 30;
  private static final int SO_DOMAIN = 39;
  private static final int SOCK_STREAM = 1;
  private static final int AF_UNIX = 1;
  private static final int AF_INET = 2;
  private static final int AF_INET6 = 10;
  private static final int IPPROTO_IPV6 = 41;
  private static final int IPV6_V6ONLY = 26;

  private static final String START_WITHOUT =
      "; to start without them, unset " + PROCESS + ", " + COUNT + " and " + NAMES;

  /**
   * What the environment says of one.
   *
   * @param name empty if it has none of its own
   */
  record Announced(int descriptor, String name) {}

  /**
   * One that is as it should be.
   *
   * @param onlyIpv6 whether clients with IPv4 are not let in
   */
  private record Open(
      Announced announced, ServerSocketChannel channel, SocketAddress at, boolean onlyIpv6) {
    @Override
    public String toString() {
      String name = announced.name.isEmpty() ? "" : " \"" + announced.name + "\"";
      return "socket " + announced.descriptor + name + " of the service manager (" + COUNT + ")";
    }

    String address() {
      if (!(at instanceof InetSocketAddress tcp)) {
        return at.toString().isEmpty() ? "a Unix socket without a file" : at.toString();
      }
      return new Endpoint(tcp.getAddress().getHostAddress(), tcp.getPort())
          + (onlyIpv6 ? " (IPv6 only)" : "");
    }
  }

  private final List<Open> left = new ArrayList<>();
  private final List<String> names = new ArrayList<>();
  private final List<String> listeners = new ArrayList<>();

  private ActivatedSockets() {}

  /**
   * Returns those of this process; none if it was started without.
   *
   * @throws CommandException if the variables are not what the protocol says, or a descriptor is no
   *     stream socket that listens
   */
  public static ActivatedSockets ofThisProcess() {
    var result = new ActivatedSockets();
    for (Announced each : announced(System.getenv(), ProcessHandle.current().pid())) {
      result.left.add(open(each));
    }
    return result;
  }

  /** Returns what an environment announces to a process. */
  static List<Announced> announced(Map<String, String> environment, long self) {
    String process = environment.get(PROCESS);
    String text = environment.get(COUNT);
    if (process == null || text == null) {
      return List.of();
    }
    if (!process.matches("[0-9]{1,18}")) {
      throw usage(PROCESS + "=" + process + " is no process id" + START_WITHOUT);
    }
    if (Long.parseLong(process) != self) {
      return List.of();
    }
    if (!text.matches("[0-9]{1,9}") || Integer.parseInt(text) > MOST) {
      throw usage(
          COUNT + "=" + text + " is no number of sockets from 0 to " + MOST + START_WITHOUT);
    }
    int count = Integer.parseInt(text);
    String said = environment.get(NAMES);
    String[] each = said == null ? new String[count] : said.split(":", -1);
    if (each.length != count && count > 0) {
      throw usage(
          NAMES
              + "="
              + said
              + " has "
              + each.length
              + " names for "
              + COUNT
              + "="
              + count
              + ": name each socket, with colons between the names, or none"
              + START_WITHOUT);
    }
    List<Announced> result = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String name = said == null ? "" : each[i];
      boolean own = !name.equals("unknown") && !name.endsWith(".socket");
      result.add(new Announced(FIRST + i, own ? name : ""));
    }
    return result;
  }

  private static Open open(Announced announced) {
    String what = "descriptor " + announced.descriptor + " of " + COUNT;
    String obstacle = Sockets.obstacle();
    if (obstacle != null) {
      throw usage(what + " cannot be used: " + obstacle + START_WITHOUT);
    }
    OptionalInt type = option(announced.descriptor, SOL_SOCKET, SO_TYPE);
    if (type.isEmpty()) {
      throw usage(what + " is no socket: the program that starts this one has to open it");
    }
    if (type.getAsInt() != SOCK_STREAM) {
      throw usage(what + " is no stream socket: write ListenStream= in the socket unit");
    }
    if (option(announced.descriptor, SOL_SOCKET, SO_ACCEPTCONN).orElse(0) == 0) {
      throw usage(
          what + " does not listen: it is one client's; write Accept=no in the socket unit");
    }
    int family = option(announced.descriptor, SOL_SOCKET, SO_DOMAIN).orElse(0);
    if (family != AF_UNIX && family != AF_INET && family != AF_INET6) {
      throw usage(
          what
              + " is neither of TCP nor a Unix socket (family "
              + family
              + "): write another"
              + " ListenStream= in the socket unit");
    }
    boolean onlyIpv6 =
        family == AF_INET6
            && option(announced.descriptor, IPPROTO_IPV6, IPV6_V6ONLY).orElse(0) != 0;
    try {
      ServerSocketChannel channel = Sockets.listener(announced.descriptor, family == AF_UNIX);
      return new Open(announced, channel, channel.getLocalAddress(), onlyIpv6);
    } catch (IOException e) {
      throw new CommandException(ExitCode.FAILURE, what + " cannot be used: " + e.getMessage());
    }
  }

  /** Returns an option that is a number; empty if the descriptor is no socket. */
  private static OptionalInt option(int descriptor, int level, int name) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(JAVA_INT);
      MemorySegment length = arena.allocate(JAVA_INT);
      length.set(JAVA_INT, 0, Integer.BYTES);
      int result =
          (int)
              bind("getsockopt", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS)
                  .invokeExact(descriptor, level, name, value, length);
      return result == 0 ? OptionalInt.of(value.get(JAVA_INT, 0)) : OptionalInt.empty();
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e); // the call throws nothing
    }
  }

  /**
   * Returns the socket of a listener, which is the caller's from now on; empty if the node has to
   * open it itself.
   *
   * @param name of the listener, which a socket has or has none
   * @param setting the key of its setting
   * @param listen where it listens by the configuration; a port of 0 is any
   * @throws CommandException if there are two
   */
  public Optional<ServerSocketChannel> take(String name, String setting, Endpoint listen) {
    return take(
        name, setting + " = " + listen, socket -> agrees(socket.at, socket.onlyIpv6, listen));
  }

  /** The same for a Unix socket, whose file has to be there. */
  public Optional<ServerSocketChannel> take(String name, String setting, Path listen) {
    Optional<ServerSocketChannel> found =
        take(name, setting + " = " + listen, socket -> agrees(socket.at, listen));
    if (found.isPresent() && !Files.exists(listen)) {
      throw new CommandException(
          ExitCode.FAILURE,
          setting
              + " = "
              + listen
              + ": the service manager listens at a socket whose file was removed; restart the"
              + " socket unit");
    }
    return found;
  }

  private Optional<ServerSocketChannel> take(
      String name, String listener, Predicate<Open> isThere) {
    names.add(name);
    listeners.add(listener);
    List<Open> found =
        left.stream()
            .filter(one -> one.announced.name.isEmpty() || one.announced.name.equals(name))
            .filter(isThere)
            .toList();
    if (found.size() > 1) {
      throw usage(
          listener
              + ": the service manager has "
              + found.size()
              + " sockets for it; leave one ListenStream= in the socket units");
    }
    left.removeAll(found);
    found.forEach(one -> LOG.info("{}: {} listens there already", listener, one));
    return found.stream().map(Open::channel).findFirst();
  }

  /**
   * Makes sure that each socket was taken: clients of another one would wait for ever.
   *
   * @throws CommandException if one is left
   */
  public void requireNoneLeft() {
    if (left.isEmpty()) {
      return;
    }
    Open one = left.getFirst();
    boolean known = one.announced.name.isEmpty() || names.contains(one.announced.name);
    throw usage(
        one
            + (known
                ? " listens at "
                    + one.address()
                    + ", and this node does not: "
                    + String.join(", ", listeners)
                    + "; write the same in ListenStream= of the socket unit and in the"
                    + " configuration"
                : " has a name that no listener of this node has: write FileDescriptorName="
                    + names.getFirst()
                    + " in the socket unit")
            + START_WITHOUT);
  }

  /**
   * Whether a socket is the one that a node would open. For all addresses of IPv4 that is one of
   * IPv6 and IPv4 as well, with Java as with systemd.
   */
  static boolean agrees(SocketAddress socket, boolean onlyIpv6, Endpoint listen) {
    if (!(socket instanceof InetSocketAddress at)
        || (listen.port() != 0 && at.getPort() != listen.port())) {
      return false;
    }
    try {
      InetAddress wanted = InetAddress.getByName(listen.host());
      return at.getAddress().equals(wanted)
          || (wanted instanceof Inet4Address
              && wanted.isAnyLocalAddress()
              && at.getAddress() instanceof Inet6Address
              && at.getAddress().isAnyLocalAddress()
              && !onlyIpv6);
    } catch (UnknownHostException e) {
      return false;
    }
  }

  private static boolean agrees(SocketAddress socket, Path listen) {
    return socket instanceof UnixDomainSocketAddress at
        && at.getPath().equals(listen.toAbsolutePath().normalize());
  }

  private static CommandException usage(String message) {
    return new CommandException(ExitCode.USAGE, message);
  }
}
