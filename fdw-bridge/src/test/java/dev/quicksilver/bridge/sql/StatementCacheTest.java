package dev.quicksilver.bridge.sql;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class StatementCacheTest {
  @Test
  void knowsATextThatIsUsedAmongOthers() {
    var cache = new StatementCache(64 * 1000);
    var fetch = cache.split("FETCH 1000 FROM c1");
    for (int i = 0; i < 10_000; i++) {
      cache.split("SELECT key, value FROM dns WHERE key = 'k" + i + "'");
      assertThat(cache.split("FETCH 1000 FROM c1")).isSameAs(fetch);
    }
    assertThat(cache.size()).isBetween(2, 40);
  }

  @Test
  void readsATextAsTheParserDoes() {
    var cache = new StatementCache(64 * 1000);
    for (String text :
        new String[] {"", "SELECT 1; SELECT 2", "nonsense '", "x".repeat(5000), "COMMIT"}) {
      assertThat(cache.split(text)).isEqualTo(Script.split(text));
      assertThat(cache.split(text)).isEqualTo(Script.split(text));
    }
  }
}
