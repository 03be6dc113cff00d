package dev.quicksilver.benchmarks;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.output.CommandOutput;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.ProtocolKeyword;
import io.lettuce.core.protocol.ProtocolVersion;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Lettuce, which sends all commands at once and takes the answers as they come. */
record LettuceClient() implements RespClient {
  private static final int DEPTH = 100;

  @Override
  public String name() {
    return "Lettuce " + io.lettuce.core.LettuceVersion.getVersion();
  }

  @Override
  public List<RespAnswer> run(int port, int protocol, List<RespStep> steps) throws Exception {
    RedisClient client = RedisClient.create(RedisURI.create("127.0.0.1", port));
    client.setOptions(
        ClientOptions.builder()
            .protocolVersion(protocol == 3 ? ProtocolVersion.RESP3 : ProtocolVersion.RESP2)
            .autoReconnect(false)
            .build());
    try (StatefulRedisConnection<byte[], byte[]> connection =
        client.connect(ByteArrayCodec.INSTANCE)) {
      List<RespAnswer> answers = new ArrayList<>();
      for (int from = 0; from < steps.size(); from += DEPTH) {
        List<Future<RespAnswer>> sent = new ArrayList<>();
        for (RespStep step : steps.subList(from, Math.min(steps.size(), from + DEPTH))) {
          sent.add(send(connection, step));
        }
        for (Future<RespAnswer> one : sent) {
          answers.add(answer(one));
        }
      }
      return answers;
    } finally {
      client.shutdown(0, 1, TimeUnit.SECONDS);
    }
  }

  private static Future<RespAnswer> send(
      StatefulRedisConnection<byte[], byte[]> connection, RespStep step) {
    var arguments = new CommandArgs<>(ByteArrayCodec.INSTANCE);
    step.words().stream().skip(1).forEach(arguments::add);
    return connection.async().dispatch(new Word(step.words().getFirst()), new Tree(), arguments);
  }

  private static RespAnswer answer(Future<RespAnswer> sent) throws Exception {
    try {
      return sent.get(30, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RedisCommandExecutionException refused) {
        return RespAnswer.of(refused);
      }
      throw e;
    }
  }

  /** A command that Lettuce need not know. */
  private record Word(byte[] bytes) implements ProtocolKeyword {
    @Override
    public byte[] getBytes() {
      return bytes;
    }

    @Override
    public String toString() {
      return new String(bytes, ISO_8859_1);
    }
  }

  /** Keeps what Lettuce reads as it is. */
  private static final class Tree extends CommandOutput<byte[], byte[], RespAnswer> {
    /** A group that is not complete. */
    private record Open(String kind, int size, List<RespAnswer> parts) {}

    private final Deque<Open> open = new ArrayDeque<>();

    @SuppressWarnings("NullAway") // Lettuce's null says that there is no answer yet
    Tree() {
      super(ByteArrayCodec.INSTANCE, null);
    }

    private void add(RespAnswer answer) {
      RespAnswer done = answer;
      while (!open.isEmpty()) {
        Open last = open.getLast();
        last.parts.add(done);
        if (last.parts.size() < last.size) {
          return;
        }
        open.removeLast();
        done = new RespAnswer.Group(last.kind, last.parts);
      }
      output = done;
    }

    private void begin(String kind, int size) {
      if (size < 0) {
        add(new RespAnswer.None("nothing"));
      } else if (size == 0) {
        add(new RespAnswer.Group(kind, List.of()));
      } else {
        open.add(new Open(kind, size, new ArrayList<>()));
      }
    }

    private static RespAnswer text(String kind, @Nullable ByteBuffer bytes) {
      return bytes == null
          ? new RespAnswer.None("nothing")
          : new RespAnswer.Text(kind, ISO_8859_1.decode(bytes).toString());
    }

    @Override
    public void set(@Nullable ByteBuffer bytes) {
      add(text("text", bytes));
    }

    @Override
    public void setSingle(@Nullable ByteBuffer bytes) {
      add(text("simple", bytes));
    }

    @Override
    public void set(long number) {
      add(new RespAnswer.Int(number));
    }

    @Override
    public void set(double number) {
      add(new RespAnswer.Text("double", Double.toString(number)));
    }

    @Override
    public void set(boolean yes) {
      add(new RespAnswer.Text("boolean", Boolean.toString(yes)));
    }

    @Override
    public void multi(int size) {
      begin("list", size);
    }

    @Override
    public void multiArray(int size) {
      begin("array", size);
    }

    @Override
    public void multiPush(int size) {
      begin("push", size);
    }

    @Override
    public void multiMap(int pairs) {
      begin("map", 2 * pairs);
    }

    @Override
    public void multiSet(int size) {
      begin("set", size);
    }
  }
}
