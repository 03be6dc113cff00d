package dev.quicksilver.ops;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativePartsTest {
  private static final FileTime TIME = FileTime.fromMillis(1_767_225_600_000L);

  @TempDir private Path folder;

  @Test
  void partsForOtherMachinesAreLeftOut() throws IOException {
    boolean intel = System.getProperty("os.arch").equals("amd64");
    Path copy =
        copied(
            "org/example/Loader.class",
            "native/Linux/x86_64/libexample.so",
            "native/Linux/x86_64-musl/libexample.so",
            "native/Linux/aarch64/libexample.so",
            "native/Windows/x86_64/example.dll",
            "so.txt");
    assertThat(names(copy))
        .containsExactly(
            "org/example/Loader.class",
            intel ? "native/Linux/x86_64/libexample.so" : "native/Linux/aarch64/libexample.so",
            "so.txt");
  }

  @Test
  void aJarForOtherMachinesOnlyIsLeftOutAsAWhole() throws IOException {
    assertThat(copied("META-INF/MANIFEST.MF", "native/Windows/x86_64/example.dll")).doesNotExist();
  }

  @Test
  void codeThatWouldMissItsNativePartsIsNotPacked() {
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> copied("org/example/Loader.class", "native/tru64/libexample.so"))
        .withMessageContaining("example.jar has native parts, and none for this machine");
  }

  @Test
  void whatHasNoneIsCopiedToTheByte() throws IOException {
    Path copy = copied("org/example/Plain.class");
    assertThat(copy).hasSameBinaryContentAs(folder.resolve("example.jar"));
  }

  private Path copied(String... entries) throws IOException {
    Path jar = folder.resolve("example.jar");
    try (ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(jar))) {
      for (String entry : entries) {
        out.putNextEntry(new ZipEntry(entry));
        out.write(entry.getBytes(UTF_8));
        out.closeEntry();
      }
    }
    Path copy = folder.resolve("copy.jar");
    NativeParts.ofThisMachine().copy(jar, copy, TIME);
    return copy;
  }

  private static List<String> names(Path jar) throws IOException {
    try (ZipFile zip = new ZipFile(jar.toFile())) {
      return zip.stream().map(ZipEntry::getName).toList();
    }
  }
}
