package dev.quicksilver.benchmarks;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.github.luben.zstd.ZstdOutputStream;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;

/**
 * Data that people use: what Debian's apt knows of packages, Unicode's table of characters, the
 * public suffix list, and the two dumps and the snapshots that Kyoto Cabinet's programs make of the
 * first two. Not thread-safe.
 */
final class RealSources {
  private static final Path UNICODE = Path.of("/usr/share/unicode/UnicodeData.txt");
  private static final Path SUFFIXES = Path.of("/usr/share/publicsuffix/public_suffix_list.dat");
  private static final String SECTION = "// ===BEGIN ";
  private static final HexFormat HEX = HexFormat.of();

  /** Packages of a quick run. */
  private static final int FEW = 3_000;

  private final Path folder;
  private final boolean quick;
  private final List<RealSource> all = new ArrayList<>();

  private RealSources(Path folder, boolean quick) {
    this.folder = folder;
    this.quick = quick;
  }

  /** A package's paragraph. */
  private record Stanza(String key, Map<String, String> fields) {}

  /**
   * Makes the files in a folder, and installs what is missing for it.
   *
   * @param quick whether a few of Debian's packages do, and a hash table is left out
   */
  static List<RealSource> make(Path folder, boolean quick) throws Exception {
    SystemPackages.attempt(
        () -> {
          for (Path file : List.of(UNICODE, SUFFIXES)) {
            if (!Files.isReadable(file)) {
              throw new IOException("there is no " + file);
            }
          }
          return SystemPackages.run(List.of("kctreemgr", "version"));
        },
        "kyotocabinet-utils",
        "publicsuffix",
        "unicode-data");
    var sources = new RealSources(folder, quick);
    sources.packages();
    sources.suffixes();
    sources.characters();
    return sources.all;
  }

  /** Runs a program in the folder; what it prints goes to a file there. */
  static Path run(Path folder, String output, String... command)
      throws IOException, InterruptedException {
    Path to = folder.resolve(output);
    Path errors = folder.resolve("errors");
    Process process =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectOutput(to.toFile())
            .redirectError(errors.toFile())
            .start();
    if (process.waitFor() != 0) {
      throw new IOException(String.join(" ", command) + " failed: " + Files.readString(errors));
    }
    return to;
  }

  private Path run(String output, String... command) throws IOException, InterruptedException {
    return run(folder, output, command);
  }

  private void packages() throws Exception {
    List<Stanza> stanzas = stanzas();
    if (stanzas.isEmpty()) {
      SystemPackages.run(List.of("apt-get", "update"));
      stanzas = stanzas();
    }
    if (stanzas.isEmpty()) {
      throw new IOException("apt knows no packages: run apt-get update");
    }
    Path file = folder.resolve("packages.jsonl.zst");
    var wanted = new RealSource.Wanted(true);
    var mapper = new ObjectMapper();
    try (OutputStream out = new ZstdOutputStream(Files.newOutputStream(file))) {
      for (Stanza stanza : stanzas) {
        out.write(mapper.writeValueAsBytes(stanza.fields()));
        out.write('\n');
        wanted.add(stanza.key(), stanza.fields());
      }
    }
    all.add(
        new RealSource(
            "packages",
            "text",
            "jsonb",
            file,
            List.of("--key={Package}/{Version}/{Architecture}", "--value={*}"),
            wanted));
    sums(stanzas);
  }

  /** Paragraphs of RFC 822's kind: a field's text goes on in lines that begin with a blank. */
  private List<Stanza> stanzas() throws Exception {
    int most = quick ? FEW : Integer.MAX_VALUE;
    List<Stanza> stanzas = new ArrayList<>();
    Map<String, String> fields = new LinkedHashMap<>();
    String last = "";
    try (BufferedReader lines =
        Files.newBufferedReader(run("packages", "apt-cache", "dumpavail"))) {
      for (String line = lines.readLine();
          line != null && stanzas.size() < most;
          line = lines.readLine()) {
        if (line.isBlank()) {
          if (!fields.isEmpty()) {
            stanzas.add(stanza(fields));
            fields = new LinkedHashMap<>();
          }
        } else if (Character.isWhitespace(line.charAt(0))) {
          fields.merge(last, "\n" + line.substring(1), String::concat);
        } else {
          int colon = line.indexOf(':');
          last = line.substring(0, colon);
          fields.put(last, line.substring(colon + 1).strip());
        }
      }
    }
    if (!fields.isEmpty() && stanzas.size() < most) {
      stanzas.add(stanza(fields));
    }
    return stanzas;
  }

  private static Stanza stanza(Map<String, String> fields) {
    String key =
        fields.get("Package") + "/" + fields.get("Version") + "/" + fields.get("Architecture");
    return new Stanza(key, fields);
  }

  /** Bytes that are no text: each package's check sum, out of a tree and out of a hash table. */
  private void sums(List<Stanza> stanzas) throws Exception {
    var wanted = new RealSource.Wanted(false);
    Path pairs = folder.resolve("sums.hex");
    Map<String, String> once = new LinkedHashMap<>();
    for (Stanza stanza : stanzas) {
      once.putIfAbsent(stanza.key(), stanza.fields().getOrDefault("SHA256", ""));
    }
    try (BufferedWriter out = Files.newBufferedWriter(pairs)) {
      for (Map.Entry<String, String> sum : once.entrySet()) {
        byte[] key = sum.getKey().getBytes(StandardCharsets.UTF_8);
        out.write(HEX.formatHex(key) + "\t" + sum.getValue() + "\n");
        wanted.add(key, HEX.parseHex(sum.getValue()));
      }
    }
    run("output", "kctreemgr", "import", "-sx", "sums.kct", pairs.toString());
    run("output", "kctreemgr", "dump", "sums.kct", "sums.kcss");
    Path list = run("sums.kyoto-hex", "kctreemgr", "list", "-pv", "-px", "sums.kct");
    bytes("sums_listed", list, wanted);
    bytes("sums_dumped", folder.resolve("sums.kcss"), wanted);
    if (!quick) {
      bytes("sums_of_hashes", ofHashes(pairs), wanted);
    }
  }

  /** The same out of a hash table, packed with gzip. */
  private Path ofHashes(Path pairs) throws Exception {
    run("output", "kchashmgr", "import", "-sx", "sums.kch", pairs.toString());
    Path dump = run("hashes.kcss", "kchashmgr", "dump", "sums.kch");
    Path packed = folder.resolve("hashes.kcss.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(packed))) {
      Files.copy(dump, out);
    }
    return packed;
  }

  private void bytes(String database, Path file, RealSource.Wanted wanted) {
    all.add(new RealSource(database, "bytea", "bytea", file, List.of(), wanted));
  }

  /** {@code rule,section,line} with quotes around them, and a header. */
  private void suffixes() throws IOException {
    Path file = folder.resolve("suffixes.csv.gz");
    var wanted = new RealSource.Wanted(false);
    int number = 0;
    String section = "";
    try (var out =
            new OutputStreamWriter(
                new GZIPOutputStream(Files.newOutputStream(file)), StandardCharsets.UTF_8);
        BufferedReader lines = Files.newBufferedReader(SUFFIXES)) {
      out.write("section,rule,line\n");
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        number++;
        if (line.startsWith(SECTION)) {
          section = line.substring(SECTION.length()).replace("===", "");
        } else if (!line.isBlank() && !line.startsWith("//")) {
          String rule = line.strip().split("\\s", 2)[0];
          out.write("\"" + section + "\",\"" + rule + "\"," + number + "\n");
          wanted.add(rule, section + ", line " + number);
        }
      }
    }
    all.add(
        new RealSource(
            "suffixes",
            "text",
            "text",
            file,
            List.of("--header", "--key={rule}", "--value={section}, line {line}"),
            wanted));
  }

  /** The table as it stands, and out of a Kyoto Cabinet as text. */
  private void characters() throws Exception {
    var wanted = new RealSource.Wanted(false);
    var ofKyoto = new RealSource.Wanted(false);
    Path pairs = folder.resolve("characters.tsv");
    try (BufferedReader lines = Files.newBufferedReader(UNICODE);
        BufferedWriter out = Files.newBufferedWriter(pairs)) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String[] fields = line.split(";", -1);
        wanted.add(fields[0], fields[1] + " (" + fields[2] + ") " + fields[12]);
        int end = line.indexOf(';');
        ofKyoto.add(line.substring(0, end), line.substring(end + 1));
        out.write(line.substring(0, end) + "\t" + line.substring(end + 1) + "\n");
      }
    }
    all.add(
        new RealSource(
            "characters",
            "text",
            "text",
            UNICODE,
            List.of(
                "--format=csv",
                "--delimiter=;",
                "--quote=none",
                "--no-header",
                "--key={1}",
                "--value={2} ({3}) {13}"),
            wanted));
    run("output", "kctreemgr", "import", "characters.kct", pairs.toString());
    Path list = run("characters.kyoto-plain", "kctreemgr", "list", "-pv", "characters.kct");
    all.add(new RealSource("characters_listed", "text", "text", list, List.of(), ofKyoto));
  }
}
