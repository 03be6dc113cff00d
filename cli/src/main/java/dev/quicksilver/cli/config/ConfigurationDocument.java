package dev.quicksilver.cli.config;

import java.util.stream.Collectors;

/** Renders {@code docs/configuration.md} from the registry; a test holds the two together. */
final class ConfigurationDocument {
  private static final String START =
      """
      # Configuration

      <!-- Made from the registry of settings (dev.quicksilver.cli.config.Settings). To change it, change the
           registry and run: mvn test -pl cli -am -Dtest=ConfigurationDocumentTest \
      -Dsurefire.failIfNoSpecifiedTests=false -Dquicksilver.update-docs=true -->

      A setting can be given in three ways. The later one wins:

      1. in a TOML file, named by `--config FILE` or the environment variable `QUICKSILVER_CONFIG`;
      2. in an environment variable: `replication.listen` is `QUICKSILVER_REPLICATION_LISTEN`;
      3. with a flag: `--replication-listen 127.0.0.1:7400`.

      A key, variable or flag that is not listed here is refused by name, and so is a value out of its range:
      nothing is ignored in silence. One file may serve root, replica and bridge; each uses what is its own.
      Lists are arrays in the file and separated by commas elsewhere. Samples for each role are in `ops/config/`.

      ```toml
      [node]
      name = "fra-1"
      location = "fra"

      [replication]
      upstreams = ["127.0.0.1:7400", "127.0.0.1:7401"]
      ```

      ## Settings

      | setting | used by | valid | default | |
      | --- | --- | --- | --- | --- |
      """;

  private static final String END =
      """

      ## Variables of the launcher

      | variable | |
      | --- | --- |
      | `QUICKSILVER_CONFIG` | the configuration file |
      | `QUICKSILVER_JAVA_HOME` | the JDK, 25 or newer; found by itself otherwise |
      | `QUICKSILVER_JAVA_OPTS` | more JVM options; they win over the launcher's own (`-Xmx1g`) |
      | `QUICKSILVER_MAVEN_OPTS` | more options of Maven for the build on first use (`--offline`) |
      | `QUICKSILVER_SKIP_BUILD` | if set, what is built is run, even if a source is newer |

      ## Exit codes

      | code | meaning |
      | --- | --- |
      | 0 | done; also a long-running process that was stopped by SIGTERM or SIGINT |
      | 1 | failed: one line on standard error says what, where and the cure; `--debug` adds the stack trace. Of `doctor`: there is an error among its findings; of `status`: the node is not healthy |
      | 2 | the command line or the configuration is wrong; nothing was done |
      | 3 | refused to protect data: damaged bytes, a copy that is withheld, a slot or a WAL that is not the root's; never a replica for what an upstream says |
      | 4 | not there: no such key, database, data directory or running node |
      """;

  private ConfigurationDocument() {}

  static String render() {
    StringBuilder text = new StringBuilder(START);
    for (Setting<?> setting : Settings.all()) {
      text.append("| `")
          .append(setting.key())
          .append("` | ")
          .append(
              setting.roles().stream()
                  .sorted()
                  .map(Role::command)
                  .collect(Collectors.joining(", ")))
          .append(" | ")
          .append(setting.type().describe())
          .append(" | ")
          .append(
              setting
                  .defaultInWords()
                  .or(() -> setting.defaultText().map(ConfigurationDocument::quoted))
                  .orElse("none"))
          .append(" | ")
          .append(setting.documentation())
          .append(" |\n");
    }
    return text.append(END).toString();
  }

  private static String quoted(String byDefault) {
    return byDefault.isEmpty() ? "(empty)" : "`" + byDefault + "`";
  }
}
