package dev.quicksilver.cli.load;

import dev.quicksilver.loader.read.Format;
import dev.quicksilver.loader.source.DatabasePairs;
import dev.quicksilver.loader.source.PostgresRows;
import dev.quicksilver.loader.source.Source;
import dev.quicksilver.storage.DatabaseDirectory;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The flags that say where records come from. */
final class SourceFlags {
  @Option(
      names = "--from",
      required = true,
      arity = "1..*",
      paramLabel = "SOURCE",
      description =
          "In this order: files, of which gzip and zstd are told by their content; - is standard"
              + " input; postgresql://USER@HOST:PORT/DATABASE with --table or --query; a data"
              + " directory or a snapshot of Quicksilver.")
  private List<String> from = List.of();

  @Option(
      names = "--table",
      paramLabel = "TABLE",
      description = "Of a PostgreSQL in --from: its rows, in the order of the primary key.")
  private @Nullable String table;

  @Option(
      names = "--query",
      paramLabel = "SQL",
      description =
          "Of a PostgreSQL in --from. With ORDER BY a load that was killed goes on where it was.")
  private @Nullable String query;

  @Option(
      names = "--from-password-file",
      paramLabel = "FILE",
      description =
          "Of a PostgreSQL in --from: its first line. Default: what the URL or ~/.pgpass says.")
  private @Nullable Path passwordFile;

  @Option(
      names = "--from-database",
      paramLabel = "NAME",
      description = "Of a data directory in --from. Default: DATABASE.")
  private @Nullable String fromDatabase;

  private static boolean isPostgres(String word) {
    return word.matches("(?i)(jdbc:postgresql|postgres(ql)?):.*");
  }

  /** A folder, where no file can be meant. */
  private static boolean isFolder(String word) {
    return !isPostgres(word) && !word.equals("-") && Files.isDirectory(Path.of(word));
  }

  /** Whether the sources are rows whose columns have names, and no files. */
  boolean areRows() {
    long rows = from.stream().filter(word -> isPostgres(word) || isFolder(word)).count();
    if (rows > 0 && rows < from.size()) {
      throw new IllegalArgumentException(
          "--from names files beside a PostgreSQL or a folder of Quicksilver: load them one by"
              + " one");
    }
    return rows > 0;
  }

  /**
   * Returns the sources.
   *
   * @param database what is loaded into, or compared with
   * @throws IllegalArgumentException if one makes no sense, or is named twice
   */
  List<Source> sources(String database) {
    boolean postgres = from.stream().anyMatch(SourceFlags::isPostgres);
    if (!postgres && (table != null || query != null || passwordFile != null)) {
      throw new IllegalArgumentException(
          "--table, --query and --from-password-file are for a PostgreSQL, and --from names none");
    }
    if (fromDatabase != null && from.stream().noneMatch(SourceFlags::isFolder)) {
      throw new IllegalArgumentException(
          "--from-database is for a data directory, and --from names none");
    }
    List<Source> sources = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (String word : from) {
      Source source = source(word, database);
      if (!names.add(source.identity())) {
        throw new IllegalArgumentException("--from names " + source.name() + " twice");
      }
      sources.add(source);
    }
    return sources;
  }

  private Source source(String word, String database) {
    if (word.equals("-")) {
      return new Source.OfStream("standard input", System.in);
    }
    if (isPostgres(word)) {
      return postgres(word);
    }
    return isFolder(word) ? folder(Path.of(word), database) : new Source.OfFile(Path.of(word));
  }

  private Source folder(Path folder, String database) {
    String name = fromDatabase == null ? database : fromDatabase;
    DatabaseDirectory data = new DatabaseDirectory(folder);
    if (data.exists()) {
      Path environment =
          data.environment(name)
              .orElseThrow(
                  () ->
                      new IllegalArgumentException(
                          folder
                              + " holds no database \""
                              + name
                              + "\"; it holds: "
                              + String.join(", ", data.names())
                              + " (--from-database)"));
      return new DatabasePairs(environment, folder + ", database " + name);
    }
    if (Files.exists(folder.resolve("data.mdb"))) {
      return new DatabasePairs(folder, folder.toString());
    }
    throw new IllegalArgumentException(
        folder + " is a folder, and neither a data directory nor a snapshot of Quicksilver");
  }

  private Source postgres(String word) {
    if ((table == null) == (query == null)) {
      throw new IllegalArgumentException(
          "of a PostgreSQL in --from either --table or --query says what to read");
    }
    var login = new Properties();
    login.setProperty("ApplicationName", "quicksilver load");
    password().ifPresent(password -> login.setProperty("password", password));
    boolean isQuery = query != null;
    String what = String.valueOf(isQuery ? query : table);
    if (word.startsWith("jdbc:")) {
      return new PostgresRows(server(word), word, login, what, isQuery);
    }
    URI uri = uri(word);
    String user = uri.getRawUserInfo();
    if (user != null) {
      String[] parts = user.split(":", 2);
      login.setProperty("user", decoded(parts[0]));
      if (parts.length == 2) {
        login.setProperty("password", decoded(parts[1]));
      }
    }
    String address =
        "//"
            + uri.getHost()
            + (uri.getPort() < 0 ? "" : ":" + uri.getPort())
            + uri.getRawPath()
            + (uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery());
    String url = "jdbc:postgresql:" + address;
    return new PostgresRows(server(url), url, login, what, isQuery);
  }

  private static URI uri(String word) {
    try {
      URI uri = new URI(word);
      if (uri.getHost() != null && uri.getRawPath().length() > 1) {
        return uri;
      }
    } catch (URISyntaxException e) {
      // said below, without the password that it may hold
    }
    throw new IllegalArgumentException(
        "--from: a PostgreSQL is written postgresql://USER@HOST:PORT/DATABASE, or as a JDBC URL,"
            + " also where a host's name has a _ or there are several");
  }

  private static String decoded(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  /** What may be shown of a JDBC URL. */
  private static String server(String url) {
    return url.replaceFirst("^jdbc:", "").replaceFirst("\\?.*", "").replaceFirst("//[^/]*@", "//");
  }

  private Optional<String> password() {
    if (passwordFile == null) {
      return Optional.empty();
    }
    try {
      return Files.readAllLines(passwordFile).stream().findFirst();
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "--from-password-file: " + passwordFile + ": " + Source.explain(e), e);
    }
  }

  /**
   * Tells the format by the names of the files.
   *
   * @throws IllegalArgumentException if that is not possible
   */
  Format format() {
    Set<Format> found = new HashSet<>();
    for (String name : from) {
      Optional<Format> one = Format.ofName(name);
      if (one.isEmpty()) {
        throw new IllegalArgumentException(
            "the format of "
                + name
                + " cannot be told by its name: --format says it"
                + (name.matches("(?i).*\\.kc[htdf]")
                    ? "; of a database of Kyoto Cabinet kctreemgr dump makes a .kcss"
                    : ""));
      }
      found.add(one.get());
    }
    if (found.size() > 1) {
      throw new IllegalArgumentException(
          "the names of the sources tell different formats: load them one by one, or say --format");
    }
    return found.iterator().next();
  }
}
