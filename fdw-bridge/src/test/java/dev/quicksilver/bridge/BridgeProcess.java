package dev.quicksilver.bridge;

import dev.quicksilver.bridge.evaluate.EvaluatorConfig;
import dev.quicksilver.fixtures.Await;
import dev.quicksilver.fixtures.JavaCommand;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** A bridge in a process of its own, to be ended in any way. */
final class BridgeProcess implements AutoCloseable {
  private final Process process;
  private final int port;

  private BridgeProcess(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  /** Arguments: data directory, the file that tells the port, any third starts the evaluator. */
  public static void main(String[] arguments) throws Exception {
    BridgeConfig config = TestReplica.config(Path.of(arguments[0]));
    EvaluatorConfig evaluator = config.evaluator();
    Bridge bridge =
        Bridge.start(
            arguments.length > 2
                ? config.withEvaluator(evaluator.withStart(EvaluatorConfig.Start.EAGER))
                : config);
    Runtime.getRuntime().addShutdownHook(new Thread(bridge::close, "stop"));
    Path told = Path.of(arguments[1] + ".partial");
    Files.writeString(told, Integer.toString(bridge.port()));
    Files.move(told, Path.of(arguments[1]));
    new CountDownLatch(1).await();
  }

  /** Starts one whose files for the evaluator are in a folder. */
  static BridgeProcess start(Path data, Path temporary) throws Exception {
    return start(data, temporary, "-Xmx256m");
  }

  /** The same with an option of the JVM. */
  static BridgeProcess start(Path data, Path temporary, String option) throws Exception {
    Path told = temporary.resolve("port");
    Process process =
        JavaCommand.process(
                BridgeProcess.class,
                List.of("-Djava.io.tmpdir=" + temporary, option),
                List.of(data.toString(), told.toString()))
            .redirectErrorStream(true)
            .redirectOutput(temporary.resolve("bridge.txt").toFile())
            .start();
    Await.until("the bridge listens", () -> Files.exists(told), there -> there);
    int port = Integer.parseInt(Files.readString(told));
    Files.delete(told);
    return new BridgeProcess(process, port);
  }

  int port() {
    return port;
  }

  Process process() {
    return process;
  }

  Connection connect() throws SQLException {
    return DriverManager.getConnection(
        "jdbc:postgresql://127.0.0.1:" + port + "/quicksilver?user=analyst");
  }

  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }
}
