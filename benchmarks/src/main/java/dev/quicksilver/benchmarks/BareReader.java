package dev.quicksilver.benchmarks;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.postgresql.PGConnection;
import org.postgresql.PGProperty;
import org.postgresql.replication.LogSequenceNumber;
import org.postgresql.replication.PGReplicationStream;

/** A peer of the gateway: the driver's stream with the same options, decoded and dropped. */
final class BareReader {
  private long rows;
  private long bytes;
  private long end;

  private BareReader() {}

  /** Reads so many transactions of a slot, and confirms none; returns the last one's end LSN. */
  static long read(String url, String slot, long transactions, long rows)
      throws SQLException, IOException {
    Properties properties = new Properties();
    PGProperty.ASSUME_MIN_SERVER_VERSION.set(properties, "15");
    PGProperty.REPLICATION.set(properties, "database");
    PGProperty.PREFER_QUERY_MODE.set(properties, "simple");
    BareReader reader = new BareReader();
    try (Connection connection = DriverManager.getConnection(url, properties)) {
      PGReplicationStream stream =
          connection
              .unwrap(PGConnection.class)
              .getReplicationAPI()
              .replicationStream()
              .logical()
              .withSlotName(slot)
              .withStartPosition(LogSequenceNumber.INVALID_LSN)
              .withStatusInterval(100, TimeUnit.MILLISECONDS)
              .withAutomaticFlush(false)
              .withSlotOption("proto_version", 1)
              .withSlotOption("publication_names", "\"quicksilver\"")
              .withSlotOption("binary", true)
              .start();
      for (long left = transactions; left > 0; ) {
        if (reader.decode(stream.read())) {
          left--;
        }
      }
      // A stream that is closed in order reads what is still on its way; this one is cut.
      connection.abort(Runnable::run);
    }
    if (reader.rows != rows || reader.bytes < rows) {
      throw new AssertionError("the bare reader got " + reader.rows + " rows, not " + rows);
    }
    return reader.end;
  }

  /** Returns true if the message ends a transaction. */
  private boolean decode(ByteBuffer message) throws IOException {
    switch (message.get()) {
      case 'C' -> {
        message.get();
        message.getLong();
        end = message.getLong();
        return true;
      }
      case 'I' -> {
        message.getInt();
        message.get();
        int columns = message.getShort();
        for (int i = 0; i < columns; i++) {
          byte kind = message.get();
          if (kind == 'b' || kind == 't') {
            int length = message.getInt();
            bytes += length;
            message.position(message.position() + length);
          }
        }
        rows++;
      }
      case 'B', 'R' -> {
        // Nothing to count.
      }
      default -> throw new IOException("a message that this stream does not have");
    }
    return false;
  }
}
