package dev.quicksilver.cli.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.cli.process.Health.Standing;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Live, ready and fresh are three things. */
final class HealthTest {
  private static final Standing NEAR = standing(OptionalLong.of(1000));
  private static final Standing FAR = standing(OptionalLong.of(1001));
  private static final Standing UNKNOWN = standing(OptionalLong.empty());

  private final Map<String, Duration> silences = new TreeMap<>();
  private final Map<String, Standing> databases = new TreeMap<>();
  private final Health health =
      new Health(
          new Health.Bounds(Duration.ofSeconds(60), Duration.ofSeconds(1)),
          new Health.Source(() -> silences, () -> databases));

  @AfterEach
  void close() {
    health.close();
  }

  private static Standing standing(OptionalLong age) {
    return new Standing(age, Optional.empty());
  }

  @Test
  void isLiveWhileNoWorkerHangs() {
    databases.put("dns", FAR);
    assertThat(health.live().holds()).isTrue();
    silences.put("following dns", Duration.ofSeconds(60));
    assertThat(health.live().holds()).isTrue();
    silences.put("sequencing", Duration.ofMillis(60_001));
    assertThat(health.live().why()).contains("60 s").contains("sequencing");
  }

  @Test
  void isReadyOnceAllDatabasesHaveBeenNearTheRoot() {
    assertThat(health.ready().why()).contains("no database is here yet");
    databases.put("catalog", NEAR);
    databases.put("dns", UNKNOWN);
    assertThat(health.ready().why()).contains("dns").contains("not known");
    databases.put("dns", FAR);
    assertThat(health.ready().why()).contains("dns may be 1001 ms behind");
    databases.put("dns", NEAR);
    assertThat(health.ready().holds()).isTrue();
  }

  @Test
  void staysReadyWhenTheRootFallsSilentAndIsFreshNoLonger() {
    databases.put("dns", NEAR);
    assertThat(health.ready().holds()).isTrue();
    assertThat(health.fresh().holds()).isTrue();
    databases.put("dns", FAR);
    databases.put("new", UNKNOWN);
    assertThat(health.ready().holds()).isTrue();
    assertThat(health.fresh().why()).contains("dns may be 1001 ms behind");
    assertThat(health.fresh(Duration.ofSeconds(2)).why()).contains("new");
    databases.remove("new");
    assertThat(health.fresh(Duration.ofSeconds(2)).holds()).isTrue();
  }

  @Test
  void isNotReadyWhileADatabaseIsNotServed() {
    databases.put("dns", NEAR);
    databases.put("tls", NEAR);
    assertThat(health.ready().holds()).isTrue();
    databases.put("tls", new Standing(OptionalLong.of(1), Optional.of("it is withheld")));
    assertThat(health.ready().why()).isEqualTo("tls is not served: it is withheld");
    databases.put("tls", NEAR);
    assertThat(health.ready().holds()).isTrue();
  }

  @Test
  void whatCannotBeAskedForIsNotReadyAndLiveAllTheSame() {
    try (Health broken =
        new Health(
            new Health.Bounds(Duration.ofSeconds(60), Duration.ofSeconds(1)),
            new Health.Source(
                () -> silences,
                () -> {
                  throw new IllegalStateException("no reader slot is free");
                }))) {
      assertThat(broken.live().holds()).isTrue();
      assertThat(broken.ready().why()).contains("no reader slot is free");
      assertThat(broken.fresh().holds()).isFalse();
      assertThat(broken.report().ready().holds()).isFalse();
    }
  }
}
