package dev.quicksilver.replication;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

final class FrameInputTest {
  private static FrameInput input(byte[] bytes) {
    return new FrameInput(new ByteArrayInputStream(bytes));
  }

  @Test
  void recognisesAForeignProtocol() {
    byte[] http = "GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    assertThatThrownBy(() -> input(http).readMagic())
        .isInstanceOf(ProtocolException.class)
        .hasMessageContaining("replication protocol");
  }

  @Test
  void allocatesNothingForALengthOverTheBound() {
    byte[] huge = ByteBuffer.allocate(5).putInt(Integer.MAX_VALUE).put((byte) 5).array();
    assertThatThrownBy(() -> input(huge).read())
        .isInstanceOf(ProtocolException.class)
        .hasMessageContaining("2147483647")
        .hasMessageContaining("4096");
    byte[] negative = ByteBuffer.allocate(5).putInt(-1).put((byte) 5).array();
    assertThatThrownBy(() -> input(negative).read()).hasMessageContaining("4294967295");
  }

  @Test
  void tellsAnEndBetweenFramesFromDamage() {
    assertThatThrownBy(() -> input(new byte[0]).read()).isInstanceOf(EOFException.class);
  }

  @Test
  void aHelloOfAnotherVersionIsRecognisedWhateverFollows() {
    byte[] payload = ByteBuffer.allocate(9).putShort((short) 7).putShort((short) 9).array();
    assertThatThrownBy(() -> MessageCodec.decode(MessageCodec.CLIENT_HELLO, payload))
        .isInstanceOf(VersionException.class)
        .hasMessageContaining("7 to 9")
        .hasMessageContaining(ProtocolVersions.SUPPORTED.toString());
  }

  @Test
  void aRefusalOfAnUnknownCodeKeepsItsMessage() throws IOException {
    byte[] payload =
        new WireWriter()
            .u16(999)
            .i64(1)
            .i64(2)
            .hash(Protocol.NO_HASH)
            .text("new reason", Protocol.MAX_MESSAGE)
            .toBytes();
    assertThat(MessageCodec.decode(MessageCodec.REFUSAL, payload))
        .isInstanceOfSatisfying(
            Refusal.class,
            refusal -> {
              assertThat(refusal.code()).isEqualTo(RefusalCode.INTERNAL);
              assertThat(refusal.message()).contains("999").contains("new reason");
            });
  }

  @Test
  void textsThatAreTooLongAreCutAtACharacter() throws IOException {
    WireWriter writer = new WireWriter().text("ä".repeat(200));
    assertThat(new WireReader(writer.toBytes()).text()).isEqualTo("ä".repeat(127));
  }
}
