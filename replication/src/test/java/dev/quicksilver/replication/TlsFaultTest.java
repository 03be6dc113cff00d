package dev.quicksilver.replication;

import static dev.quicksilver.replication.TestNode.set;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.tls.TlsFiles;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.locks.LockSupport;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Peers that do TLS badly, slowly or not at all. */
final class TlsFaultTest {
  private static final UUID DNS = new UUID(1, 1);

  @TempDir private Path data;
  private TestCertificates certificates;
  private TestNode root;

  @BeforeEach
  void startRoot() {
    certificates = new TestCertificates(data.resolve("ca"));
    root = TestNode.root("root", data.resolve("root"));
    root.create("dns", DNS);
    root.commit("dns", set("a", "1"));
    root.stopServing();
    root.over(certificates.transport("root"));
  }

  @AfterEach
  void stopRoot() {
    root.close();
    certificates.close();
  }

  private static ServerOptions options(Duration handshake, Duration stall) {
    return new ServerOptions(100, handshake, stall, Duration.ofMillis(200));
  }

  /** A client that trusts the root and has no certificate of its own. */
  private SSLSocket anonymous(String... protocols) throws Exception {
    TlsFiles files = certificates.issue("unused");
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    try (InputStream in = Files.newInputStream(files.authorities().getFirst())) {
      trusted.setCertificateEntry(
          "ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    SSLSocket socket =
        (SSLSocket)
            context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), root.port());
    socket.setSoTimeout(Math.toIntExact(Await.LIMIT.toMillis()));
    if (protocols.length > 0) {
      socket.setEnabledProtocols(protocols);
    }
    return socket;
  }

  @Test
  void aClientWithoutACertificateIsTurnedAwayAtOnce() throws Exception {
    root.serve();
    try (SSLSocket client = anonymous()) {
      client.startHandshake();
      assertThatThrownBy(() -> client.getInputStream().read())
          .isInstanceOf(SSLHandshakeException.class)
          .hasMessageContaining("certificate_required");
    }
  }

  @Test
  void anOlderTlsIsTurnedAwayAtOnce() throws Exception {
    root.serve();
    try (SSLSocket client = anonymous("TLSv1.2")) {
      assertThatThrownBy(client::startHandshake)
          .isInstanceOf(SSLHandshakeException.class)
          .hasMessageContaining("protocol_version");
    }
  }

  /** Sends the bytes one by one until the other side hangs up. */
  private static void trickle(Socket socket, byte[] bytes) throws IOException {
    OutputStream out = socket.getOutputStream();
    try {
      for (byte one : bytes) {
        out.write(one);
        LockSupport.parkNanos(20_000_000);
      }
    } catch (IOException e) {
      // It hung up, which is what it is waited for.
    }
  }

  @Test
  void aHandshakeThatTricklesInIsEndedAsAWhole() throws Exception {
    root.serve(options(Duration.ofMillis(500), Duration.ofSeconds(30)));
    // The head of a TLS record of 8 KiB: no single byte is late, and it would take minutes.
    byte[] record = new byte[8192];
    record[0] = 22;
    record[1] = 3;
    record[2] = 3;
    record[3] = 31;
    try (Socket slow = new Socket(InetAddress.getLoopbackAddress(), root.port())) {
      trickle(slow, record);
      RawClient.awaitHangUp(slow);
    }
    root.stopServing();
    root.over(Transport.PLAIN).serve(options(Duration.ofMillis(500), Duration.ofSeconds(30)));
    byte[] hello = new byte[4096];
    System.arraycopy(Protocol.magic(), 0, hello, 0, Protocol.MAGIC_LENGTH);
    hello[Protocol.MAGIC_LENGTH + 2] = 15;
    hello[Protocol.MAGIC_LENGTH + 4] = 1;
    try (Socket slow = new Socket(InetAddress.getLoopbackAddress(), root.port())) {
      trickle(slow, hello);
      RawClient.awaitHangUp(slow);
    }
  }

  @Test
  void anUpstreamThatTricklesIsGivenUpAsAWhole() throws Exception {
    try (ServerSocket listener = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      Thread slow =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try (Socket socket = listener.accept()) {
                      byte[] record = new byte[8192];
                      record[0] = 22;
                      record[1] = 3;
                      record[2] = 3;
                      record[3] = 31;
                      trickle(socket, record);
                    } catch (IOException e) {
                      throw new java.io.UncheckedIOException(e);
                    }
                  });
      Upstream upstream = Upstream.primary("127.0.0.1", listener.getLocalPort());
      try (UpstreamLink link =
          new UpstreamLink(upstream, certificates.transport("edge"), Duration.ofMillis(300))) {
        assertThatThrownBy(
                () ->
                    link.open(
                        RawClient.follow("dns", DNS, 0, Protocol.NO_HASH), Duration.ofMillis(200)))
            .hasMessageContaining("no connection and hello within 0.5 s");
      }
      slow.join();
    }
  }

  private void fill() {
    byte[] value = new byte[1 << 20];
    for (int i = 0; i < 16; i++) {
      new Random(i).nextBytes(value);
      byte[] copy = value.clone();
      root.commit("dns", a -> a.set("large".getBytes(UTF_8), copy));
    }
  }

  @Test
  void aFollowerThatReadsNothingIsDropped() throws Exception {
    root.serve(options(Duration.ofSeconds(10), Duration.ofMillis(1500)));
    try (RawClient stalled = new RawClient(root.port(), certificates.transport("raw"))) {
      stalled.ask(RawClient.follow("dns", DNS, 0, Protocol.NO_HASH));
      fill();
      Await.until(() -> root.server().followers().isEmpty(), () -> root.server().followers());
      stalled.awaitHangUp();
    }
  }

  @Test
  void aServerClosesWhileAFollowerReadsNothing() throws Exception {
    root.serve(options(Duration.ofSeconds(10), Duration.ofHours(1)));
    try (RawClient stalled = new RawClient(root.port(), certificates.transport("raw"))) {
      stalled.ask(RawClient.follow("dns", DNS, 0, Protocol.NO_HASH));
      Await.until(() -> !root.server().followers().isEmpty(), () -> root.server().followers());
      fill();
      long all = root.database("dns").head().lastSequence();
      long[] before = {-1, 0};
      Await.until(
          () -> {
            // Nothing more was sent for a while: its writer waits in the full socket.
            long sent = root.server().followers().getFirst().sentSequence();
            before[1] = sent == before[0] ? before[1] + 1 : 0;
            before[0] = sent;
            return sent > 1 && before[1] > 200;
          },
          () -> root.server().followers());
      assertThat(before[0]).isLessThan(all);
      root.stopServing();
    }
  }

  @Test
  void garbageOnATlsPortHurtsNobody() throws Exception {
    root.serve();
    try (TestNode edge =
        TestNode.open("edge", data.resolve("edge")).over(certificates.transport("edge"))) {
      edge.follow(root.port());
      edge.awaitEqual("dns", root);
      long connections = edge.status("dns").connections();
      Random random = new Random(11);
      for (int i = 0; i < 500; i++) {
        byte[] noise = new byte[1 + random.nextInt(600)];
        random.nextBytes(noise);
        if (random.nextInt(4) > 0) {
          noise[0] = 22;
        }
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), root.port())) {
          socket.getOutputStream().write(noise);
        } catch (IOException e) {
          // The server may well have hung up already: that is its right.
        }
      }
      root.commit("dns", set("after", "the storm"));
      edge.awaitEqual("dns", root);
      assertThat(edge.status("dns").connections()).isEqualTo(connections);
    }
  }
}
