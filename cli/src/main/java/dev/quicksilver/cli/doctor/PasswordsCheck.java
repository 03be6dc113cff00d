package dev.quicksilver.cli.doctor;

import dev.quicksilver.cli.config.Configuration;
import dev.quicksilver.cli.config.Role;
import dev.quicksilver.cli.config.SecretFile;
import dev.quicksilver.cli.config.Setting;
import dev.quicksilver.cli.config.Settings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Files with secrets: readable for this user, and for nobody else. */
final class PasswordsCheck implements Check {
  private static final List<Setting<Path>> SECRETS =
      List.of(
          Settings.POSTGRES_PASSWORD_FILE,
          Settings.BRIDGE_PASSWORD_FILE,
          Settings.RESP_PASSWORD_FILE,
          Settings.HTTP_TOKEN_FILE,
          Settings.REPLICATION_TLS_KEY,
          Settings.BRIDGE_TLS_KEY,
          Settings.RESP_TLS_KEY,
          Settings.HTTP_TLS_KEY);

  @Override
  public String name() {
    return "secrets";
  }

  @Override
  public List<Finding> run(Context context) throws IOException {
    Configuration configuration = context.configuration();
    // Each says itself what is wrong with its file.
    Optional<String> _ =
        switch (context.role()) {
          case ROOT ->
              configuration.password(Settings.POSTGRES_PASSWORD, Settings.POSTGRES_PASSWORD_FILE);
          case BRIDGE ->
              configuration.password(Settings.BRIDGE_PASSWORD, Settings.BRIDGE_PASSWORD_FILE);
          case SERVE -> configuration.password(Settings.RESP_PASSWORD, Settings.RESP_PASSWORD_FILE);
          case REPLICA -> Optional.empty();
        };
    List<Finding> findings = new ArrayList<>();
    for (Setting<Path> setting : SECRETS) {
      Optional<Path> file =
          configuration.find(setting).filter(_ -> setting.roles().contains(context.role()));
      if (file.isPresent() && SecretFile.isOpen(file.get())) {
        findings.add(
            Finding.warning(
                name(),
                file.get() + " (" + setting.key() + ") can be read by every user of this machine",
                "chmod o-rwx " + file.get()));
      }
    }
    if (findings.isEmpty() && uses(context)) {
      findings.add(Finding.ok(name(), "files with secrets are for this user alone"));
    }
    return findings;
  }

  private static boolean uses(Context context) {
    Role role = context.role();
    return SECRETS.stream()
        .anyMatch(s -> s.roles().contains(role) && context.configuration().find(s).isPresent());
  }
}
