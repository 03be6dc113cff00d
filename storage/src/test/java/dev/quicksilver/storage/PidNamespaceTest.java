package dev.quicksilver.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PidNamespaceTest {
  private static final String HERE = "pid:[4026531836]\n2f7c\n";
  private static final String OTHER = "pid:[4026532184]\n2f7c\n";
  private static final String OTHER_BOOT_ID = "pid:[4026531836]\n9a01\n";

  @TempDir Path data;

  private void refused(String namespace) {
    assertThatExceptionOfType(StorageException.class)
        .isThrownBy(() -> PidNamespace.requireShared(data, namespace))
        .withMessageContainingAll(
            data.toString(), "pid:[4026531836] of boot 2f7c", "--pid=container:NODE", "socket")
        .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.UNSUPPORTED));
  }

  private void taken(String namespace) {
    assertThatCode(() -> PidNamespace.requireShared(data, namespace)).doesNotThrowAnyException();
  }

  @Test
  void refusesReadersOfAnotherNamespaceAsLongAsTheNodeRuns() {
    taken(OTHER);
    try (PidNamespace node = PidNamespace.claim(data, HERE)) {
      assertThat(node).isNotNull();
      refused(OTHER);
      taken(HERE);
      taken(OTHER_BOOT_ID); // in a container, beside a unit with a /proc of its own
      taken("");
    }
    taken(OTHER);
    try (PidNamespace node = PidNamespace.claim(data, OTHER)) {
      assertThat(node).isNotNull();
      taken(OTHER);
    }
  }

  @Test
  void aNodeThatCannotSayWhereItLivesRefusesNobody() {
    try (PidNamespace node = PidNamespace.claim(data, HERE)) {
      assertThat(node).isNotNull();
    }
    try (PidNamespace node = PidNamespace.claim(data, "")) {
      assertThat(node).isNotNull();
      taken(OTHER);
    }
  }

  @Test
  void readersBesideTheNodeAreTaken() {
    try (PidNamespace node = PidNamespace.claim(data)) {
      assertThat(node).isNotNull();
      assertThatCode(() -> new DatabaseDirectory(data).requireShareable())
          .doesNotThrowAnyException();
    }
  }
}
