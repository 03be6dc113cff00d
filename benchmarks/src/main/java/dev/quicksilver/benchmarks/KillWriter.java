package dev.quicksilver.benchmarks;

import dev.quicksilver.storage.Database;
import dev.quicksilver.storage.Snapshot;
import dev.quicksilver.storage.record.Pair;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Writes random transactions into table {@code kv} and knows what each must leave behind. Key
 * {@code ~transaction} holds the number of the last transaction.
 */
final class KillWriter {
  private static final String COUNTER = "~transaction";
  private static final byte[] COUNTER_KEY = COUNTER.getBytes(StandardCharsets.UTF_8);

  private final Random random;
  private final Model model = new Model();
  private final List<String> keys = new ArrayList<>();
  private final Map<Long, BigInteger> sums = new ConcurrentHashMap<>();
  private volatile long changes;
  private volatile long transactions;

  KillWriter(long seed) {
    this.random = new Random(seed);
    sums.put(0L, BigInteger.ZERO);
  }

  long changes() {
    return changes;
  }

  long transactions() {
    return transactions;
  }

  /** Writes at least so many changes, and on until told to stop. */
  void write(Connection connection, int atLeast, BooleanSupplier goOn)
      throws SQLException, InterruptedException {
    connection.setAutoCommit(false);
    try (PreparedStatement insert =
            connection.prepareStatement("INSERT INTO kv (key, value) VALUES (?, ?)");
        PreparedStatement update =
            connection.prepareStatement("UPDATE kv SET value = ? WHERE key = ?");
        PreparedStatement rename =
            connection.prepareStatement("UPDATE kv SET key = ? WHERE key = ?");
        PreparedStatement delete = connection.prepareStatement("DELETE FROM kv WHERE key = ?");
        PreparedStatement count =
            connection.prepareStatement(
                "INSERT INTO kv (key, value) VALUES ('"
                    + COUNTER
                    + "', ?)"
                    + " ON CONFLICT (key) DO UPDATE SET value = excluded.value")) {
      while (changes < atLeast || goOn.getAsBoolean()) {
        // Sizes from 1 to 500, small ones often: the logarithm is uniform.
        int size = (int) Math.ceil(Math.exp(random.nextDouble() * Math.log(500)));
        for (int i = 0; i < size; i++) {
          change(insert, update, rename, delete);
        }
        long number = transactions + 1;
        count.setString(1, Long.toString(number));
        count.executeUpdate();
        model.set(COUNTER, Long.toString(number));
        sums.put(number, model.sum());
        connection.commit();
        transactions = number;
        changes = changes() + size;
        TimeUnit.MILLISECONDS.sleep(random.nextInt(60));
      }
    }
  }

  private void change(
      PreparedStatement insert,
      PreparedStatement update,
      PreparedStatement rename,
      PreparedStatement delete)
      throws SQLException {
    int kind = keys.size() < 50 ? 0 : random.nextInt(keys.size() > 3_000 ? 4 : 5);
    switch (kind) {
      case 1 -> {
        String key = keys.get(random.nextInt(keys.size()));
        String value = value();
        update.setString(1, value);
        update.setString(2, key);
        expectOne(update);
        model.set(key, value);
      }
      case 2 -> {
        int at = random.nextInt(keys.size());
        String from = keys.get(at);
        String to = key();
        rename.setString(1, to);
        rename.setString(2, from);
        expectOne(rename);
        model.set(to, model.pairs().getOrDefault(from, ""));
        model.remove(from);
        keys.set(at, to);
      }
      case 3 -> {
        int at = random.nextInt(keys.size());
        String key = keys.get(at);
        delete.setString(1, key);
        expectOne(delete);
        model.remove(key);
        keys.set(at, keys.getLast());
        keys.removeLast();
      }
      default -> {
        String key = key();
        String value = value();
        insert.setString(1, key);
        insert.setString(2, value);
        expectOne(insert);
        model.set(key, value);
        keys.add(key);
      }
    }
  }

  private static void expectOne(PreparedStatement statement) throws SQLException {
    int rows = statement.executeUpdate();
    if (rows != 1) {
      throw new AssertionError(statement + " changed " + rows + " rows");
    }
  }

  private String key() {
    return "key/" + Long.toHexString(random.nextLong());
  }

  /** Mostly short, some empty, a few too large for a page (those go through TOAST and chunks). */
  private String value() {
    int length =
        switch (random.nextInt(40)) {
          case 0 -> 0;
          case 1 -> 3_000 + random.nextInt(20_000);
          default -> random.nextInt(200);
        };
    StringBuilder value = new StringBuilder(length);
    while (value.length() < length) {
      value.append(Long.toString(random.nextLong(), 36));
    }
    value.setLength(length);
    return value.toString();
  }

  /** Returns the number of the last transaction that a database shows; 0 before the first. */
  long transactionIn(Database database) {
    try (Snapshot snapshot = database.snapshot()) {
      return transactionIn(snapshot);
    }
  }

  private static long transactionIn(Snapshot snapshot) {
    Pair counter = snapshot.get(COUNTER_KEY);
    return counter == null
        ? 0
        : Long.parseLong(new String(counter.value(), StandardCharsets.UTF_8));
  }

  /**
   * Looks at a database again and again; fails if it ever holds anything but what one transaction
   * left behind, or an older one than before.
   *
   * @return how many times it looked at another transaction
   */
  long watch(Database database, BooleanSupplier goOn) {
    long looks = 0;
    long last = -1;
    while (goOn.getAsBoolean()) {
      try (Snapshot snapshot = database.snapshot()) {
        long number = transactionIn(snapshot);
        if (number == last) {
          TimeUnit.MILLISECONDS.sleep(1);
          continue;
        }
        if (number < last) {
          throw new AssertionError("transaction " + number + " was seen after " + last);
        }
        if (!Model.sum(snapshot).equals(sums.get(number))) {
          throw new AssertionError(
              database + " holds something else than transaction " + number + " left behind");
        }
        last = number;
        looks++;
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
    return looks;
  }
}
