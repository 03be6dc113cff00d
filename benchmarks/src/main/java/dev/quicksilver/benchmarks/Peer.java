package dev.quicksilver.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** C LMDB on the same machine in the same run: {@code src/main/c/peer.c}, compiled here. */
final class Peer {
  static final int KEY_BYTES = 29;
  static final int VALUE_BYTES = 100;

  private final Path program;

  private Peer(Path program) {
    this.program = program;
  }

  /** Compiles the peer into a folder; installs what that needs, or says what it is. */
  static Peer compile(Path folder) throws IOException, InterruptedException {
    copy(folder, "churn.h");
    return new Peer(compile(folder, "peer"));
  }

  /** Compiles one of the C programs of the benchmarks; returns the program. */
  static Path compile(Path folder, String name) throws IOException, InterruptedException {
    Path source = copy(folder, name + ".c");
    Path program = folder.resolve(name + "-program");
    List<String> gcc =
        List.of("gcc", "-O2", "-o", program.toString(), source.toString(), "-llmdb", "-lpthread");
    SystemPackages.attempt(() -> SystemPackages.run(gcc), "gcc", "libc6-dev", "liblmdb-dev");
    return program;
  }

  private static Path copy(Path folder, String name) throws IOException {
    Path file = folder.resolve(name);
    try (InputStream in = Peer.class.getResourceAsStream("/" + name)) {
      if (in == null) {
        throw new IOException(name + " is not on the class path; build with Maven");
      }
      Files.copy(in, file, StandardCopyOption.REPLACE_EXISTING);
    }
    return file;
  }

  /** When the peer waits for the disk. */
  enum Sync {
    NEVER("0"),
    EACH_COMMIT("1"),
    AT_THE_END("2");

    private final String argument;

    Sync(String argument) {
      this.argument = argument;
    }
  }

  /** Runs it; returns the operations per second that it prints. */
  double rate(String what, Path folder, long pairs, long last, Sync sync)
      throws IOException, InterruptedException {
    Files.createDirectories(folder);
    List<String> command = new ArrayList<>(List.of(program.toString(), what, folder.toString()));
    command.addAll(List.of(Long.toString(pairs), Long.toString(last), sync.argument));
    return Double.parseDouble(SystemPackages.run(command).strip());
  }

  /** Runs it; returns the numbers that it prints. */
  double[] figures(Object... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(program.toString()));
    Arrays.stream(arguments).map(Object::toString).forEach(command::add);
    return Arrays.stream(SystemPackages.run(command).strip().split(" "))
        .mapToDouble(Double::parseDouble)
        .toArray();
  }

  /** Random numbers and keys, the same ones as in the C program. */
  static final class Keys {
    private static final int DIGITS = 10;
    private long state = 88172645463325252L;
    final byte[] key = new byte[KEY_BYTES];

    Keys() {
      Arrays.fill(key, (byte) '0');
      System.arraycopy("key ".getBytes(StandardCharsets.US_ASCII), 0, key, 0, 4);
    }

    /** Returns a random number below the bound. */
    long below(long bound) {
      state ^= state >>> 12;
      state ^= state << 25;
      state ^= state >>> 27;
      return ((state * 2685821657736338717L) >>> 1) % bound;
    }

    /** Puts the key of a number below 2^31 into {@link #key}. */
    byte[] key(long number) {
      int rest = (int) number;
      for (int i = KEY_BYTES - 1; i >= KEY_BYTES - DIGITS; i--) {
        int tenth = rest / 10;
        key[i] = (byte) ('0' + rest - tenth * 10);
        rest = tenth;
      }
      return key;
    }
  }
}
