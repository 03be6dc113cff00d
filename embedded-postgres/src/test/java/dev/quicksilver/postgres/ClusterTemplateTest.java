package dev.quicksilver.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CyclicBarrier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ClusterTemplateTest {
  @TempDir Path scratch;

  @Test
  void severalThatStartAtOnceShareOneTemplate() throws Exception {
    Initdb initdb = initdb("evaluator");
    Privileges privileges = Privileges.detect();
    List<CompletableFuture<Path>> copies = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Path copy = scratch.resolve("copy" + i);
      copies.add(
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  ClusterTemplate.copy(cache(), initdb, copy, privileges);
                  return copy;
                } catch (IOException | InterruptedException e) {
                  throw new IllegalStateException(e);
                }
              },
              task -> Thread.ofPlatform().start(task)));
    }
    for (CompletableFuture<Path> copy : copies) {
      Path data = copy.join();
      assertThat(data.resolve("global/pg_control")).isRegularFile();
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data)))
          .isEqualTo("rwx------");
    }
    assertThat(names()).singleElement().asString().startsWith("cluster-");
  }

  @Test
  void eachNameOfASuperuserHasATemplateOfItsOwn() {
    assertThat(initdb("one").fingerprint()).isNotEqualTo(initdb("other").fingerprint());
  }

  @Test
  void aHalfMadeOneIsNeverUsedAndIsRemovedOnceNobodyCanBeMakingIt() throws Exception {
    Path cut = scratch.resolve("cache/unfinished-1");
    Files.createDirectories(cut.resolve("data/global"));
    Files.writeString(cut.resolve("data/global/pg_control"), "half");
    SharedDirectories now = cache();
    Path made = now.obtain("cluster-a", "proof", ClusterTemplateTest::prove);
    assertThat(made.resolve("proof")).hasContent("whole");
    assertThat(cut).exists();

    InstantSource later = () -> Instant.now().plus(Duration.ofHours(2));
    new SharedDirectories(now.cache(), later)
        .obtain("cluster-b", "proof", ClusterTemplateTest::prove);

    assertThat(names()).containsExactly("cluster-a", "cluster-b");
  }

  @Test
  void oneThatFailsLeavesNothing() throws Exception {
    assertThatThrownBy(
            () ->
                cache()
                    .obtain(
                        "cluster-a",
                        "proof",
                        directory -> {
                          prove(directory);
                          throw new IOException("no space left");
                        }))
        .hasMessage("no space left");
    assertThat(names()).isEmpty();
  }

  @Test
  void theFirstOfTwoMakersWinsAndTheOtherUsesItsWork() throws Exception {
    CyclicBarrier bothMade = new CyclicBarrier(2);
    SharedDirectories.Maker maker =
        directory -> {
          prove(directory);
          try {
            bothMade.await();
          } catch (Exception e) {
            throw new IOException(e);
          }
        };
    CompletableFuture<Path> other =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return cache().obtain("cluster-a", "proof", maker);
              } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(e);
              }
            },
            task -> Thread.ofPlatform().start(task));
    Path mine = cache().obtain("cluster-a", "proof", maker);
    assertThat(other.join()).isEqualTo(mine);
    assertThat(names()).containsExactly("cluster-a");
  }

  @Test
  void aCacheThatCannotHoldOneOnlyCostsTime() throws Exception {
    Path file = Files.createFile(scratch.resolve("file"));
    PostgresPrograms programs = programs();
    try (EmbeddedPostgres postgres =
        EmbeddedPostgres.builder()
            .installed(programs.home())
            .programs(file)
            .unixSocketOnly()
            .withoutDurability()
            .start()) {
      assertThat(postgres.isRunning()).isTrue();
    }
  }

  private static void prove(Path directory) throws IOException {
    Files.writeString(directory.resolve("proof"), "whole");
  }

  private SharedDirectories cache() {
    return new SharedDirectories(scratch.resolve("cache"));
  }

  private List<String> names() throws IOException {
    try (Stream<Path> all = Files.list(scratch.resolve("cache"))) {
      return all.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  private static PostgresPrograms programs() throws InterruptedException {
    return ProgramArchive.unpack(PostgresPrograms.defaultCache());
  }

  private static Initdb initdb(String superuser) {
    try {
      return new Initdb(programs(), superuser, Optional.empty(), true);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
