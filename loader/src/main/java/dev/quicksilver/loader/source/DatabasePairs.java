package dev.quicksilver.loader.source;

import dev.quicksilver.loader.map.Mapping;
import dev.quicksilver.loader.write.TsvText;
import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.Direction;
import dev.quicksilver.storage.KeyRange;
import dev.quicksilver.storage.Scan;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.lmdb.StorageOptions;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * The pairs of a database of Quicksilver in the order of their keys, as rows of columns {@code key}
 * and {@code value}; in one snapshot, which the reading keeps.
 *
 * @param environment the folder of its environment: of a snapshot, or of a node's data directory
 * @param name what it is called in messages
 */
public record DatabasePairs(Path environment, String name) implements Source {
  @Override
  public String identity() {
    return "quicksilver:" + environment.toAbsolutePath().normalize();
  }

  @Override
  public InputStream open() throws IOException {
    try {
      return new Pairs(Database.openReadOnly(environment, StorageOptions.DEFAULT));
    } catch (StorageException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  @Override
  public long size() {
    return -1;
  }

  private static final class Pairs extends RowsStream {
    private static final int PIECE = 1 << 15;

    private final Database database;
    private final Snapshot snapshot;
    private final Scan scan;
    private final boolean textKey;
    private final boolean textValue;

    /** How much of the pair's value is written, if its key is. */
    private int at;

    private boolean inValue;

    Pairs(Database database) {
      this.database = database;
      textKey = isText(database.identity().keyType());
      textValue = isText(database.identity().valueType());
      try {
        snapshot = database.snapshot();
        scan = snapshot.scan(KeyRange.ALL, Direction.FORWARD);
      } catch (StorageException e) {
        database.close();
        throw e;
      }
      first().writeBytes("key\tvalue\n".getBytes(StandardCharsets.US_ASCII));
    }

    private static boolean isText(String type) {
      return Mapping.Type.ofReplicated(type) != Mapping.Type.BYTEA;
    }

    @Override
    boolean more(ByteArrayOutputStream to) throws IOException {
      try {
        if (!inValue) {
          if (!scan.next()) {
            return false;
          }
          TsvText.column(to, textKey, scan.keyBuffer(), 0, scan.keyLength());
          to.write('\t');
          inValue = true;
          at = 0;
        }
        int length = Math.min(PIECE, scan.valueLength() - at);
        TsvText.column(to, textValue, scan.valueBuffer(), scan.valueOffset() + at, length);
        at += length;
        if (at == scan.valueLength()) {
          to.write('\n');
          inValue = false;
        }
        return true;
      } catch (StorageException e) {
        throw new IOException(e.getMessage(), e);
      }
    }

    @Override
    public void close() {
      scan.close();
      snapshot.close();
      database.close();
    }
  }
}
