package dev.quicksilver.edge.handover;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * The system calls that send and receive a socket over a Unix socket that does not block: {@code
 * sendmsg}, {@code recvmsg} and {@code close} of 64-bit Linux. One thread at a time.
 */
@SuppressWarnings("restricted") // calling C is what this class is for
final class SocketCalls implements AutoCloseable {
  static final int NONE = -1;

  private static final int SOL_SOCKET = 1;
  private static final int SCM_RIGHTS = 1;
  private static final int MSG_CTRUNC = 8;
  private static final int MSG_NOSIGNAL = 0x4000;
  private static final int MSG_CMSG_CLOEXEC = 0x4000_0000;
  private static final int EINTR = 4;
  private static final int EAGAIN = 11;

  // struct msghdr and struct cmsghdr, offsets in bytes
  private static final int HEADER = 56;
  private static final int VECTOR = 16;
  private static final int VECTORS = 24;
  private static final int CONTROL = 32;
  private static final int CONTROL_LENGTH = 40;
  private static final int FLAGS = 48;
  private static final int ANCILLARY = 24;
  private static final int ANCILLARY_USED = 20;
  private static final int ANCILLARY_LEVEL = 8;
  private static final int ANCILLARY_TYPE = 12;
  private static final int ANCILLARY_DATA = 16;

  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
  private static final MethodHandle SENDMSG =
      bind("sendmsg", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT));
  private static final MethodHandle RECVMSG =
      bind("recvmsg", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT));
  private static final MethodHandle CLOSE =
      bind("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));

  private final int socket;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment state = arena.allocate(STATE);
  private final MemorySegment header = arena.allocate(HEADER, 8);
  private final MemorySegment vector = arena.allocate(16, 8);
  private final MemorySegment ancillary = arena.allocate(ANCILLARY, 8);
  private final MemorySegment bytes = arena.allocate(64, 8);

  SocketCalls(int socket) {
    this.socket = socket;
  }

  private static MethodHandle bind(String name, FunctionDescriptor function) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(
        linker.defaultLookup().findOrThrow(name),
        function,
        Linker.Option.captureCallState("errno"));
  }

  private void prepare(int length) {
    header.fill((byte) 0);
    ancillary.fill((byte) 0);
    vector.set(ADDRESS, 0, bytes);
    vector.set(JAVA_LONG, 8, length);
    header.set(ADDRESS, VECTOR, vector);
    header.set(JAVA_LONG, VECTORS, 1);
  }

  /**
   * Sends some bytes and a descriptor with the first of them.
   *
   * @param descriptor or {@link #NONE}
   * @return how many; 0 if nothing can be sent now
   */
  int send(byte[] from, int at, int descriptor) throws IOException {
    int length = from.length - at;
    prepare(length);
    MemorySegment.copy(from, at, bytes, JAVA_BYTE, 0, length);
    if (descriptor != NONE) {
      ancillary.set(JAVA_LONG, 0, ANCILLARY_USED);
      ancillary.set(JAVA_INT, ANCILLARY_LEVEL, SOL_SOCKET);
      ancillary.set(JAVA_INT, ANCILLARY_TYPE, SCM_RIGHTS);
      ancillary.set(JAVA_INT, ANCILLARY_DATA, descriptor);
      header.set(ADDRESS, CONTROL, ancillary);
      header.set(JAVA_LONG, CONTROL_LENGTH, ANCILLARY);
    }
    try {
      return taken((long) SENDMSG.invokeExact(state, socket, header, MSG_NOSIGNAL), "sendmsg");
    } catch (Throwable e) {
      throw unexpected(e);
    }
  }

  /** What was received: how many bytes, negative at the end, and perhaps a descriptor. */
  record Received(int length, int descriptor) {}

  /** Receives some bytes, and a descriptor if one came with them; no bytes if none are here now. */
  Received receive(byte[] into, int at) throws IOException {
    prepare(into.length - at);
    header.set(ADDRESS, CONTROL, ancillary);
    header.set(JAVA_LONG, CONTROL_LENGTH, ANCILLARY);
    int length;
    boolean ended;
    try {
      long result = (long) RECVMSG.invokeExact(state, socket, header, MSG_CMSG_CLOEXEC);
      ended = result == 0;
      length = taken(result, "recvmsg");
    } catch (Throwable e) {
      throw unexpected(e);
    }
    int descriptor = NONE;
    if (length > 0
        && header.get(JAVA_LONG, CONTROL_LENGTH) >= ANCILLARY_USED
        && ancillary.get(JAVA_INT, ANCILLARY_LEVEL) == SOL_SOCKET
        && ancillary.get(JAVA_INT, ANCILLARY_TYPE) == SCM_RIGHTS) {
      descriptor = ancillary.get(JAVA_INT, ANCILLARY_DATA);
    }
    if ((header.get(JAVA_INT, FLAGS) & MSG_CTRUNC) != 0) {
      close(descriptor);
      throw new IOException(
          "a socket could not be taken over: this process has too many open files; raise the limit"
              + " (LimitNOFILE, ulimit -n)");
    }
    MemorySegment.copy(bytes, JAVA_BYTE, 0, into, at, Math.max(0, length));
    return new Received(ended ? -1 : length, descriptor);
  }

  private int taken(long result, String call) throws IOException {
    if (result >= 0) {
      return (int) result;
    }
    int error = (int) ERRNO.get(state, 0L);
    if (error == EAGAIN || error == EINTR) {
      return 0;
    }
    throw new IOException(call + " failed with errno " + error);
  }

  /** Closes a descriptor that no channel was made of; the socket lives on where it came from. */
  static void close(int descriptor) {
    if (descriptor == NONE) {
      return;
    }
    try (Arena own = Arena.ofConfined()) {
      int ignored = (int) CLOSE.invokeExact(own.allocate(STATE), descriptor);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  private static IOException unexpected(Throwable e) {
    return e instanceof IOException io ? io : new IOException(e);
  }

  @Override
  public void close() {
    arena.close();
  }
}
