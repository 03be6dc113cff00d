package dev.quicksilver.cli.process;

import static dev.quicksilver.cli.process.SystemLibrary.bind;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells systemd how far this process is, by sd_notify(3)'s protocol: a datagram to the Unix socket
 * that {@code NOTIFY_SOCKET} names. So a unit of {@code Type=notify} is started when the node is
 * ready, and not before. Nothing happens where the variable is not set. Java has no such datagrams.
 */
final class ServiceManager {
  private static final Logger LOG = LoggerFactory.getLogger(ServiceManager.class);
  private static final String VARIABLE = "NOTIFY_SOCKET";

  // Linux: sys/socket.h, sys/un.h
  private static final int AF_UNIX = 1;
  private static final int SOCK_DGRAM = 2;
  private static final int SOCK_CLOEXEC = 0x80000;
  private static final int MSG_NOSIGNAL = 0x4000;
  private static final int LONGEST_PATH = 108;

  private ServiceManager() {}

  /** Says that the process is ready. */
  static void ready() {
    tell("READY=1");
  }

  /** Says that the process has begun to stop. */
  static void stopping() {
    tell("STOPPING=1");
  }

  /**
   * Says that the process is alive, if its unit has a {@code WatchdogSec}: systemd restarts what
   * has not said so for that time.
   */
  static void watchdog() {
    String pid = System.getenv("WATCHDOG_PID");
    if (System.getenv("WATCHDOG_USEC") != null
        && (pid == null || pid.equals(Long.toString(ProcessHandle.current().pid())))) {
      tell("WATCHDOG=1");
    }
  }

  private static void tell(String state) {
    String socket = System.getenv(VARIABLE);
    if (socket != null) {
      try {
        send(socket, state);
      } catch (IOException e) {
        LOG.warn("the service manager does not know that {}: {}", state, e.getMessage());
      }
    }
  }

  private static void send(String path, String state) throws IOException {
    byte[] name = path.getBytes(UTF_8);
    if (name.length == 0 || name.length >= LONGEST_PATH) {
      throw new IOException(VARIABLE + "=" + path + " names no socket");
    }
    if (name[0] == '@') { // the abstract namespace
      name[0] = 0;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment address = arena.allocate(2 + LONGEST_PATH, 2);
      address.set(ValueLayout.JAVA_SHORT, 0, (short) AF_UNIX);
      MemorySegment.copy(name, 0, address, ValueLayout.JAVA_BYTE, 2, name.length);
      MemorySegment text = arena.allocateFrom(state);
      MethodHandle close = bind("close", JAVA_INT, JAVA_INT);
      int socket =
          (int)
              bind("socket", JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT)
                  .invokeExact(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
      if (socket < 0) {
        throw new IOException("no Unix socket can be made");
      }
      long sent =
          (long)
              bind("sendto", JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT)
                  .invokeExact(
                      socket, text, text.byteSize() - 1, MSG_NOSIGNAL, address, 2 + name.length);
      int _ = (int) close.invokeExact(socket);
      if (sent < 0) {
        throw new IOException("nobody receives at " + path);
      }
    } catch (IOException | RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError(e); // none of the calls throws
    }
  }
}
