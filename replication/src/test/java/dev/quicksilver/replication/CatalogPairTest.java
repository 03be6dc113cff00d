package dev.quicksilver.replication;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.storage.record.DatabaseIdentity;
import java.io.IOException;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class CatalogPairTest {
  private static final UUID ID = UUID.fromString("00000000-0000-0000-0000-00000000002a");

  private static DatabaseIdentity decode(String name, String json) throws IOException {
    return CatalogPair.decode(name.getBytes(UTF_8), json.getBytes(UTF_8)).identity();
  }

  @Test
  void readsWhatItNeedsAndSkipsTheRest() throws IOException {
    assertThat(
            decode(
                "dns",
                "{\"id\":\""
                    + ID
                    + "\",\"key_type\":\"text\",\"value_type\":\"jsonb\",\"table\":\"public.dns\","
                    + "\"relation\":16403,\"later\":{\"id\":[1]}}"))
        .isEqualTo(new DatabaseIdentity(ID, "dns", "text", "jsonb"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{",
        "{}",
        "{\"id\":\"x\",\"key_type\":\"text\",\"value_type\":\"text\"}",
        "{\"id\":7,\"key_type\":\"text\",\"value_type\":\"text\"}",
        "{\"id\":\"00000000-0000-0000-0000-00000000002a\",\"key_type\":\"text\"}",
        "{\"id\":\"00000000-0000-0000-0000-00000000002a\",\"key_type\":\"text\","
            + "\"value_type\":\"text\"} x",
        "{\"id\":\"00000000-0000-0000-0000-00000000002a\",\"id\":\"\",\"key_type\":\"text\","
            + "\"value_type\":\"text\"}"
      })
  void refusesAnEntryThatIsNotOne(String json) {
    assertThatThrownBy(() -> decode("dns", json))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("\"dns\"");
  }

  @Test
  void aKeyWithAColonIsOfNoDatabase() {
    assertThat(CatalogPair.isOfDatabase("dns".getBytes(UTF_8))).isTrue();
    assertThat(CatalogPair.isOfDatabase("Größe".getBytes(UTF_8))).isTrue();
    assertThat(CatalogPair.isOfDatabase("role:dns".getBytes(UTF_8))).isFalse();
    assertThat(CatalogPair.isOfDatabase("later:".getBytes(UTF_8))).isFalse();
  }

  @Test
  void refusesANameThatIsNotOne() {
    assertThatThrownBy(
            () ->
                decode(
                    "../etc",
                    "{\"id\":\"" + ID + "\",\"key_type\":\"text\",\"value_type\":\"text\"}"))
        .isInstanceOf(IOException.class);
  }
}
