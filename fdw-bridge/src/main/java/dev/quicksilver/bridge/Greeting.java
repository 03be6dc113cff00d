package dev.quicksilver.bridge;

import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.bridge.wire.MessageReader;
import dev.quicksilver.bridge.wire.MessageWriter;
import dev.quicksilver.bridge.wire.ScramExchange;
import dev.quicksilver.bridge.wire.Transport;
import dev.quicksilver.edge.access.ScramVerifier;
import dev.quicksilver.tls.ServerTls;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The first messages of a connection: what it is for, which protocol it speaks, who it is (<a
 * href="https://www.postgresql.org/docs/18/protocol-flow.html">Message flow</a> in PostgreSQL's
 * manual).
 */
final class Greeting {
  private static final int MAX_STARTUP = 10_000;
  private static final int SSL_REQUEST = 80877103;
  private static final int GSS_REQUEST = 80877104;
  private static final int CANCEL_REQUEST = 80877102;
  private static final int TLS_HANDSHAKE = 0x16;

  private final Transport transport;
  private final Optional<ServerTls> tls;
  private final MessageReader in;
  private final MessageWriter out;

  Greeting(Transport transport, Optional<ServerTls> tls, MessageReader in, MessageWriter out) {
    this.transport = transport;
    this.tls = tls;
    this.in = in;
    this.out = out;
  }

  /** What a connection is for. */
  sealed interface Purpose {}

  /** To cancel what another one does. */
  record Cancel(int id, byte[] secret) implements Purpose {}

  /**
   * To be served.
   *
   * @param minor of protocol 3
   * @param parameters of the start-up message
   */
  record Serve(int minor, String user, Map<String, String> parameters) implements Purpose {}

  /** Negotiates until the client says what it wants. */
  Purpose purpose() throws IOException {
    if (tls.isPresent() && transport.peek() == TLS_HANDSHAKE) { // sslnegotiation=direct
      transport.secure(tls.get());
      if (!transport.isOfProtocol()) { // it may be meant for another server
        throw PgException.of(
                SqlState.PROTOCOL_VIOLATION,
                "received direct SSL connection request without ALPN protocol negotiation"
                    + " extension")
            .hint("Connect with sslnegotiation=postgres.");
      }
    }
    while (true) {
      in.body(MAX_STARTUP);
      int code = in.int32();
      if (code == SSL_REQUEST) {
        answerTls();
      } else if (code == GSS_REQUEST) {
        out.int8('N');
        out.flush();
      } else if (code == CANCEL_REQUEST) {
        return new Cancel(in.int32(), in.bytes(in.remaining()));
      } else if (code >>> 16 == 3) {
        return serve(code & 0xffff);
      } else {
        throw PgException.of(
            SqlState.PROTOCOL_VIOLATION,
            "unsupported frontend protocol "
                + (code >>> 16)
                + "."
                + (code & 0xffff)
                + ": the bridge speaks 3.0 to 3.2");
      }
    }
  }

  private void answerTls() throws IOException {
    if (tls.isEmpty() || transport.isSecure()) {
      out.int8('N');
      out.flush();
      return;
    }
    if (transport.holdsUnread()) { // it would be taken for something that came through TLS
      throw PgException.of(
          SqlState.PROTOCOL_VIOLATION, "received unencrypted data after SSL request");
    }
    out.int8('S');
    out.flush();
    transport.secure(tls.get());
  }

  private Serve serve(int minor) {
    if (!transport.isSecure() && !transport.isLocal()) {
      throw PgException.of(
              SqlState.INVALID_AUTHORIZATION,
              "the bridge takes clients of other machines with TLS only")
          .hint("Connect with sslmode=require, or better verify-full.");
    }
    Map<String, String> parameters = new HashMap<>();
    for (String name = in.string(); !name.isEmpty(); name = in.string()) {
      parameters.put(name, in.string());
    }
    List<String> unknown =
        parameters.keySet().stream().filter(name -> name.startsWith("_pq_.")).toList();
    if (minor > 2 || !unknown.isEmpty()) {
      out.begin('v');
      out.int32(3 << 16 | Math.min(minor, 2));
      out.int32(unknown.size());
      unknown.forEach(out::string);
      out.end();
    }
    unknown.forEach(parameters::remove);
    String user = parameters.getOrDefault("user", "");
    if (user.isEmpty()) {
      throw PgException.of(
          SqlState.INVALID_AUTHORIZATION, "no PostgreSQL user name specified in startup packet");
    }
    return new Serve(minor, user, Map.copyOf(parameters));
  }

  /** Says that the client is who it says it is. */
  void welcome() {
    out.begin('R');
    out.int32(0);
    out.end();
  }

  /** Asks for the password, of which the verifier is; 28P01 if it is wrong. */
  void authenticate(String user, ScramVerifier verifier) throws IOException {
    out.begin('R');
    out.int32(10);
    if (transport.isSecure()) {
      out.string(ScramExchange.PLUS);
    }
    out.string(ScramExchange.PLAIN);
    out.int8(0);
    out.end();
    out.flush();
    expectPassword();
    var exchange = new ScramExchange(verifier, transport.endPoint(), in.string());
    challenge(11, exchange.first(in.bytes(in.int32())));
    expectPassword();
    challenge(12, exchange.last(in.bytes(in.remaining()), user));
  }

  private void expectPassword() throws IOException {
    int type = in.type();
    if (type != 'p') {
      throw PgException.of(SqlState.PROTOCOL_VIOLATION, "expected a SASL response");
    }
    in.body(MAX_STARTUP);
  }

  private void challenge(int code, byte[] data) throws IOException {
    out.begin('R');
    out.int32(code);
    out.bytes(data, 0, data.length);
    out.end();
    out.flush();
  }
}
