package dev.quicksilver.gateway.sequence;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Against texts that PostgreSQL 18 wrote; {@code PublishTest} asks one that runs. */
final class PostgresTextTest {
  @Test
  void oneDigitIsEnoughForTheSmallest() {
    assertThat(PostgresText.float8(Double.MIN_VALUE)).isEqualTo("5e-324");
    assertThat(PostgresText.float8(-2E-323)).isEqualTo("-2e-323");
    assertThat(PostgresText.float4(Float.MIN_VALUE)).isEqualTo("1e-45");
    assertThat(PostgresText.float4(-2.8E-45f)).isEqualTo("-3e-45");
  }

  @Test
  void aHalfwayPointIsNotWritten() {
    assertThat(PostgresText.float8(1e23)).isEqualTo("9.999999999999999e+22");
    assertThat(PostgresText.float8(Math.nextUp(1e23))).isEqualTo("1.0000000000000001e+23");
    assertThat(PostgresText.float8(0x1p54 - 2)).isEqualTo("1.8014398509481982e+16");
    assertThat(PostgresText.float4(0x1p26f + 16)).isEqualTo("6.710888e+07");
  }

  @Test
  void zerosAndWhatIsNoNumber() {
    assertThat(PostgresText.float8(0)).isEqualTo("0");
    assertThat(PostgresText.float8(-0.0)).isEqualTo("-0");
    assertThat(PostgresText.float4(-0.0f)).isEqualTo("-0");
    assertThat(PostgresText.float8(Double.NaN)).isEqualTo("NaN");
    assertThat(PostgresText.float4(Float.NEGATIVE_INFINITY)).isEqualTo("-Infinity");
    assertThat(PostgresText.float8(Double.POSITIVE_INFINITY)).isEqualTo("Infinity");
  }

  @Test
  void anExponentFromAPowerOfTenOnAndBelowOneTenThousandth() {
    assertThat(PostgresText.float8(123456789012345.0)).isEqualTo("123456789012345");
    assertThat(PostgresText.float8(1e15)).isEqualTo("1e+15");
    assertThat(PostgresText.float8(0.0001)).isEqualTo("0.0001");
    assertThat(PostgresText.float8(0.00001)).isEqualTo("1e-05");
    assertThat(PostgresText.float4(123456)).isEqualTo("123456");
    assertThat(PostgresText.float4(1234567)).isEqualTo("1.234567e+06");
    assertThat(PostgresText.float8(Double.MAX_VALUE)).isEqualTo("1.7976931348623157e+308");
    assertThat(PostgresText.float4(Float.MAX_VALUE)).isEqualTo("3.4028235e+38");
  }
}
