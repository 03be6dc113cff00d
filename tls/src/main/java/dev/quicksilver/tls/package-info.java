/**
 * TLS: PEM files on disk to connections whose other end is known. Knows sockets and files, nothing
 * of what is spoken over them.
 *
 * <p>{@link dev.quicksilver.tls.Tls} is for nodes among themselves: TLS 1.3 only, both certificates
 * always, each connection proves both anew against the files of that moment. {@link
 * dev.quicksilver.tls.ServerTls} is for a server of clients of all kinds: TLS 1.2 too, a client's
 * certificate only if it shows one. Both look at their files in the background and take new ones
 * for new connections. {@link dev.quicksilver.tls.TrustedAuthorities} is for a command that asks a
 * server once. {@link dev.quicksilver.tls.PeerCertificate} is what a connection's other end has
 * proven to be. {@link dev.quicksilver.tls.CertificateAuthority} makes certificates for tests and
 * small installations. The JDK's cipher suites; no revocation lists.
 *
 * <p><b>Failure:</b> what is wrong with our own files is a {@link dev.quicksilver.tls.TlsException}
 * at the start and a log line afterwards; what is wrong with a node is a {@link
 * dev.quicksilver.tls.TlsPeerException} on that connection.
 *
 * <p>Hot: nothing here but the JDK's records. Try it: {@code TlsFilesTest}, and {@code
 * SecureConnectionTest} of the bridge. All public types are safe for all threads.
 */
@NullMarked
package dev.quicksilver.tls;

import org.jspecify.annotations.NullMarked;
