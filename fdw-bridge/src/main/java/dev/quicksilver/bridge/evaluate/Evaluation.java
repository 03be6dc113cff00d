package dev.quicksilver.bridge.evaluate;

import dev.quicksilver.bridge.evaluate.Link.Message;
import dev.quicksilver.bridge.sql.PgException;
import dev.quicksilver.bridge.sql.SqlState;
import dev.quicksilver.bridge.wire.MessageWriter;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * One session's connection to the evaluator, opened when it is first needed. What the session did
 * before (settings, the beginning of its transaction) is replayed then. Belongs to the session's
 * thread; {@link #cancel} is safe for all.
 */
public final class Evaluation implements AutoCloseable {
  private final Host host;
  private final MessageWriter out;
  private volatile @Nullable Link link;
  private char status = 'I';
  private boolean unsynced;

  /** What an evaluation needs of its session. */
  public interface Host {
    /** Opens a connection; only called when there is none. */
    Connector connector();

    /** In which the session's texts are encoded, as it agreed with the evaluator. */
    Charset charset();

    /** Sends what the writer holds. */
    void flush();

    /** Called now and then while the evaluator works; asks it to stop if it has to. */
    void waiting() throws IOException;

    /** A reported parameter has a new value; the client is told in any case. */
    void parameter(String name, String value);

    /** The next message of a COPY from the client; empty if none comes in a while. */
    Optional<CopyMessage> copyMessage() throws IOException;
  }

  /** A message of COPY FROM STDIN. */
  public record CopyMessage(char type, byte[] body) {
    /** One that ends it with SQLSTATE 57014. */
    public static CopyMessage fail(String reason) {
      return new CopyMessage('f', (reason + '\0').getBytes(StandardCharsets.UTF_8));
    }
  }

  /** Opens connections of one user. */
  public interface Connector {
    /** Opens one, starting the evaluator if need be. */
    Opened open(Waiter waiter) throws IOException;
  }

  /** Called while nothing comes. */
  public interface Waiter {
    /** Throws to give up. */
    void waiting() throws IOException;
  }

  /** A connection that is ready; opaque outside this package. */
  public static final class Opened {
    private final Link link;

    Opened(Link link) {
      this.link = link;
    }
  }

  /** Results go to the writer. */
  public Evaluation(Host host, MessageWriter out) {
    this.host = host;
    this.out = out;
  }

  /** Whether there is a connection. */
  public boolean isOpen() {
    return link != null;
  }

  /** Whether the evaluator is within a transaction block, failed or not. */
  public boolean inBlock() {
    return status != 'I';
  }

  /** I, T or E, as the evaluator said last. */
  public char status() {
    return status;
  }

  /** Whether messages were forwarded since the last {@link #sync}. */
  public boolean isUnsynced() {
    return unsynced;
  }

  /**
   * Connects if need be, and brings the evaluator where the session is.
   *
   * @param backlog statements to run first, none of whose results anybody sees
   */
  public void join(List<String> backlog) {
    guarded(
        () -> {
          if (link == null) {
            link = host.connector().open(host::waiting).link;
            status = 'I';
            unsynced = false;
          }
          if (!backlog.isEmpty()) {
            open().send(query(String.join(";\n", backlog)));
            finish(0, Show.NOTHING, UnaryOperator.identity());
          }
        });
  }

  private Message query(String sql) {
    return Message.query(sql, host.charset());
  }

  private Link open() {
    Link current = link;
    if (current == null) {
      throw new IllegalStateException("the evaluator is not connected");
    }
    return current;
  }

  private interface Step {
    void run() throws IOException;
  }

  /** Runs a step; a connection on which it fails is not used again. */
  private void guarded(Step step) {
    try {
      step.run();
    } catch (Link.Refused e) {
      drop();
      throw PgException.of(
          SqlState.CANNOT_CONNECT_NOW,
          "the evaluator refused the session: " + e.message().state() + " " + e.getMessage(),
          e);
    } catch (IOException e) {
      drop();
      throw PgException.of(
              SqlState.SYSTEM_ERROR, "the evaluator ended the session: " + e.getMessage(), e)
          .hint("Try again: it is started anew. What the session held in it is gone.");
    }
  }

  /** Leaves a connection that ended while nobody used it: the next {@link #join} opens another. */
  public void leaveIfEnded() {
    Link current = link;
    if (current != null && !inBlock() && !unsynced && current.ended()) {
      drop();
    }
  }

  private void drop() {
    Link dropped = link;
    link = null;
    status = 'I';
    unsynced = false;
    if (dropped != null) {
      dropped.close();
    }
  }

  /** Which of the evaluator's messages the client gets. */
  private enum Show {
    /** All but ReadyForQuery. */
    ALL,
    /** The same without the description of columns. */
    ROWS,
    /** Completion, notices and parameters. */
    COMPLETION,
    /** Only errors. */
    NOTHING;

    boolean shows(char type) {
      return switch (this) {
        case ALL -> true;
        case ROWS -> type != 'T';
        case COMPLETION -> type == 'C' || type == 'N' || type == 'S' || type == 'A';
        case NOTHING -> false;
      };
    }
  }

  /**
   * Runs a statement, or several, by the simple protocol; the client gets all that comes back but
   * the last message.
   *
   * @param offset characters before the statement in what the client sent
   * @param described whether the client knows the columns already
   * @throws RelayedError after an error, which the client has then
   */
  public void query(String sql, int offset, boolean described, UnaryOperator<ServerError> errors) {
    guarded(
        () -> {
          open().send(query(sql));
          finish(offset, described ? Show.ROWS : Show.ALL, translated(errors));
        });
  }

  /** Runs a statement without rows; the client gets its completion. */
  public void command(String sql) {
    guarded(
        () -> {
          open().send(query(sql));
          finish(0, Show.COMPLETION, UnaryOperator.identity());
        });
  }

  /** Runs a query of one row for the session itself. */
  public List<Optional<String>> row(String sql) {
    List<Optional<String>> values = new ArrayList<>();
    guarded(
        () -> {
          Link current = open();
          current.send(query(sql));
          for (char type = current.next(); type != 'Z'; type = current.next()) {
            if (type == 'D') {
              DataRow.read(current.body(), values);
            } else {
              current.skip();
            }
          }
          status = (char) current.body()[0];
        });
    return values;
  }

  /** An error before the client gets it: its SQLSTATE, and what may be put in its place. */
  public record ServerError(String state, String message, String hint) {}

  private static UnaryOperator<ServerMessage> translated(UnaryOperator<ServerError> errors) {
    return message -> {
      var before =
          new ServerError(message.state(), message.text(), message.fields().getOrDefault('H', ""));
      ServerError after = errors.apply(before);
      return after.equals(before)
          ? message
          : message.with(Map.of('C', after.state(), 'M', after.message(), 'H', after.hint()));
    };
  }

  /** Relays until the evaluator is ready for the next query. */
  private void finish(int offset, Show show, UnaryOperator<ServerMessage> errors)
      throws IOException {
    RelayedError failure = null;
    while (true) {
      char type = relay(show, message -> errors.apply(message.moved(offset)));
      if (type == 'E') {
        failure = failed;
      } else if (type == 'Z') {
        break;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  private RelayedError failed = new RelayedError(new ServerMessage(Map.of()));

  /** Reads one message, and hands it on if the client is to see it. Returns its type. */
  private char relay(Show show, UnaryOperator<ServerMessage> errors) throws IOException {
    Link current = open();
    char type = current.next();
    switch (type) {
      case 'E' -> {
        ServerMessage message = errors.apply(ServerMessage.parse(current.body(), host.charset()));
        message.write('E', out);
        failed = new RelayedError(message);
        if (message.fatal()) {
          drop();
          throw failed;
        }
      }
      case 'Z' -> {
        status = (char) current.body()[0];
      }
      case 'S' -> parameter(current.body(), show.shows(type));
      case 'G' -> {
        current.pass(out, host::flush);
        host.flush();
        copyIn(current);
      }
      default -> {
        if (show.shows(type)) {
          current.pass(out, host::flush);
        } else {
          current.skip();
        }
      }
    }
    return type;
  }

  private void parameter(byte[] body, boolean shown) {
    String name = open().noteParameter(body);
    String value = open().parameters().getOrDefault(name, "");
    host.parameter(name, value);
    if (shown) {
      out.begin('S', body.length);
      out.framed(body, 0, body.length);
    }
  }

  /**
   * Hands on what the client copies, until that ends or the evaluator takes no more; what the
   * client goes on to send then is dropped, as PostgreSQL does.
   */
  private void copyIn(Link current) throws IOException {
    boolean done = false;
    while (!done && current.peek() != 'E') {
      CopyMessage message = host.copyMessage().orElse(null);
      if (message != null && message.type() == 'd') {
        current.send(new Message(message.type(), message.body()));
      } else if (message != null && message.type() != 'H' && message.type() != 'S') {
        current.send(new Message(message.type(), message.body()), Message.FLUSH);
        done = true;
      }
    }
  }

  /**
   * Hands a message of the extended protocol on, and its answer back.
   *
   * @return the type of the message that ended the answer
   * @throws RelayedError after an error, which the client has then; {@link #sync} comes next
   */
  public char forward(char type, byte[] body, boolean shown, UnaryOperator<ServerError> errors) {
    char[] last = new char[1];
    guarded(
        () -> {
          unsynced = true;
          open().send(new Message(type, body), Message.FLUSH);
          do {
            last[0] = relay(shown ? Show.ALL : Show.NOTHING, translated(errors));
            if (last[0] == 'E') {
              throw failed;
            }
          } while (!ends(type, last[0]));
        });
    return last[0];
  }

  private static boolean ends(char request, char answer) {
    return switch (request) {
      case 'P' -> answer == '1';
      case 'B' -> answer == '2';
      case 'C' -> answer == '3';
      case 'D' -> answer == 'T' || answer == 'n';
      default -> answer == 'C' || answer == 'I' || answer == 's';
    };
  }

  /** Ends a series of {@link #forward}; nothing of it is shown but errors and notices. */
  public void sync() {
    guarded(
        () -> {
          open().send(Message.SYNC);
          unsynced = false;
          finish(0, Show.COMPLETION, UnaryOperator.identity());
        });
  }

  /** Ends a series of {@link #forward} as an error does; nothing of it is shown. */
  public void abort() {
    guarded(
        () -> {
          Link current = open();
          byte[] noPortal = "quicksilver/none\0\0\0\0\0".getBytes(StandardCharsets.UTF_8);
          current.send(new Message('E', noPortal), Message.SYNC);
          char type = current.next();
          while (type != 'Z') {
            if (type == 'S') {
              parameter(current.body(), true);
            } else {
              current.skip();
            }
            type = current.next();
          }
          status = (char) current.body()[0];
          unsynced = false;
        });
  }

  /** Bytes that the session's temporary tables have on disk, by and large. */
  public long temporaryTables() {
    Link current = link;
    return current == null ? 0 : new TemporaryTables(current.pid()).bytes();
  }

  /** Asks the evaluator to stop the running statement, if there is one. Safe for all threads. */
  public void cancel() {
    Link current = link;
    if (current != null) {
      try {
        current.cancel();
      } catch (IOException e) {
        current.close(); // then its reader ends
      }
    }
  }

  /** Leaves the evaluator, which forgets the session. */
  @Override
  public void close() {
    drop();
  }
}
