package dev.quicksilver.replication;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quicksilver.storage.copy.SnapshotCopy;
import dev.quicksilver.storage.copy.VerifyProgress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class InstanceFileTest {
  @TempDir private Path folder;
  private Path machine;
  private Path data;
  private UUID id;

  @BeforeEach
  void make() throws IOException {
    machine = Files.writeString(folder.resolve("machine-id"), "3d1219c7c4c5404aaa1f6d2a48adfda4\n");
    data = Files.createDirectory(folder.resolve("data"));
    id = InstanceFile.open(data, machine);
  }

  /** As {@code cp -a} does: with the times of the original. */
  private Path copy(Path from, String to) throws IOException {
    Path copy = Files.createDirectory(folder.resolve(to));
    Files.copy(
        from.resolve(InstanceFile.NAME),
        copy.resolve(InstanceFile.NAME),
        StandardCopyOption.COPY_ATTRIBUTES);
    return copy;
  }

  private static String text(Path directory) throws IOException {
    return Files.readString(directory.resolve(InstanceFile.NAME));
  }

  @Test
  void staysWhenTheNodeIsStartedAgain() throws IOException {
    String text = text(data);
    assertThat(InstanceFile.open(data, machine)).isEqualTo(id);
    assertThat(text(data)).isEqualTo(text).doesNotContain("3d1219c7");
    assertThat(data).isDirectoryNotContaining(file -> !file.endsWith(InstanceFile.NAME));
  }

  @Test
  void isAnotherForEachDirectory() throws IOException {
    assertThat(InstanceFile.open(Files.createDirectory(folder.resolve("other")), machine))
        .isNotEqualTo(id);
  }

  @Test
  void staysWhenTheDirectoryIsRenamed() throws IOException {
    Path renamed = Files.move(data, folder.resolve("renamed"));
    assertThat(InstanceFile.open(renamed, machine)).isEqualTo(id);
    assertThat(text(renamed)).contains("renamed");
    Path link = Files.createSymbolicLink(folder.resolve("link"), renamed);
    assertThat(InstanceFile.open(link, machine)).isEqualTo(id);
  }

  @Test
  void staysWhenABackupTakesItsPlaceOrTheDirectoryMovesToAnotherDisk() throws IOException {
    Path backup = copy(data, "backup");
    Files.delete(data.resolve(InstanceFile.NAME));
    Files.copy(backup.resolve(InstanceFile.NAME), data.resolve(InstanceFile.NAME));
    assertThat(InstanceFile.open(data, machine)).isEqualTo(id);
    Path moved = copy(data, "moved");
    Files.delete(data.resolve(InstanceFile.NAME));
    assertThat(InstanceFile.open(moved, machine)).isEqualTo(id);
  }

  @Test
  void isAnotherForACopyOnTheSameMachine() throws IOException {
    Path copy = copy(data, "copy");
    UUID other = InstanceFile.open(copy, machine);
    assertThat(other).isNotEqualTo(id);
    assertThat(InstanceFile.open(copy, machine)).isEqualTo(other);
    assertThat(InstanceFile.open(data, machine)).isEqualTo(id);
  }

  @Test
  void isAnotherOnACopyOfTheMachine() throws IOException {
    Files.writeString(machine, "ffffffffffffffffffffffffffffffff\n");
    UUID other = InstanceFile.open(data, machine);
    assertThat(other).isNotEqualTo(id);
    assertThat(InstanceFile.open(data, machine)).isEqualTo(other);
  }

  @Test
  void staysOnAMachineWithoutAnIdOfItsOwn() throws IOException {
    Files.delete(machine);
    UUID other = InstanceFile.open(data, machine);
    assertThat(InstanceFile.open(data, machine)).isEqualTo(other);
  }

  @Test
  void isMadeAnewWhenTheFileIsGoneOrHoldsSomethingElse() throws IOException {
    Path file = data.resolve(InstanceFile.NAME);
    Files.delete(file);
    UUID second = InstanceFile.open(data, machine);
    assertThat(second).isNotEqualTo(id);
    for (byte[] content :
        new byte[][] {{}, {(byte) 0xC3, 0, 1}, "id=7\n".getBytes(), "id=\\u".getBytes()}) {
      Files.write(file, content);
      Files.setLastModifiedTime(file, FileTime.fromMillis(0));
      UUID next = InstanceFile.open(data, machine);
      assertThat(next).isNotEqualTo(second);
      assertThat(InstanceFile.open(data, machine)).isEqualTo(next);
    }
  }

  @Test
  void isNotInASnapshot() throws IOException {
    try (TestNode node = TestNode.root("root", data)) {
      Path snapshot = folder.resolve("snapshot");
      SnapshotCopy.copy(node.database(CatalogPair.CATALOG), snapshot, VerifyProgress.NONE);
      try (Stream<Path> files = Files.walk(snapshot)) {
        assertThat(files).isNotEmpty().noneMatch(file -> file.endsWith(InstanceFile.NAME));
      }
    }
  }

  @Test
  void saysWhatIsWrongWhenItCannotBeWritten() throws IOException {
    Files.delete(data.resolve(InstanceFile.NAME));
    Files.createDirectories(data.resolve(InstanceFile.NAME + ".next/occupied"));
    assertThatThrownBy(() -> InstanceFile.open(data, machine))
        .isInstanceOf(ReplicationException.class)
        .hasMessageContaining(data.resolve(InstanceFile.NAME).toString())
        .hasMessageContaining("right to read and write");
  }
}
