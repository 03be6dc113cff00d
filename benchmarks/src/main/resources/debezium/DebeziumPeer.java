import io.debezium.embedded.Connect;
import io.debezium.engine.ChangeEvent;
import io.debezium.engine.DebeziumEngine;
import java.io.StringReader;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.connect.source.SourceRecord;

/**
 * The Debezium embedded engine with a consumer that drops what it gets. Takes how many events there
 * are and the engine's properties; prints the events per second from the first one to the last.
 */
public final class DebeziumPeer {
  private static long first;
  private static long last;
  private static long seen;

  private DebeziumPeer() {}

  public static void main(String[] arguments) throws Exception {
    long events = Long.parseLong(arguments[0]);
    Properties properties = new Properties();
    properties.load(new StringReader(arguments[1]));
    CountDownLatch done = new CountDownLatch(1);
    DebeziumEngine<ChangeEvent<SourceRecord, SourceRecord>> engine =
        DebeziumEngine.create(Connect.class)
            .using(properties)
            .using(
                (success, message, error) -> {
                  if (!success) {
                    System.err.println(message + " " + error);
                  }
                  done.countDown();
                })
            .notifying(
                (records, committer) -> {
                  if (seen == 0) {
                    first = System.nanoTime();
                  }
                  seen += records.size();
                  committer.markBatchFinished();
                  if (seen >= events) {
                    last = System.nanoTime();
                    done.countDown();
                  }
                })
            .build();
    try (ExecutorService executor = Executors.newSingleThreadExecutor()) {
      executor.execute(engine);
      if (!done.await(5, TimeUnit.MINUTES) || seen != events) {
        System.err.println("got " + seen + " events, not " + events);
        System.exit(1);
      }
      System.out.println(events * 1e9 / (last - first));
      System.out.flush();
      System.exit(0);
    }
  }
}
