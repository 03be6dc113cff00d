package dev.quicksilver.cli.process;

import static java.nio.charset.StandardCharsets.UTF_8;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.encoder.EncoderBase;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.TreeMap;

/**
 * A line of the log as one JSON object: {@code timestamp} (UTC, ISO 8601), on a node {@code node}
 * and {@code role}, {@code level}, {@code logger}, {@code thread}, {@code message} as a reader
 * would see it, and {@code exception} with the stack trace if there is one. Logback's own encoder
 * keeps the template and its arguments apart, and nobody can search for that.
 */
final class JsonLines extends EncoderBase<ILoggingEvent> {
  private static final ObjectMapper MAPPER = JsonMapper.builder().build();

  private final Map<String, String> who;

  /**
   * Makes one.
   *
   * @param who fields that each line has, after the time
   */
  JsonLines(Map<String, String> who) {
    this.who = new TreeMap<>(who);
  }

  @Override
  public byte[] headerBytes() {
    return new byte[0];
  }

  @Override
  public byte[] encode(ILoggingEvent event) {
    ObjectNode line = MAPPER.createObjectNode();
    line.put("timestamp", event.getInstant().toString());
    who.forEach(line::put);
    line.put("level", event.getLevel().toString());
    line.put("logger", event.getLoggerName());
    line.put("thread", event.getThreadName());
    line.put("message", event.getFormattedMessage());
    if (event.getThrowableProxy() != null) {
      line.put("exception", ThrowableProxyUtil.asString(event.getThrowableProxy()));
    }
    try {
      return (MAPPER.writeValueAsString(line) + "\n").getBytes(UTF_8);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e); // a tree of strings is always JSON
    }
  }

  @Override
  public byte[] footerBytes() {
    return new byte[0];
  }
}
