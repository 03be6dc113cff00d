package dev.quicksilver.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.quicksilver.storage.LocalDisk.Verdict;
import dev.quicksilver.storage.MountTable.Mount;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.StorageException;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

class LocalDiskTest {
  private static final MountTable TABLE =
      MountTable.parse(
          """
          22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
          30 22 0:25 / /srv rw,relatime shared:7 master:3 - nfs4 10.0.0.9:/export rw,vers=4.2
          31 30 254:1 / /srv/local rw,relatime shared:8 - xfs /dev/vdb rw
          32 22 0:26 / /mnt/a\\040b\\134c rw - fuse.sshfs me@host:/some\\040where rw
          33 22 0:27 / /twice rw - tmpfs none rw
          34 33 0:28 / /twice rw - overlay overlay rw,lowerdir=/l,upperdir=/u
          this is no line of a mount
          """);

  private static Mount of(String path) {
    return TABLE.of(Path.of(path)).orElseThrow();
  }

  @Test
  void findsTheNearestMountAndTheLastOfSeveralAtOnePoint() {
    assertThat(of("/var/lib/quicksilver")).isEqualTo(new Mount(Path.of("/"), "ext4", "/dev/vda"));
    assertThat(of("/srv")).isEqualTo(new Mount(Path.of("/srv"), "nfs4", "10.0.0.9:/export"));
    assertThat(of("/srv/data").type()).isEqualTo("nfs4");
    assertThat(of("/srv/local/data").type()).isEqualTo("xfs");
    assertThat(of("/srvother").type()).isEqualTo("ext4");
    assertThat(of("/twice/data").type()).isEqualTo("overlay");
    assertThat(of("/mnt/a b\\c/data"))
        .isEqualTo(new Mount(Path.of("/mnt/a b\\c"), "fuse.sshfs", "me@host:/some where"));
    assertThat(MountTable.parse("").of(Path.of("/"))).isEmpty();
  }

  @TestFactory
  Stream<DynamicTest> judgesFileSystems() {
    return Stream.of(
            "GOOD ext4 xfs btrfs zfs tmpfs f2fs bcachefs",
            "WARNED_OF overlay aufs fuse fuseblk fuse.fuse-overlayfs fuse.grpcfuse virtiofs",
            "REFUSED nfs nfs4 cifs smb3 9p afs ceph lustre fuse.sshfs fuse.s3fs fuse.glusterfs")
        .flatMap(
            line -> {
              String[] words = line.split(" ", -1);
              return Stream.of(words)
                  .skip(1)
                  .map(
                      type ->
                          DynamicTest.dynamicTest(
                              type,
                              () ->
                                  assertThat(LocalDisk.verdict(type))
                                      .isEqualTo(Verdict.valueOf(words[0]))));
            });
  }

  @Test
  void saysWhatIsWrongWhereAndTheCure() {
    Path data = Path.of("/srv/data");
    assertThatExceptionOfType(StorageException.class)
        .isThrownBy(() -> LocalDisk.requireNotRefused(data, of("/srv/data")))
        .withMessageContainingAll(
            "/srv/data lies on nfs4 (10.0.0.9:/export, mounted at /srv)",
            "move data.directory to a local file system")
        .satisfies(e -> assertThat(e.code()).isEqualTo(ErrorCode.UNSUPPORTED));
    assertThatCode(() -> LocalDisk.requireNotRefused(data, of("/twice")))
        .doesNotThrowAnyException();
    assertThat(LocalDisk.warning(data, of("/twice"))).contains("layer of a container", "volume");
    assertThat(LocalDisk.warning(data, new Mount(data, "virtiofs", "host")))
        .contains("virtiofs (host, mounted at /srv/data)", "memory of several processes");
  }

  @Test
  void takesAFolderOfThisMachineThatIsNotThereYet(@TempDir Path folder) {
    assertThatCode(() -> LocalDisk.require(folder.resolve("not/there"))).doesNotThrowAnyException();
  }
}
