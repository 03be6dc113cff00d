package dev.quicksilver.benchmarks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import redis.clients.jedis.Connection;
import redis.clients.jedis.DefaultJedisClientConfig;
import redis.clients.jedis.HostAndPort;
import redis.clients.jedis.RedisProtocol;
import redis.clients.jedis.commands.ProtocolCommand;
import redis.clients.jedis.exceptions.JedisDataException;

/** Jedis, which waits for each answer. */
record JedisClient() implements RespClient {
  @Override
  public String name() {
    return "Jedis";
  }

  @Override
  public List<RespAnswer> run(int port, int protocol, List<RespStep> steps) {
    List<RespAnswer> answers = new ArrayList<>();
    try (var connection =
        new Connection(
            new HostAndPort("127.0.0.1", port),
            DefaultJedisClientConfig.builder()
                .protocol(protocol == 3 ? RedisProtocol.RESP3 : RedisProtocol.RESP2)
                .socketTimeoutMillis(30_000)
                .build())) {
      connection.connect();
      for (RespStep step : steps) {
        byte[][] arguments = step.words().stream().skip(1).toArray(byte[][]::new);
        try {
          connection.sendCommand(new Word(step.words().getFirst()), arguments);
          answers.add(RespAnswer.of(connection.getOne()));
        } catch (JedisDataException e) {
          answers.add(RespAnswer.of(e));
        }
      }
    }
    return answers;
  }

  /** A command that Jedis need not know. */
  private record Word(byte[] bytes) implements ProtocolCommand {
    @Override
    public byte[] getRaw() {
      return bytes;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Word word && Arrays.equals(bytes, word.bytes);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(bytes);
    }
  }
}
