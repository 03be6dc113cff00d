package dev.quicksilver.edge.resp;

import dev.quicksilver.edge.access.Rights;
import dev.quicksilver.edge.handover.Message;
import java.io.ByteArrayOutputStream;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * A client that comes from another process, as that has described it: what it has said of itself,
 * what of its commands was not run, and what of its replies it has not taken.
 *
 * @param descriptor of its socket
 * @param session what it has said of itself
 * @param told up to where it was told of logs
 */
record MovedClient(Message described, int descriptor, Session session, List<Told> told) {
  static final String KIND = "client";

  /** The bytes that were read and not run. */
  static final String IN = "in";

  /** The bytes that are to be sent. */
  static final String OUT = "out";

  /** Whether the connection ends with what is to be sent. */
  static final String ENDING = "ending";

  /** Up to where it was told of a log. */
  static final String TOLD = "told";

  static final String UNIX = "unix";
  private static final String EVERYTHING = "everything";
  private static final String DATABASE = "database";
  private static final String USER = "user";
  private static final String SELECTED = "selected";
  private static final String CHANNEL = "channel";
  private static final String PATTERN = "pattern";
  private static final long YES = 1;

  /** Begins to describe a client. */
  static Message describe(Session session) {
    Message message =
        new Message(KIND)
            .with("id", session.id)
            .with("address", session.address)
            .with("since", session.since)
            .with("protocol", session.protocol)
            .with("name", session.name)
            .with("library-name", session.libraryName)
            .with("library-version", session.libraryVersion)
            .with("most-age", session.mostAge);
    session.user.ifPresent(user -> message.with(USER, user));
    session.selected.ifPresent(selected -> message.with(SELECTED, selected));
    if (session.rights.only().isPresent()) {
      session.rights.only().get().forEach(name -> message.with(DATABASE, name));
    } else {
      message.with(EVERYTHING, YES);
    }
    session.channels.forEach(each -> message.with(CHANNEL, each));
    session.patterns.forEach(each -> message.with(PATTERN, each.pattern()));
    return message;
  }

  /** Whether it is connected by a Unix socket. */
  boolean isUnix() {
    return described.number(UNIX, 0) == YES;
  }

  boolean isEnding() {
    return described.number(ENDING, 0) == YES;
  }

  byte[] bytes(String name) {
    List<byte[]> parts = described.all(name);
    if (parts.size() == 1) {
      return parts.getFirst();
    }
    var all = new ByteArrayOutputStream();
    parts.forEach(all::writeBytes);
    return all.toByteArray();
  }

  /** Up to where it was told of the log of which database. */
  record Told(UUID database, long sequence, String name) {
    static Told parse(String text) {
      String[] words = text.split(" ", 3);
      return new Told(UUID.fromString(words[0]), Long.parseLong(words[1]), words[2]);
    }

    @Override
    public String toString() {
      return database + " " + sequence + " " + name;
    }
  }

  /**
   * Reads what another process has described. Who had to say who it is keeps the rights that it
   * had: they are judged again soon.
   *
   * @param anybody whether clients need not say who they are here
   * @throws IllegalArgumentException if it does not describe a client
   */
  static MovedClient of(Message described, int descriptor, boolean anybody) {
    return new MovedClient(
        described,
        descriptor,
        session(described, anybody),
        described.texts(TOLD).stream().map(Told::parse).toList());
  }

  private static Session session(Message described, boolean anybody) {
    long now = System.currentTimeMillis();
    Optional<String> user = described.text(USER);
    boolean known = anybody || user.isPresent();
    Session session =
        new Session(
            described.number("id", 0),
            described.text("address").orElse(""),
            known ? described.number("since", now) : now); // it has some time to say who it is
    session.protocol = (int) described.number("protocol", 2);
    session.name = described.text("name").orElse("");
    session.libraryName = described.text("library-name").orElse("");
    session.libraryVersion = described.text("library-version").orElse("");
    session.mostAge = described.number("most-age", 0);
    if (anybody) {
      session.admit(Optional.empty(), Rights.ALL);
    } else if (user.isPresent()) {
      boolean everything = described.number(EVERYTHING, 0) == YES;
      session.admit(
          user, everything ? Rights.ALL : Rights.of(new HashSet<>(described.texts(DATABASE))));
    }
    session.selected = described.text(SELECTED);
    session.channels.addAll(described.all(CHANNEL));
    described.all(PATTERN).forEach(each -> session.patterns.add(new Glob(each)));
    return session;
  }
}
