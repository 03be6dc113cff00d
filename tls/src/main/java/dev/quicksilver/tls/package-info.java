/**
 * Mutual TLS between nodes: PEM files on disk to connections whose other end is known by its
 * certificate. Knows sockets and files, nothing of the replication protocol.
 *
 * <p>{@link dev.quicksilver.tls.Tls} holds the certificate that is in use, looks at its
 * files in the background and takes new ones for new connections. {@link
 * dev.quicksilver.tls.PeerCertificate} is what a connection's other end has proven to
 * be. {@link dev.quicksilver.tls.CertificateAuthority} makes certificates for tests and
 * small installations.
 *
 * <p>TLS 1.3 only, client certificates always, the JDK's cipher suites, no session resumption (each
 * connection proves both certificates anew, against the files of that moment), no revocation lists.
 *
 * <p><b>Failure:</b> what is wrong with this node's own files is a {@link
 * dev.quicksilver.tls.TlsException} at the start and a log line afterwards; what is
 * wrong with a peer is a {@link dev.quicksilver.tls.TlsPeerException} on that
 * connection.
 *
 * <p>All public types are safe for all threads.
 */
@NullMarked
package dev.quicksilver.tls;

import org.jspecify.annotations.NullMarked;
