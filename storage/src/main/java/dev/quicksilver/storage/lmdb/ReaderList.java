package dev.quicksilver.storage.lmdb;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The slots of LMDB's reader table that are taken, of all processes. LMDB lists them as text, a
 * line a slot: process id, thread in hexadecimal, transaction or "-" while none is open. (The file
 * must not be read here instead: to close it once would end all locks that LMDB has on it for this
 * process.) Stateless.
 */
@SuppressWarnings("restricted") // calling C is what this class is for
final class ReaderList {
  /** A snapshot that is not open. */
  static final long NONE = -1;

  private static final int LONGEST_LINE = 64;
  private static final int LINES_BEFORE = 2;

  /** In the memory that LMDB hands on: bytes that are used, the first among them, then the text. */
  private static final int TEXT = Long.BYTES;

  private static final MemorySegment ADD_LINE = addLine();

  /**
   * One slot.
   *
   * @param transaction which commit it reads; {@link #NONE} if nothing is read
   */
  record Slot(long pid, String thread, long transaction) {}

  private ReaderList() {}

  private static MemorySegment addLine() {
    try {
      return Linker.nativeLinker()
          .upcallStub(
              MethodHandles.lookup()
                  .findStatic(
                      ReaderList.class,
                      "add",
                      MethodType.methodType(int.class, MemorySegment.class, MemorySegment.class)),
              FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS),
              Arena.global());
    } catch (NoSuchMethodException | IllegalAccessException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Called by LMDB. */
  static int add(MemorySegment line, MemorySegment to) {
    MemorySegment text = line.reinterpret(2 * LONGEST_LINE);
    long length = text.getString(0).length();
    long used = to.reinterpret(TEXT).get(JAVA_LONG, 0);
    MemorySegment all = to.reinterpret(used + length);
    MemorySegment.copy(text, 0, all, used, length);
    all.set(JAVA_LONG, 0, used + length);
    return 0;
  }

  /**
   * Lists the slots of an open environment.
   *
   * @param env the address of its {@code MDB_env}
   * @param maxReaders how many slots there are
   */
  static List<Slot> of(Environment environment, long env, int maxReaders) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory =
          arena.allocate(TEXT + (long) LONGEST_LINE * (maxReaders + LINES_BEFORE), Long.BYTES);
      memory.set(JAVA_LONG, 0, TEXT);
      int code = NativeLmdb.readerList(env, ADD_LINE.address(), memory.address());
      if (code < 0) {
        environment.check(code);
      }
      byte[] text = new byte[(int) (memory.get(JAVA_LONG, 0) - TEXT)];
      MemorySegment.copy(memory, JAVA_BYTE, TEXT, text, 0, text.length);
      return parse(new String(text, StandardCharsets.US_ASCII));
    }
  }

  /** Reads what LMDB wrote; lines that are no slots are passed over. */
  static List<Slot> parse(String text) {
    List<Slot> slots = new ArrayList<>();
    for (String line : text.split("\n", -1)) {
      String[] words = line.strip().split(" +", -1);
      if (words.length == 3 && words[0].matches("\\d{1,18}")) {
        long transaction = words[2].matches("\\d{1,18}") ? Long.parseLong(words[2]) : NONE;
        slots.add(new Slot(Long.parseLong(words[0]), words[1], transaction));
      }
    }
    return slots;
  }
}
