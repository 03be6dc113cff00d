package dev.quicksilver.edge.handover;

import java.io.FileDescriptor;
import java.io.IOException;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.ProtocolFamily;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.channels.Channel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Channels of sockets that this process has not opened, and the descriptors of those that it has:
 * by the JDK's own classes, which {@code --add-opens=java.base/sun.nio.ch=ALL-UNNAMED} lets us use.
 * Safe for all threads.
 */
public final class Sockets {
  /** The JDK's classes, looked for once, at the first use. */
  private record Access(
      Method descriptor, Method newDescriptor, Constructor<?> client, Constructor<?> listener) {}

  private static final class Once {
    static final @Nullable Access ACCESS = find();

    private static @Nullable Access find() {
      try {
        Method descriptor = Class.forName("sun.nio.ch.SelChImpl").getDeclaredMethod("getFDVal");
        descriptor.setAccessible(true);
        Method newDescriptor =
            Class.forName("sun.nio.ch.IOUtil").getDeclaredMethod("newFD", int.class);
        newDescriptor.setAccessible(true);
        Constructor<?> client =
            Class.forName("sun.nio.ch.SocketChannelImpl")
                .getDeclaredConstructor(
                    SelectorProvider.class,
                    ProtocolFamily.class,
                    FileDescriptor.class,
                    SocketAddress.class);
        client.setAccessible(true);
        Constructor<?> listener =
            Class.forName("sun.nio.ch.ServerSocketChannelImpl")
                .getDeclaredConstructor(
                    SelectorProvider.class,
                    ProtocolFamily.class,
                    FileDescriptor.class,
                    boolean.class);
        listener.setAccessible(true);
        return new Access(descriptor, newDescriptor, client, listener);
      } catch (ReflectiveOperationException | RuntimeException e) {
        return null;
      }
    }
  }

  private Sockets() {}

  /** Says why sockets cannot be given to other processes here; null if they can. */
  public static @Nullable String obstacle() {
    if (!System.getProperty("os.name", "").toLowerCase(Locale.ROOT).contains("linux")) {
      return "only Linux gives sockets to other processes as this needs it";
    }
    return Once.ACCESS == null
        ? "the JVM must be started with --add-opens=java.base/sun.nio.ch=ALL-UNNAMED"
        : null;
  }

  private static Access access() throws IOException {
    String obstacle = obstacle();
    Access access = Once.ACCESS;
    if (obstacle != null || access == null) {
      throw new IOException(String.valueOf(obstacle));
    }
    return access;
  }

  static int descriptor(Channel channel) throws IOException {
    return (int) call(() -> access().descriptor.invoke(channel));
  }

  /** Makes a channel of a client's socket, which it closes. */
  public static SocketChannel client(int descriptor, boolean unix) throws IOException {
    return (SocketChannel) make(access().client, descriptor, unix, null); // no remote address
  }

  /** Makes a channel of a socket that listens, which it closes. */
  public static ServerSocketChannel listener(int descriptor, boolean unix) throws IOException {
    return (ServerSocketChannel) make(access().listener, descriptor, unix, true); // it is bound
  }

  private static Object make(
      Constructor<?> constructor, int descriptor, boolean unix, @Nullable Object last)
      throws IOException {
    ProtocolFamily family = unix ? StandardProtocolFamily.UNIX : StandardProtocolFamily.INET;
    return call(
        () ->
            constructor.newInstance(
                SelectorProvider.provider(),
                family,
                access().newDescriptor.invoke(null, descriptor),
                last));
  }

  @FunctionalInterface
  private interface Reflective {
    Object call() throws ReflectiveOperationException, IOException;
  }

  private static Object call(Reflective work) throws IOException {
    try {
      return work.call();
    } catch (InvocationTargetException e) {
      throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new IOException("this JDK's sockets are not as they are known: " + e, e);
    }
  }
}
