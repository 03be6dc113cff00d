package dev.quicksilver.benchmarks.alerts;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/**
 * The bridge's certificate, made by openssl.
 *
 * @param folder where it is
 * @param programs runs openssl
 */
public record BridgeCertificate(Path folder, Programs programs) {
  /** Returns where it is. */
  public Path file() {
    return folder.resolve("bridge.pem");
  }

  /** Returns where its key is. */
  public Path key() {
    return folder.resolve("bridge.key");
  }

  /** Puts one that is valid for so many days in its place, all at once. */
  public void put(int days) throws IOException, InterruptedException {
    if (!Files.exists(key())) {
      programs.run(
          List.of(
              "openssl",
              "genpkey",
              "-algorithm",
              "EC",
              "-pkeyopt",
              "ec_paramgen_curve:P-256",
              "-out",
              key().toString()));
    }
    Path made = folder.resolve("made.pem");
    programs.run(
        List.of(
            "openssl",
            "req",
            "-x509",
            "-new",
            "-key",
            key().toString(),
            "-subj",
            "/CN=localhost",
            "-days",
            Integer.toString(days),
            "-out",
            made.toString()));
    Files.move(made, file(), StandardCopyOption.ATOMIC_MOVE);
  }

  /** Puts something else in its place. */
  void spoil() throws IOException {
    Files.writeString(file(), "no certificate\n");
  }
}
