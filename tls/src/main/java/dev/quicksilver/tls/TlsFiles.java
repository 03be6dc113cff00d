package dev.quicksilver.tls;

import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Where a node's certificate stands; all files are PEM.
 *
 * @param certificate the node's certificate, then the intermediate ones up to the authority's
 * @param key its private key, not encrypted: PKCS #8 or the older forms for RSA and EC
 * @param authorities one or more files with the certificates of those that sign the certificates of
 *     the other nodes
 */
public record TlsFiles(Path certificate, Path key, List<Path> authorities) {
  public TlsFiles {
    authorities = List.copyOf(authorities);
    if (authorities.isEmpty()) {
      throw new TlsException(
          "no file with the certificates of authorities: name at least one, or no other node can be"
              + " trusted",
          null);
    }
  }

  /** Returns all of them. */
  List<Path> all() {
    return Stream.concat(Stream.of(certificate, key), authorities.stream()).toList();
  }
}
