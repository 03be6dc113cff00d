package dev.quicksilver.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.ConfigurationException;
import dev.quicksilver.cli.config.Role;
import dev.quicksilver.cli.config.Settings;
import dev.quicksilver.cli.doctor.DiskCheck.Largest;
import dev.quicksilver.cli.doctor.Finding.Level;
import dev.quicksilver.cli.doctor.MemoryCheck.Memory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How checks are run, and what those judge that ask the kernel, on what it might have said. */
final class ExaminationTest {
  private static final long MIB = 1 << 20;

  private static final String LIMITS =
      """
      Limit                     Soft Limit           Hard Limit           Units
      Max cpu time              unlimited            unlimited            seconds
      Max file size             unlimited            unlimited            bytes
      Max processes             15000                15000                processes
      Max open files            1024                 524288               files
      Max address space         unlimited            unlimited            bytes
      """;

  @TempDir private Path system;

  private static Configuration configuration(Map<String, String> settings) {
    return Configuration.load(
        Optional.empty(),
        Map.of(),
        settings.entrySet().stream()
            .collect(
                Collectors.toMap(
                    e -> Settings.find(e.getKey()).orElseThrow(), Map.Entry::getValue)));
  }

  private Context context(Role role, Map<String, String> settings) {
    return new Context(role, configuration(settings), system);
  }

  private void write(String path, String text) throws Exception {
    Path file = system.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private static Finding only(List<Finding> findings) {
    assertThat(findings).hasSize(1);
    return findings.getFirst();
  }

  /** A check that a test makes up. */
  private record MadeUp(String name, Work work) implements Check {
    @FunctionalInterface
    interface Work {
      List<Finding> run() throws Exception;
    }

    @Override
    public List<Finding> run(Context context) throws Exception {
      return work.run();
    }
  }

  @Test
  void aCheckThatFailsOrHangsIsAFindingAndKeepsNoOther() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    List<Finding> findings =
        Examination.run(
            List.of(
                new MadeUp(
                    "fails",
                    () -> {
                      throw new IllegalStateException("broken");
                    }),
                new MadeUp(
                    "refuses",
                    () -> {
                      throw new ConfigurationException("a.toml:3: it is odd: make it even");
                    }),
                new MadeUp(
                    "hangs",
                    () -> {
                      never.await();
                      return List.of();
                    }),
                new MadeUp("works", () -> List.of(Finding.ok("works", "well")))),
            context(Role.REPLICA, Map.of()),
            Duration.ofMillis(500));
    assertThat(findings)
        .extracting(Finding::check)
        .containsExactly("fails", "refuses", "hangs", "works");
    assertThat(findings)
        .extracting(Finding::level)
        .containsExactly(Level.ERROR, Level.ERROR, Level.ERROR, Level.OK);
    assertThat(findings.get(0).what()).contains("IllegalStateException: broken");
    assertThat(findings.get(1).what()).isEqualTo("a.toml:3: it is odd");
    assertThat(findings.get(1).cure()).isEqualTo("make it even");
    assertThat(findings.get(2).what()).contains("did not end");
  }

  @Test
  void judgesTheFileSystem() throws Exception {
    Path data = system.resolve("data");
    Context context = context(Role.REPLICA, Map.of("data.directory", data.toString()));
    String line = "30 22 0:25 / / rw,relatime shared:7 - %s source rw\n";
    write("proc/self/mountinfo", line.replace("%s", "nfs4"));
    Finding network = only(new FileSystemCheck().run(context));
    assertThat(network.level()).isEqualTo(Level.ERROR);
    assertThat(network.what()).contains("nfs4");
    assertThat(network.cure()).startsWith("move data.directory to a local file system");
    write("proc/self/mountinfo", line.replace("%s", "overlay"));
    Finding layer = only(new FileSystemCheck().run(context));
    assertThat(layer.level()).isEqualTo(Level.WARNING);
    assertThat(layer.cure()).startsWith("mount a volume");
    write("proc/self/mountinfo", line.replace("%s", "ext4"));
    assertThat(only(new FileSystemCheck().run(context)).level()).isEqualTo(Level.OK);
  }

  @Test
  void judgesLimits() throws Exception {
    write("proc/self/limits", LIMITS);
    Context replica = context(Role.REPLICA, Map.of("data.directory", system + "/data"));
    assertThat(only(new LimitsCheck().run(replica)).level()).isEqualTo(Level.OK);

    write("proc/self/limits", LIMITS.replace("524288 ", "4096   "));
    Finding few = only(new LimitsCheck().run(replica));
    assertThat(few.level()).isEqualTo(Level.WARNING);
    assertThat(few.cure()).contains("LimitNOFILE=65536");
    Context serve =
        context(
            Role.SERVE,
            Map.of("data.directory", system + "/data", "resp.max-connections", "100000"));
    Finding tooFew = only(new LimitsCheck().run(serve));
    assertThat(tooFew.level()).isEqualTo(Level.ERROR);
    assertThat(tooFew.what()).contains("4096", "101024");
    assertThat(tooFew.cure()).contains("LimitNOFILE=101024");

    String narrow =
        LIMITS.replace(
            "Max address space         unlimited ", "Max address space         8589934592");
    write("proc/self/limits", narrow);
    Finding space = only(new LimitsCheck().run(replica));
    assertThat(space.what()).contains("Max address space", "8192 MiB", "262144");
    assertThat(space.cure()).contains("LimitAS=infinity");
    Context small =
        context(Role.REPLICA, Map.of("data.directory", system + "/data", "data.map-size", "4096"));
    assertThat(only(new LimitsCheck().run(small)).level()).isEqualTo(Level.OK);

    write(
        "proc/self/limits",
        LIMITS.replace("15000                15000", "100                  100"));
    assertThat(only(new LimitsCheck().run(replica)).cure()).contains("LimitNPROC");
  }

  @Test
  void judgesMemoryOfTheMachineAndOfTheContainer() throws Exception {
    Context serve = context(Role.SERVE, Map.of("data.directory", system + "/data"));
    write("proc/meminfo", "MemTotal:       16000000 kB\nMemAvailable:    8000000 kB\n");
    assertThat(only(new MemoryCheck().run(serve)).level()).isEqualTo(Level.OK);

    write("proc/self/cgroup", "0::/system.slice/quicksilver.service\n");
    write("sys/fs/cgroup/system.slice/memory.max", "268435456\n");
    write("sys/fs/cgroup/system.slice/quicksilver.service/memory.max", "max\n");
    Finding container = only(new MemoryCheck().run(serve));
    assertThat(container.level()).isEqualTo(Level.ERROR);
    assertThat(container.what()).contains("256 MiB");
    assertThat(container.cure()).contains("-Xmx64m");

    Configuration configuration = serve.configuration();
    assertThat(
            only(MemoryCheck.judge(new Memory(8000, 100), Role.SERVE, configuration, false))
                .level())
        .isEqualTo(Level.WARNING);
    assertThat(
            only(MemoryCheck.judge(new Memory(8000, 100), Role.SERVE, configuration, true)).level())
        .isEqualTo(Level.OK);
    assertThat(
            only(MemoryCheck.judge(new Memory(2000, 2000), Role.BRIDGE, configuration, false))
                .cure())
        .contains("bridge.evaluator.statements");
  }

  @Test
  void judgesTheRoomOfDatabases() {
    Path data = Path.of("data");
    long map = 4096 * MIB;
    assertThat(only(DiskCheck.judge(data, 9000 * MIB, map, Optional.empty())).level())
        .isEqualTo(Level.OK);
    assertThat(only(DiskCheck.judge(data, 100 * MIB, map, Optional.empty())).level())
        .isEqualTo(Level.ERROR);
    assertThat(only(DiskCheck.judge(data, 1000 * MIB, map, Optional.empty())).level())
        .isEqualTo(Level.WARNING);
    Finding full =
        only(DiskCheck.judge(data, 9000 * MIB, map, Optional.of(new Largest("dns", 3900 * MIB))));
    assertThat(full.level()).isEqualTo(Level.ERROR);
    assertThat(full.cure()).contains("data.map-size to 8192");
    Finding twice =
        only(DiskCheck.judge(data, 2100 * MIB, map, Optional.of(new Largest("dns", 3000 * MIB))));
    assertThat(twice.level()).isEqualTo(Level.WARNING);
    assertThat(twice.what()).contains("no room to copy it anew");
  }
}
