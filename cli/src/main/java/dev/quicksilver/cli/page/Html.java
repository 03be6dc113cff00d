package dev.quicksilver.cli.page;

import gg.jte.ContentType;
import gg.jte.TemplateEngine;
import gg.jte.output.StringOutput;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/** Writes pages with the templates, and says what a browser may do with them. Thread-safe. */
final class Html {
  private static final String STYLE = "page.css";

  private final TemplateEngine engine = engine();
  private final String style = style();

  /** What a browser is told with each page. */
  final Map<String, String> headers =
      Map.of(
          "Content-Security-Policy",
          "default-src 'none'; style-src 'sha256-"
              + hash(style)
              + "'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
          "Cache-Control",
          "no-store",
          "Referrer-Policy",
          "no-referrer",
          "Cross-Origin-Resource-Policy",
          "same-origin");

  /**
   * What all pages have.
   *
   * @param title of the window
   * @param refresh seconds after which a browser asks again; 0 for never
   */
  record Frame(String title, String style, int refresh) {}

  /**
   * Writes a page.
   *
   * @param template name of a file, without its ending
   * @param shown what it is given, by the names of its parameters but {@code frame}
   */
  byte[] write(String template, String title, int refresh, Map<String, Object> shown) {
    StringOutput out = new StringOutput(1 << 16);
    Map<String, Object> parameters = new HashMap<>(shown);
    parameters.put("frame", new Frame(title, style, refresh));
    engine.render(template + ".jte", parameters, out);
    return out.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** It looks for templates that are compiled with the thread's class loader. */
  private static TemplateEngine engine() {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(Html.class.getClassLoader());
    try {
      return TemplateEngine.createPrecompiled(
          null, ContentType.Html, thread.getContextClassLoader(), Html.class.getPackageName());
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  private static String style() {
    try (InputStream in = Objects.requireNonNull(Html.class.getResourceAsStream(STYLE), STYLE)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(STYLE + " cannot be read from the program's own jar", e);
    }
  }

  /** As a browser takes it of what stands between the tags. */
  private static String hash(String text) {
    try {
      return Base64.getEncoder()
          .encodeToString(
              MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("each Java has SHA-256", e);
    }
  }
}
