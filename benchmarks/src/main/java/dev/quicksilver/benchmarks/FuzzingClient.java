package dev.quicksilver.benchmarks;

import dev.quicksilver.benchmarks.FuzzedMessages.Fuzzed;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/**
 * A client of a bridge that does one conversation with something wrong in it. That the bridge hangs
 * up is none of its errors.
 */
final class FuzzingClient {
  /** What it does. */
  enum Behaviour {
    GREETING,
    PLAIN_AFTER_TLS_REQUEST,
    TAMPERED_TLS,
    TAMPERED_SCRAM,
    CONVERSATION,
    CANCEL,
    VANISH
  }

  /** Parts of SCRAM messages, and what may stand there instead. */
  private static final List<String> PARTS =
      List.of("n,,", "r=", "n=", "c=biws", ",p=", "SCRAM", "=");

  private static final List<String> OTHERS =
      List.of("", "y,,", "p=tls-unique,,", "m=x,", ",,", "c=", "\0");

  private static final Set<Behaviour> TAMPERED =
      Set.of(Behaviour.TAMPERED_TLS, Behaviour.TAMPERED_SCRAM, Behaviour.PLAIN_AFTER_TLS_REQUEST);

  private static final int QUIET_MILLIS = 400;
  private static final int PATIENCE_MILLIS = 20_000;

  private final int port;
  private final String user;
  private final ScramClient scram;
  private final SSLContext tls;
  private final Random random;
  private final FuzzedMessages fuzzed;
  private int messages;

  /** One conversation's client; the seed says what it does. */
  FuzzingClient(int port, String user, ScramClient scram, SSLContext tls, Random random) {
    this.port = port;
    this.user = user;
    this.scram = scram;
    this.tls = tls;
    this.random = random;
    this.fuzzed = new FuzzedMessages(random);
  }

  /** Does it; returns how many messages it has sent. */
  int run(Behaviour kind) throws GeneralSecurityException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket.setTcpNoDelay(true);
      // What is cut or longer than it should be is waited for, on both sides.
      socket.setSoTimeout(TAMPERED.contains(kind) ? QUIET_MILLIS : PATIENCE_MILLIS);
      if (random.nextBoolean()) {
        socket.setSoLinger(true, 0); // it ends with a reset
      }
      run(kind, socket);
    } catch (IOException e) {
      // It is hung up on, as it should be.
    }
    return messages;
  }

  private void run(Behaviour kind, Socket socket) throws IOException, GeneralSecurityException {
    switch (kind) {
      case GREETING -> {
        send(socket, fuzzed.greeting(user));
        listen(socket, 8);
      }
      case PLAIN_AFTER_TLS_REQUEST -> {
        send(socket, FuzzedMessages.packet(FuzzedMessages.SSL, new byte[0]));
        socket.getInputStream().read();
        send(socket, random.nextBoolean() ? FuzzedMessages.startup(user) : fuzzed.noise(100));
        listen(socket, 8);
      }
      case TAMPERED_TLS -> tampered(socket);
      case TAMPERED_SCRAM -> {
        send(socket, FuzzedMessages.startup(user));
        logIn(socket, random.nextInt(3));
        listen(socket, 4);
      }
      case CONVERSATION -> {
        Socket secure = secured(socket);
        logIn(started(secure), -1);
        var kinds = FuzzedMessages.Kind.values();
        FuzzedMessages.Kind wrong = kinds[random.nextInt(kinds.length)];
        if (wrong == FuzzedMessages.Kind.LARGE && random.nextInt(4) > 0) {
          wrong = FuzzedMessages.Kind.BIT_FLIPS;
        }
        send(secure, fuzzed.conversation(wrong));
        if (random.nextInt(3) > 0) { // it says good-bye, and waits until all is answered
          send(secure, FuzzedMessages.message('X', new byte[0]));
          secure.setSoTimeout(QUIET_MILLIS); // it may have promised more than it has sent
          secure.getInputStream().transferTo(OutputStream.nullOutputStream());
        }
      }
      case CANCEL -> cancel(socket);
      case VANISH -> vanish(socket);
    }
  }

  private Socket started(Socket socket) throws IOException {
    send(socket, FuzzedMessages.startup(user));
    return socket;
  }

  /** Through TLS, once in a while. */
  private Socket secured(Socket socket) throws IOException {
    return random.nextInt(5) == 0 ? secure(socket) : socket;
  }

  private Socket secure(Socket socket) throws IOException {
    send(socket, FuzzedMessages.packet(FuzzedMessages.SSL, new byte[0]));
    if (socket.getInputStream().read() != 'S') {
      throw new IOException("no TLS");
    }
    SSLSocket secure =
        (SSLSocket) tls.getSocketFactory().createSocket(socket, "localhost", port, true);
    secure.setEnabledProtocols(new String[] {random.nextInt(3) == 0 ? "TLSv1.2" : "TLSv1.3"});
    secure.startHandshake();
    messages += 2; // the flights that it sent
    return secure;
  }

  /** Valid but for what happens to one place of all that is sent, within the handshake or after. */
  private void tampered(Socket socket) throws IOException, GeneralSecurityException {
    Socket bad = new TamperedSocket(socket, random, 8 + random.nextInt(1400));
    Socket secure = secure(bad);
    logIn(started(secure), -1);
    send(secure, FuzzedMessages.message('Q', FuzzedMessages.text("SELECT count(*) FROM small")));
    send(secure, FuzzedMessages.message('X', new byte[0]));
    listen(secure, 20);
  }

  /**
   * Proves who it is.
   *
   * @param wrong which message of the exchange has something wrong in it; -1 for none
   * @return the message with the secret for cancelling
   */
  private byte[] logIn(Socket socket, int wrong) throws IOException, GeneralSecurityException {
    var in = new DataInputStream(socket.getInputStream());
    expect(in, 'R');
    String nonce = Long.toHexString(random.nextLong());
    byte[] first = ("n,,n=,r=" + nonce).getBytes(StandardCharsets.US_ASCII);
    byte[] initial =
        FuzzedMessages.join(
            List.of(
                FuzzedMessages.text("SCRAM-SHA-256"),
                ByteBuffer.allocate(4).putInt(first.length).array(),
                first));
    send(socket, wrong == 0 ? mutated(initial) : FuzzedMessages.message('p', initial));
    byte[] challenge = expect(in, 'R');
    String serverFirst = new String(challenge, 4, challenge.length - 4, StandardCharsets.US_ASCII);
    byte[] last = scram.last("n=,r=" + nonce, serverFirst);
    if (wrong == 2) {
      send(socket, FuzzedMessages.message('p', last));
      send(socket, mutated(last)); // where nothing of the kind may come any more
    } else {
      send(socket, wrong == 1 ? mutated(last) : FuzzedMessages.message('p', last));
    }
    byte[] key = new byte[0];
    while (true) {
      int type = in.read();
      if (type < 0 || type == 'E') {
        throw new IOException("refused");
      }
      byte[] body = in.readNBytes(in.readInt() - 4);
      if (type == 'K') {
        key = body;
      } else if (type == 'Z') {
        return key;
      }
    }
  }

  private byte[] mutated(byte[] body) {
    byte[] copy = body.clone();
    return switch (random.nextInt(7)) {
      case 0 -> FuzzedMessages.message('p', fuzzed.noise(random.nextInt(200)));
      case 1 -> FuzzedMessages.message('p', Arrays.copyOf(copy, random.nextInt(copy.length)));
      case 2 -> FuzzedMessages.message("QPBXpd".charAt(random.nextInt(6)), copy);
      case 3 -> {
        byte[] message = FuzzedMessages.message('p', copy);
        int length = random.nextBoolean() ? random.nextInt() : random.nextInt(300);
        ByteBuffer.wrap(message).putInt(1, length);
        yield message;
      }
      case 4 -> {
        String text = new String(copy, StandardCharsets.ISO_8859_1);
        String other = OTHERS.get(random.nextInt(OTHERS.size()));
        String changed = text.replace(PARTS.get(random.nextInt(PARTS.size())), other);
        yield FuzzedMessages.message('p', changed.getBytes(StandardCharsets.ISO_8859_1));
      }
      case 5 -> {
        byte[] large = new byte[random.nextInt(20_000)];
        Arrays.fill(large, (byte) ',');
        yield FuzzedMessages.message('p', FuzzedMessages.join(List.of(copy, large)));
      }
      default -> {
        for (int i = random.nextInt(4); i >= 0; i--) {
          fuzzed.flip(copy, 0);
        }
        yield FuzzedMessages.message('p', copy);
      }
    };
  }

  private static byte[] expect(DataInputStream in, char wanted) throws IOException {
    int type = in.read();
    if (type != wanted) {
      throw new IOException("refused");
    }
    return in.readNBytes(in.readInt() - 4);
  }

  private static final List<String> LONG =
      List.of(
          "SELECT key, value FROM big",
          "SELECT upper(key), value FROM big",
          "SELECT key FROM big ORDER BY value, key DESC",
          "COPY big TO STDOUT",
          "SELECT count(*) FROM small a CROSS JOIN small b CROSS JOIN small c",
          "SELECT pg_sleep(60)");

  /** Cancels what runs, with the right secret, a wrong one or parts of one, once or often. */
  private void cancel(Socket socket) throws IOException, GeneralSecurityException {
    byte[] key = logIn(started(socket), -1);
    send(
        socket,
        FuzzedMessages.message('Q', FuzzedMessages.text(LONG.get(random.nextInt(LONG.size())))));
    listen(socket, 1 + random.nextInt(20));
    for (int i = random.nextInt(4); i >= 0; i--) {
      byte[] given = key.clone();
      if (random.nextInt(3) == 0) {
        fuzzed.flip(given, 0);
      }
      try (var other = new Socket(InetAddress.getLoopbackAddress(), port)) {
        int length = random.nextInt(4) == 0 ? random.nextInt(given.length) : given.length;
        send(other, FuzzedMessages.packet(FuzzedMessages.CANCEL, Arrays.copyOf(given, length)));
      }
      if (random.nextBoolean()) {
        send(
            socket,
            FuzzedMessages.message(
                'Q', FuzzedMessages.text("SELECT 1; SELECT count(*) FROM small")));
      }
    }
    listen(socket, 20);
  }

  /** Asks for much, takes some of it, and is gone. */
  private void vanish(Socket socket) throws IOException, GeneralSecurityException {
    Socket secure = secured(socket);
    logIn(started(secure), -1);
    if (random.nextBoolean()) {
      send(secure, FuzzedMessages.message('Q', FuzzedMessages.text("BEGIN; SAVEPOINT s")));
    }
    send(
        secure,
        FuzzedMessages.message('Q', FuzzedMessages.text(LONG.get(random.nextInt(LONG.size())))));
    byte[] sink = new byte[1 << random.nextInt(17)];
    secure.setSoTimeout(1 + random.nextInt(40));
    InputStream in = secure.getInputStream();
    for (int i = random.nextInt(12); i >= 0 && in.read(sink) >= 0; i--) {}
    if (!(secure instanceof SSLSocket) && random.nextInt(3) == 0) {
      socket.shutdownOutput();
      listen(socket, 30);
    }
  }

  private void send(Socket socket, Fuzzed what) throws IOException {
    messages += what.messages() - 1;
    send(socket, what.bytes());
  }

  private void send(Socket socket, byte[] bytes) throws IOException {
    messages++;
    OutputStream out = socket.getOutputStream();
    out.write(bytes);
    out.flush();
  }

  /** Reads until nothing comes for some ms, once in a while; not at all otherwise. */
  private void listen(Socket socket, int millis) throws IOException {
    if (random.nextInt(4) == 0) {
      return;
    }
    socket.setSoTimeout(millis);
    byte[] sink = new byte[1 << 14];
    InputStream in = socket.getInputStream();
    for (int i = 0; i < 50 && in.read(sink) >= 0; i++) {}
  }
}
