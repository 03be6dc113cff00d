package example;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.quicksilver.edge.ChangeListener;
import dev.quicksilver.edge.EdgeReader;
import dev.quicksilver.edge.Subscription;
import dev.quicksilver.storage.log.LogEntry;
import dev.quicksilver.storage.record.PairBuffer;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Redirects DATA-DIRECTORY DATABASE KEY: looks a key up, lists its neighbours, tells of changes.
 */
public final class Redirects {
  public static void main(String[] arguments) throws InterruptedException {
    Path data = Path.of(arguments[0]); // data.directory of the node
    byte[] key = arguments[2].getBytes(UTF_8);
    try (EdgeReader reader = EdgeReader.open(data, arguments[1])) { // one for the whole program

      // A look-up, as in a request's path. Keep one buffer a thread and use it again.
      PairBuffer into = new PairBuffer();
      if (reader.get(key, key.length, into)) {
        System.out.println(
            arguments[2]
                + " = "
                + new String(into.valueBuffer(), into.valueOffset(), into.valueLength(), UTF_8));
      } else {
        System.out.println(arguments[2] + " is not there");
      }

      // All keys with a prefix, of one commit. false would end the scan.
      long pairs =
          reader.scan(
              key,
              pair -> {
                System.out.println(new String(pair.key(), UTF_8));
                return true;
              });
      System.out.println(pairs + " keys begin so");

      // Every change from now on, once and in order.
      long now = reader.head().lastSequence();
      try (Subscription changes = reader.listen(now, new Printing())) {
        reader.awaitSequence(now + 1, Duration.ofSeconds(10));
        while (changes.isActive() && changes.told() < reader.head().lastSequence()) {
          Thread.sleep(1);
        }
      }
      System.out.println("age: " + reader.age().map(Duration::toString).orElse("not known"));
    }
  }

  private static final class Printing implements ChangeListener {
    @Override
    public void changed(LogEntry entry) {
      System.out.println(
          entry.sequence() + " " + entry.operation() + " " + new String(entry.key(), UTF_8));
    }

    @Override
    public long gap(long oldest, long last) {
      System.out.println("read all anew: the log begins at " + oldest);
      return last;
    }
  }
}
