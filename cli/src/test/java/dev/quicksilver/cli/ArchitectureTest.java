package dev.quicksilver.cli;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import dev.quicksilver.storage.lmdb.Durable;
import dev.quicksilver.storage.lmdb.ErrorCode;
import dev.quicksilver.storage.lmdb.FailPoint;
import dev.quicksilver.storage.lmdb.NativeLibraries;
import dev.quicksilver.storage.lmdb.OpenSnapshot;
import dev.quicksilver.storage.lmdb.ReaderProcess;
import dev.quicksilver.storage.lmdb.StorageException;
import dev.quicksilver.storage.lmdb.StorageOptions;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Dependencies point only as docs and folders say, and files stay small enough to read. */
final class ArchitectureTest {
  private static final String BASE = "dev.quicksilver.";
  private static final int LONGEST_FILE = 800;

  /** What each module may use besides itself, and why nothing else. */
  private static final Map<String, Set<String>> ALLOWED =
      Map.of(
          "storage", Set.of(),
          "tls", Set.of(),
          "replication", Set.of("storage", "tls"),
          "migrations", Set.of(),
          "gateway", Set.of("storage", "replication", "migrations"),
          "bridge", Set.of("storage", "edge", "tls", "postgres"),
          "edge", Set.of("storage", "tls"),
          "loader", Set.of("storage", "migrations"),
          "postgres", Set.of(),
          "fixtures", Set.of());

  private static final Map<String, String> LESSONS =
      Map.of(
          "storage",
          "storage is shared by everything and knows nothing of SQL, networks or nodes:"
              + " let the caller pass in what it needs",
          "tls",
          "TLS is for every listener, so it knows sockets and files and nothing that speaks over"
              + " them",
          "replication",
          "replication moves blocks between nodes: it sees databases only through storage's API",
          "migrations",
          "migrations only install SQL: take a JDBC URL, not another module's types",
          "gateway",
          "the gateway turns WAL into entries: what serves readers belongs to bridge, edge or cli",
          "bridge",
          "a bridge opens a replica's environment as a second process and needs storage, the"
              + " edge's users and its evaluator's PostgreSQL alone:"
              + " ask for state in the environment, not in a running node",
          "edge",
          "local readers must start in milliseconds: storage and TLS, no PostgreSQL, no"
              + " replication",
          "loader",
          "the loader writes to PostgreSQL and to storage, not through a running node",
          "postgres",
          "the embedded PostgreSQL is for everybody, so it can depend on nobody",
          "fixtures",
          "test fixtures are for the tests of everybody, so they can depend on nobody");

  /** What the lowest package of storage has for everybody. */
  private static final Class<?>[] FOR_ALL = {
    StorageException.class,
    ErrorCode.class,
    StorageOptions.class,
    OpenSnapshot.class,
    ReaderProcess.class,
    NativeLibraries.class,
    Durable.class,
    FailPoint.class
  };

  private static List<String> modules() {
    return List.of(
        "storage",
        "tls",
        "replication",
        "migrations",
        "gateway",
        "bridge",
        "edge",
        "loader",
        "postgres",
        "fixtures",
        "cli");
  }

  private static final List<JavaClasses> CLASSES = new ArrayList<>();

  @BeforeAll
  static void importClasses() {
    CLASSES.add(
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.quicksilver"));
  }

  @TestFactory
  Stream<DynamicTest> modulesUseOnlyWhatTheyMay() {
    return ALLOWED.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .map(module -> DynamicTest.dynamicTest(module.getKey(), () -> check(module)));
  }

  private static void check(Map.Entry<String, Set<String>> module) {
    String[] forbidden =
        modules().stream()
            .filter(other -> !other.equals(module.getKey()))
            .filter(other -> !module.getValue().contains(other))
            .map(other -> BASE + other + "..")
            .toArray(String[]::new);
    noClasses()
        .that()
        .resideInAPackage(BASE + module.getKey() + "..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(forbidden)
        .because(LESSONS.getOrDefault(module.getKey(), ""))
        .check(CLASSES.getFirst());
  }

  @Test
  void noModuleDependsOnItselfInACircle() {
    slices()
        .matching("dev.quicksilver.(*)..")
        .should()
        .beFreeOfCycles()
        .because("a module that can be understood alone is on no circle: pass a function instead")
        .check(CLASSES.getFirst());
  }

  @TestFactory
  Stream<DynamicTest> noPackageDependsOnItselfInACircle() {
    return modules().stream()
        .map(
            module ->
                DynamicTest.dynamicTest(
                    module,
                    () ->
                        slices()
                            .assignedFrom(new Packages(BASE + module))
                            .should()
                            .beFreeOfCycles()
                            .because(
                                "its packages point downward, as its package description says:"
                                    + " move what both need into the lower one, or pass a function")
                            .check(CLASSES.getFirst())));
  }

  /** Each package of a module is a slice. */
  private record Packages(String module) implements SliceAssignment {
    @Override
    public SliceIdentifier getIdentifierOf(JavaClass javaClass) {
      String name = javaClass.getPackageName();
      return name.equals(module) || name.startsWith(module + ".")
          ? SliceIdentifier.of(name)
          : SliceIdentifier.ignore();
    }

    @Override
    public String getDescription() {
      return "packages of " + module;
    }
  }

  @Test
  void productionUsesNoTestFixtures() {
    noClasses()
        .that()
        .resideOutsideOfPackages(BASE + "fixtures..", BASE + "benchmarks..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage(BASE + "fixtures..")
        .because(
            "fixtures do not ship; only tests and benchmarks may use them: move what production"
                + " needs into a module of its own, as embedded-postgres is")
        .check(CLASSES.getFirst());
  }

  @Test
  void storageKnowsNoSqlAndNoNetwork() {
    noClasses()
        .that()
        .resideInAPackage(BASE + "storage..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("java.sql..", "java.net..", "org.postgresql..", "io.netty..")
        .because("storage is opened by processes that have neither; put it into the caller")
        .check(CLASSES.getFirst());
  }

  /** What else is public there is so for storage's other packages. */
  @Test
  void onlyStorageTouchesItsEnvironments() {
    noClasses()
        .that()
        .resideOutsideOfPackages(BASE + "storage..", BASE + "benchmarks..")
        .should()
        .dependOnClassesThat(
            resideInAPackage(BASE + "storage.lmdb..").and(not(belongToAnyOf(FOR_ALL))))
        .because(
            "an environment, its pages and its transactions are storage's own: use Database,"
                + " Snapshot and what they return")
        .check(CLASSES.getFirst());
  }

  /** The digits of the default locale need not be ASCII ones. */
  @Test
  void whatIsFormattedHasAsciiDigits() {
    noClasses()
        .should()
        .callMethod(String.class, "format", String.class, Object[].class)
        .orShould()
        .callMethod(PrintStream.class, "printf", String.class, Object[].class)
        .orShould()
        .callMethod(PrintWriter.class, "printf", String.class, Object[].class)
        .because(
            "machines read it: give Locale.ROOT to format or printf; String.formatted is for texts"
                + " without numbers")
        .check(CLASSES.getFirst());
  }

  @Test
  void filesAreShortEnoughToRead() throws IOException {
    List<Path> sources =
        Checkout.files().stream().filter(file -> file.toString().endsWith(".java")).toList();
    assertThat(sources).hasSizeGreaterThan(20);
    assertThat(sources)
        .allSatisfy(
            file ->
                assertThat(Files.readAllLines(file))
                    .as("%s: a file over %d lines holds two ideas: split it", file, LONGEST_FILE)
                    .hasSizeLessThanOrEqualTo(LONGEST_FILE));
  }
}
