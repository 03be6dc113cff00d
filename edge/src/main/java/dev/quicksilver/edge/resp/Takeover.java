package dev.quicksilver.edge.resp;

import dev.quicksilver.edge.handover.HandoverChannel;
import dev.quicksilver.edge.handover.Message;
import dev.quicksilver.edge.handover.Sockets;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Takes over what a server in another process has: its listeners, its clients, where its scans go
 * on. Until {@link #commit} that process can go on itself, and does if this one gives up. For one
 * thread; see {@link Handover} for the other side.
 */
final class Takeover implements AutoCloseable {
  /** Of what the processes say to each other. */
  static final long VERSION = 1;

  /** The other process may wait for its loops. */
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final HandoverChannel channel;
  private final boolean anybody;
  private final Map<String, Integer> listeners = new TreeMap<>();
  private final Set<String> lent = new HashSet<>();
  private final List<MovedClient> clients = new ArrayList<>();
  private final List<String> kept = new ArrayList<>();
  private Message common = new Message("");
  private boolean committed;

  private Takeover(HandoverChannel channel, boolean anybody) {
    this.channel = channel;
    this.anybody = anybody;
  }

  /**
   * Asks for the listeners. The other process accepts nobody from now on, and serves its clients.
   *
   * @param anybody whether clients need not say who they are here
   * @throws IOException if the other process does not give it; it goes on then
   */
  static Takeover begin(Path path, boolean anybody) throws IOException {
    Takeover takeover = new Takeover(HandoverChannel.connect(path, PATIENCE), anybody);
    try {
      takeover.channel.send(new Message("take over").with("version", VERSION));
      takeover.common = takeover.receive("listeners");
      return takeover;
    } catch (IOException | RuntimeException e) {
      takeover.close();
      throw e instanceof IOException io ? io : new IOException(e);
    }
  }

  /** Asks for the clients, who are served by nobody until this is committed or given up. */
  void receiveClients() throws IOException {
    channel.send(new Message("clients"));
    common = receive("all");
    if (common.number("clients", -1) != clients.size()) {
      throw new IOException("not all clients have come");
    }
  }

  /** Receives until something ends what was asked for, which is returned. */
  private Message receive(String last) throws IOException {
    while (true) {
      HandoverChannel.Received received = channel.receive();
      Message message = received.message();
      switch (message.kind()) {
        case "listener" -> {
          String kind = message.text("kind").orElse("");
          listeners.put(kind, received.descriptor());
          if (message.number("lent", 0) != 0) {
            lent.add(kind);
          }
        }
        case MovedClient.KIND -> {
          try {
            clients.add(MovedClient.of(message, received.descriptor(), anybody));
          } catch (RuntimeException e) {
            HandoverChannel.discard(List.of(received.descriptor()));
            throw new IOException("a client is described in a way that is not known: " + e, e);
          }
        }
        case "refused" -> throw new IOException(message.text("why").orElse("it has not said why"));
        default -> {
          if (!message.kind().equals(last)) {
            throw new IOException("it says \"" + message.kind() + "\", which is not known");
          }
          return message;
        }
      }
    }
  }

  /** Returns the databases that the other process serves. */
  List<String> databases() {
    return common.texts("database");
  }

  /** Whether a listener at an address is wanted. */
  @FunctionalInterface
  interface Wanted {
    boolean at(SocketAddress address);
  }

  /**
   * Returns the listener of a kind, which the caller closes from now on; empty if there is none, or
   * if another one takes its place.
   */
  Optional<ServerSocketChannel> listener(String kind, Wanted wanted) throws IOException {
    Integer descriptor = listeners.get(kind);
    if (descriptor == null) {
      return Optional.empty();
    }
    ServerSocketChannel listener = Sockets.listener(descriptor, kind.equals(Acceptor.UNIX));
    listeners.remove(kind);
    if (!wanted.at(listener.getLocalAddress())) {
      listener.close();
      return Optional.empty();
    }
    kept.add(kind);
    return Optional.of(listener);
  }

  /** Whether the file of a listener of a kind is neither process's to remove. */
  boolean isLent(String kind) {
    return lent.contains(kind);
  }

  /**
   * Has the other process let go.
   *
   * @throws IOException if it does not, or may not have; nothing may be served then
   */
  void commit() throws IOException {
    Message ready = new Message("ready");
    kept.forEach(kind -> ready.with("kept", kind));
    channel.send(ready);
    Message answer;
    try {
      answer = channel.receive().message();
    } catch (EOFException e) {
      throw new IOException("it has ended before it let its clients go: start again", e);
    }
    if (!answer.kind().equals("go")) {
      throw new IOException("it keeps its clients: " + answer.text("why").orElse(answer.kind()));
    }
    committed = true;
  }

  /** Returns the clients; their sockets are the caller's once this is committed. */
  List<MovedClient> clients() {
    return clients;
  }

  /** Returns what all clients have in common. */
  Message common() {
    return common;
  }

  @Override
  public void close() throws IOException {
    HandoverChannel.discard(List.copyOf(listeners.values()));
    if (!committed) {
      HandoverChannel.discard(clients.stream().map(MovedClient::descriptor).toList());
    }
    channel.close();
  }
}
