package dev.quicksilver.tls;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Where a node's certificate stands; all files are PEM.
 *
 * @param certificate the node's certificate, then the intermediate ones up to the authority's
 * @param key its private key, not encrypted: PKCS #8 or the older forms for RSA and EC
 * @param authorities files with the certificates of those that sign the certificates of the other
 *     nodes or of clients; empty if nobody's certificate is asked for
 */
public record TlsFiles(Path certificate, Path key, List<Path> authorities) {
  public TlsFiles {
    authorities = List.copyOf(authorities);
  }

  /** Returns all of them. */
  List<Path> all() {
    return Stream.concat(Stream.of(certificate, key), authorities.stream()).toList();
  }
}
