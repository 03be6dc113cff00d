package dev.quicksilver.cli.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

final class ConfigurationDocumentTest {
  @Test
  void documentSaysWhatTheRegistrySays() throws IOException {
    Path document = Path.of("../docs/configuration.md");
    if (Boolean.getBoolean("quicksilver.update-docs")) {
      Files.writeString(document, ConfigurationDocument.render());
    }
    assertThat(document)
        .as("docs/configuration.md is made from the registry; its first lines say how")
        .hasContent(ConfigurationDocument.render());
  }
}
